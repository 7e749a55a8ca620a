"""Finds code given with a message, fenced or not, and tells whether it is to be run or talked about.

Not for: running it, or judging whether it is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from backend.kit.extraction.words import word_set

Wish = Literal["run", "talk", "unsaid"]
PYTHON: Final = word_set("python py py3 python3 ipython jupyter pycon python-repl")
SQL: Final = word_set("sql postgresql postgres psql mysql sqlite sqlite3 duckdb tsql plsql")
DATA: Final = word_set("csv json tsv")

_FENCE = re.compile(r"```([\w+-]{0,20})[^\n`]{0,80}\n(.*?)(?:```|\Z)", re.DOTALL)
_ONE_LINE_FENCE = re.compile(r"```(?:(python|py|sql)[ \t]+)?([^`\n]{1,2000})```")
_BACKTICKED = re.compile(r"(?<!`)`([^`\n]{3,500})`(?!`)")
_PROMPT = re.compile(r"^(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
_MAX_BARE_CHARS: Final = 20_000
_MAX_SPOKEN_CHARS: Final = 600

_SELECT = re.compile(
    r"\s*(?P<word>select)\s+(?:distinct\s+|all\s+)?(?P<what>[^;]{1,4000}?)\s{1,80}from\s{1,80}"
    r"(?P<table>[\"'`\[][^\"'`\]\n]{1,200}[\"'`\]]|\(|[\w.$]{1,200}(?:\([^()\n]{0,500}\))?)(?P<rest>[^;]{0,20000});?\s*",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"\s*with\s+(?:recursive\s+)?[\w\"]{1,80}\s*(?:\([^()]{0,500}\)\s*)?as\s+(?:(?:not\s+)?materialized\s+)?\(",
    re.IGNORECASE,
)
_SELECT_VALUE = re.compile(r"\s*SELECT\s+(?:[\d'(*-]|\w{1,40}\()[^;]{0,4000};?\s*")
_AFTER_TABLE = re.compile(
    r"\s*(?:$|[,)]|(?:as\s+)?(?:\w{1,40}\s+)?(?:where|group|order|having|limit|offset|join|inner|left|right|full|cross|natural"
    r"|union|except|intersect|window|qualify|fetch|using|tablesample)\b|(?:as\s+)?\w{1,3}\s*(?:$|,))",
    re.IGNORECASE,
)
_NO_TABLE: Final = word_set(
    "the a an my our this these those that your all each it its their among both every"
)
_SELECTED = re.compile(r"\*|[()'\"/+]|\bas\b", re.IGNORECASE)

_STATEMENT = re.compile(
    r"[ \t]*(?:import [A-Za-z_]|from [\w.]{1,80} import |(?:async )?def \w{1,80}\s?\(|class \w{1,80}[(:]|for [\w, ()]{1,60} in .{1,200}:"
    r"|while .{1,200}:|if .{1,200}:|elif .{1,200}:|else:|try:|except\b.{0,80}:|finally:|with .{1,200}:|return\b|print\(|raise \w"
    r"|assert |yield\b|pass$|break$|continue$|del |@\w|#|>>>|\.\.\.|[A-Za-z_][\w.\[\]'\", ]{0,80}[-+*/|&%]?=(?!=)|[A-Za-z_][\w.]{0,80}\()"
)
_SURE = re.compile(
    r"(?:^|[ \t;])(?:import [A-Za-z_]\w*|from [\w.]{1,80} import |def \w{1,80}\s?\(|for \w{1,40} in [^:\n]{1,200}:)"
    r"|\bprint\(|>>> |\brange\(|\blambda \w{0,20}:|\[[^\]\n]{1,200} for \w{1,40} in [^\]\n]{1,200}\]"
    r"|\b(?:len|sorted|list|dict|str|type|enumerate|reversed|zip|map|isinstance|ord|chr|hex|bin)\(|[\"'\])]\.\w{1,40}\(",
    re.MULTILINE,
)
_OTHER_LANGUAGE = re.compile(
    r"^[ \t]*(?:\$ |#!|#include|<[/!?\w]|function\b|const |let |var |public |private |package |using |echo |sudo |npm |pip |git |curl"
    r"|cd |ls\b|docker |fn |func |SELECT\b|Traceback \(|console\.|System\.|std::|\{\s*$)|[;{][ \t]*$|^\s*[\[{]",
    re.MULTILINE,
)
_SPOKEN = re.compile(
    r"^[ \t]*(?:please |can you |could you |now )*(?:run|execute|evaluate|exec|eval|try|test|python|py)\b"
    r"(?: (?:the|this|that|following|it|python3?|code|snippet|script|program|statement|line|expression|for me|in python))*\s*:?\s+(?P<code>\S.*)$"
    r"|^[ \t]*what (?:does|do|will|would) (?P<asked>\S.{2,400}?) (?:print|output|return|give|evaluate to|produce|yield)\b"
    r"|\b(?:output|result|value) of (?P<of>\S.{2,400}?)\s*(?:in python3?)?\??$"
    r"|^[ \t]*what(?:'s| is) (?P<in>\S.{2,400}?) in python3?\b",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s*(?:,? (?:please|in python3?|for me|and (?:tell|show|give) me .{1,60}))*\s*[?]*\s*$",
    re.IGNORECASE,
)
_SQL_START = re.compile(
    r"(?:(?<=^)|(?<=[\s:]))(?:select\s|with\s+(?:recursive\s+)?[\w\"]{1,80}\s*(?:\([^()]{0,200}\)\s*)?as\s)",
    re.IGNORECASE,
)
_SQL_TAIL = re.compile(
    r"\s+(?:return|give|show|yield|produce|output|print|do|mean)s?(?: me)?\s*\?*\s*$|\s*\?+\s*$",
    re.IGNORECASE,
)

_NOT_RUN = re.compile(
    r"\b(?:don'?t|do not|never|without|no need to) (?:\w+ )?(?:run|execut\w+|running)|\b(?:nicht|ohne)\b.{0,30}\b(?:ausführen|auszuführen|führen|laufen)\b",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"(?:^|\b(?:and|then|to|please|you|now|also|just)\b,? |[.!?:;,]\s*)(?:please |now |just |then )*(?:run|execute|exec)\b(?! (?:time|out of))"
    r"|\bführ\w* .{0,60}\baus\b|\blass .{0,40}\blaufen\b|\b(?:bitte|mal) ausführen\b|\bexécute[rz]?\b|\bejecuta\w?\b|\besegui\b",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"\bwhat\b.{0,80}\b(?:prints?|printed|outputs?|returns?|gives?|produces?|yields?|evaluates?|value)\b"
    r"|\bwhat(?:'s| is| will be| would be| are) the (?:\w+ )?(?:outputs?|results?|answers?)\b|\bgibt .{0,60}\baus\b|^\W*what(?:'s| is)\s+it\s+in python|\bwas (?:kommt|ergibt)\b|\bausgabe\b",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"\b(?:explain|review|refactor|rewrite|improve|optimi[sz]\w*|simplif\w+|clean|document|comments?|docstrings?|type hints|translate|convert"
    r"|port|fix|debug|correct|complete|finish|bugs?|mistakes?|wrong|describe|summari[sz]\w*|understand|vectori[sz]e|shorten|format|lint|critique"
    r"|unit tests?|complexity|big[- ]o|pythonic|rename|style|security|vulnerab\w+|readab\w+|idiomatic|better|teach|step through|walk me through"
    r"|erklär\w*|verbesser\w*|überprüf\w*|korrigier\w*|übersetz\w*|expliqu\w+|explica\w*|spiega\w*)\b"
    r"|\bwhat\b.{0,60}\b(?:do|does|mean|means)\W*$|\bwhat does (?:this|the|that|it)(?: \w+){0,3} (?:do|mean)\b|\bhow (?:do|does|can|could|would|should|to)\b"
    r"|\bwhy\b|\b(?:is|are) (?:this|it|these|the|my)\b|\bwas (?:macht|tut|bedeutet)\b|\b(?:make|turn|change|write|add|create|generate)\b|\bwhat language\b",
    re.IGNORECASE,
)
_RUN = re.compile(
    r"\b(?:runs?|execut\w*|evaluat\w*|prints?|outputs?|result|happens|calculate|compute|plot|draw|test|try)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\W*(?:(?:my|it|the|this|here(?:'s| is)?|some|following|python|py|sql|code|snippet|script|program|query|statement|is|in|please)\W*){0,6}",
    re.IGNORECASE,
)


_EXPRESSION = re.compile(
    r"[\[({\"'@-]|(?:for|import|from|with|def|if|while|print|lambda|not|async)\b|[\w.]{1,80}\s?[(\[=*/%+<>-]|\w{1,40}(?:, \w{1,40}){1,5} =|\d"
)
_WRITES = re.compile(
    r"^\W*(?:(?:please|can you|could you|help me|i want you to|i need you to|now|i need|i want) )*(?:write|compose|draft|generate|create|build|develop|give me|make|implement"
    r"|schreib\w*|erstell\w*)\b.{0,60}?\b(?:code|scripts?|functions?|class|programs?|quer(?:y|ies)|statements?|sql|python|macros?|formulas?|snippets?|regex|skript|funktion|programm|abfrage)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(
    r"^[ \t]*(?:(\w{1,80})(?:[ \t]*,[ \t]*(\w{1,80}))?[ \t]*=(?!=)|(?:async )?def (\w{1,80})|class (\w{1,80})"
    r"|import (?:[\w.]{1,80} as )?(\w{1,80})|from [\w.]{1,80} import (\w{1,80})|for (\w{1,80}) in\b)",
    re.MULTILINE,
)
_ASKS_HOW = re.compile(r"\W*(?:how|why)\b", re.IGNORECASE)


class Code(NamedTuple):
    """A piece of code as it was given; `language` is "" where none was told or seen."""

    language: str
    source: str


_ANY: Final = (Code("python", ""),)


def take_code(text: str) -> tuple[list[Code], str]:
    """Take the code out of a message: fenced pieces first, else what plainly stands there without fences."""
    found = [
        _told(Code(match[1].casefold(), match[2].strip("\n").rstrip()))
        for match in _FENCE.finditer(text)
    ]
    rest = _FENCE.sub("\n", text)
    found += [
        _told(Code((match[1] or "").casefold(), match[2].strip()))
        for match in _ONE_LINE_FENCE.finditer(rest)
    ]
    rest = _ONE_LINE_FENCE.sub("\n", rest)
    if found or len(rest) > _MAX_BARE_CHARS:
        return found, rest
    bare = _bare_sql(rest) or _bare_python(rest)
    return ([bare[0]], bare[1]) if bare else ([], rest)


def wish(ask: str, code: Sequence[Code]) -> Wish:
    """Tell what is wanted of code that came with a message."""
    said = ask.strip()[:2_000]
    ordered = _ORDERED.search(said) and not _ASKS_HOW.match(said)
    if _NOT_RUN.search(said):
        return "talk"
    if ordered or _OUTCOME.search(said):
        return "run"
    if _TALK.search(said):
        return "talk"
    plain = _RUN.search(said) or _LABEL.fullmatch(said) or all(one.language in SQL for one in code)
    return "run" if plain else "unsaid"


def writes_code(text: str) -> bool:
    """Tell whether a text asks for code to be written, which is not to be run."""
    return _WRITES.search(text) is not None


def to_run(ask: str, code: Sequence[Code]) -> list[Code]:
    """List what is to be run: each query by itself, and all Python as one program."""
    if not code or wish(ask, code) != "run":
        return []
    queries = [one for one in code if one.language in SQL]
    program = "\n\n".join(one.source for one in code if one.language in PYTHON)
    made = [*queries, Code("python", program)] if program.strip() else queries
    first_is_python = code[0].language in PYTHON
    return made[-1:] + made[:-1] if first_is_python and program.strip() else made


def ran(text: str) -> list[Code]:
    """List the Python that an earlier message had run."""
    code, ask = take_code(text)
    return [one for one in to_run(ask, code) if one.language in PYTHON]


def leans_on(source: str, earlier: Sequence[str]) -> bool:
    """Tell whether code uses a name that only earlier code defines."""
    known = {name for one in earlier for name in _defined(one)}
    used = set(re.findall(r"(?<![\w.])[^\W\d]\w*", source[:_MAX_BARE_CHARS]))
    return bool((used - set(_defined(source))) & known)


def _defined(source: str) -> list[str]:
    return [
        name
        for match in _DEFINES.finditer(source[:_MAX_BARE_CHARS])
        for name in match.groups()
        if name
    ]


def _told(code: Code) -> Code:
    """Name the language of a piece that came without one, and take the prompts off a session."""
    language, source = code
    if language in {"", "text", "txt", "code"}:
        if is_query(source):
            language = "sql"
        elif _reads_as_python(source):
            language = "python"
    if language in PYTHON and _PROMPT.search(source):
        source = _typed_lines(source)
    return Code(language, source)


def _typed_lines(source: str) -> str:
    """Keep what was typed at an interpreter's prompt, without what it answered."""
    lines = [line for line in source.splitlines() if _PROMPT.match(line)]
    return "\n".join(_PROMPT.sub("", line) for line in lines)


def is_query(text: str) -> bool:
    """Tell an SQL query from a sentence that begins with "select" or "with"."""
    if _WITH.match(text) or _SELECT_VALUE.fullmatch(text):
        return True
    match = _SELECT.match(text)
    if match is None or match["table"].casefold() in _NO_TABLE:
        return False
    if match["word"] == "SELECT":
        return True
    parts = match["what"].split(",")
    plain = all(_SELECTED.search(part) or len(part.split()) == 1 for part in parts)
    return plain and _AFTER_TABLE.match(match["rest"]) is not None


def _reads_as_python(source: str) -> bool:
    if _OTHER_LANGUAGE.search(source) and not _PROMPT.search(source):
        return False
    return _SURE.search(source) is not None or any(
        _STATEMENT.match(line) for line in source.splitlines()[:50]
    )


def _bare_sql(text: str) -> tuple[Code, str] | None:
    for start in list(_SQL_START.finditer(text))[:20]:
        said, _, after = text[start.start() :].partition(";")
        query = _SQL_TAIL.sub("", said)
        asked = query != said.rstrip()
        if is_query(query):
            rest = f"{text[: start.start()]}\n{said[len(query) :] if asked else ''} {after}"
            return Code("sql", query.strip()), rest.strip()
    return None


def _bare_python(text: str) -> tuple[Code, str] | None:
    """Find Python that stands without fences: in backticks, behind "run", or as the last lines."""
    ticked = [match for match in _BACKTICKED.finditer(text) if _SURE.search(match[1])]
    if ticked and wish(_BACKTICKED.sub(" it ", text), _ANY) == "run":
        source = "\n".join(match[1].strip() for match in ticked)
        return Code("python", source), _BACKTICKED.sub(" it ", text).strip()
    return _last_lines(text) or _spoken(text)


def _last_lines(text: str) -> tuple[Code, str] | None:
    lines = text.strip("\n").splitlines()
    if not _SURE.search(text):
        return None
    at = len(lines)
    while at and (
        not lines[at - 1].strip()
        or _STATEMENT.match(lines[at - 1])
        or lines[at - 1][:1] in " \t)]}"
    ):
        at -= 1
    source = "\n".join(lines[at:]).strip("\n").rstrip()
    enough = source.count("\n") > 0 or at == 0 or lines[at - 1].rstrip().endswith(":")
    if not enough or not _SURE.search(source) or _OTHER_LANGUAGE.search(source):
        return None
    return _told(Code("python", source)), "\n".join(lines[:at]).strip()


def _spoken(text: str) -> tuple[Code, str] | None:
    """Find one expression inside a sentence: "run print(1)", "what does len('abc') return?"."""
    match = _SPOKEN.search(text.strip()) if len(text) <= _MAX_SPOKEN_CHARS else None
    if match is None or "\n" in text.strip():
        return None
    text = text.strip()
    group = str(match.lastgroup)
    source = (
        _TAIL.sub("", match[group]).strip().strip("`").rstrip(".")
        if group != "asked"
        else match[group]
    )
    named = group == "in" and re.fullmatch(r"[\w.]{1,60}\(.*\)|.{1,80}(?://|\*\*|%).{1,80}", source)
    if not named and not _SURE.search(source):
        return None
    if not _EXPRESSION.match(source):
        return None
    rest = f"{text[: match.start(group)]} it {text[match.end(group) :] if group == 'asked' else ''}"
    return Code("python", source), f"{rest.strip()} in python" if group == "in" else rest.strip()
