"""The end of an unfinished text that may grow into the start of a call.

For the gate, which holds it back until more has come. Not for complete texts.
"""

import re
from functools import lru_cache

from backend.agent.tool_call_text.names import ToolNames
from backend.agent.tool_call_text.react_text import LABELS

_REACH = 160
"""Characters at the end that are looked at; a start is recognised within fewer."""

_TAIL = re.compile(
    r"""(?:
        <(?:[|｜\w/][^<>\n]{0,40})?|<\|start\|>[a-z]{0,9}
        |◁[^▷\s]{0,8}
        |[\[{][\s\u200b\u2060\ufeff{\[]*(?:[^\W\d][\w.$\-\\]*\s*|["\\&][\w;]{0,6})?
        |&[\w\#;|/]{0,14}
        |`{1,2}|~{1,2}
        |(?<!\w)f(?:u(?:n(?:c(?:t(?:o(?:o(?:l(?:s)?)?)?)?)?)?)?)?
    )\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_LINE_MARKS = re.compile(r"[ \t>#*_\-•`]*(?:\d{1,2}[.)]? *)?[`*_]*")
_LABEL_NUMBER = re.compile(
    r"(?:thought|action|final answer|(?:tool|function)(?: name)?)[ _]?\d{0,3}[*_]{0,2}[ \t]*\Z"
)
_CALL_LABEL = re.compile(
    r"(?:(?:function|tool|api) )?calls?\**:?\**\s*|(?:function|tool)\**:?\**\s*", re.IGNORECASE
)
_ASSIGNMENT = re.compile(
    r"(?:>>> ?)?(?:(?:const|let|var) +\w* *=? *)?(?:(?:results?|response|res|output|answer|ret"
    r"|[^\W\d_]+(?:_\w*|\d+)) *=? *)?(?:await *)?(?:print\(? *)?"
)
_DECLARES = re.compile(r"(?:const|let|var|return|await) ")
_ANY_ASSIGNMENT = re.compile(
    r"[\w.$\\\[\]:\- ]{0,60}=? *(?:await *)?(?:print\(? *)?[\w.$\\\-]*[ \t]?\Z"
)
_LONE_NAME = re.compile(r"\s*[^\W\d][\w.$\-]{0,80}\s*\Z")
_OPENINGS = (
    *(f"{label}:" for label in LABELS),
    "function call:",
    "tool call:",
    "api call:",
    "call:",
    "calls:",
    "const ",
    "await ",
    "print(",
    "let ",
    "var ",
    "results",
    "response",
    "output",
    "answer",
)
_MAX_SPACES = 5
_WORD = re.compile(r"(?:(?<=\s)`{1,2})?(?<![\w.])[^\W\d][\w.\\\-$]*[ \t]?\Z")
_NAMED = re.compile(
    r"(?:^|\n)[ \t]*`{0,2}(?P<name>[^\W\d][\w.\-\\]*)`{0,2}[ \t]*:?\s*(?:`{1,3}\w*\s*)?\Z"
)


def find_tail(text: str, pos: int, *, names: ToolNames) -> int:
    """Return where the tail begins that must wait; the end of the text if none must."""
    begin = max(pos, len(text) - _REACH)
    places = [len(text)]
    marker = _TAIL.search(text, begin)
    if marker is not None:
        places.append(marker.start())
    line_start = max(text.rfind("\n", begin) + 1, begin)
    is_line = line_start == 0 or text[line_start - 1] == "\n"
    if is_line and _may_be_line(text[line_start:], names):
        places.append(line_start)
    if not names.are_known and _LONE_NAME.match(text):
        places.append(0)
    named = _NAMED.search(text, begin)
    if named is not None and names.are_known and names.resolve(named["name"]) is not None:
        places.append(named.start("name"))
    word = _WORD.search(text, begin)
    if word is not None and names.are_known and _begins_name(word[0].strip(" \t`"), names):
        places.append(word.start())
    return min(places)


def _may_be_line(line: str, names: ToolNames) -> bool:
    """Tell whether an unfinished line may become a label or a line of code."""
    marks = _LINE_MARKS.match(line)
    rest = line[marks.end() :] if marks else line
    folded = rest.casefold()
    if not rest:
        return line != ""
    if _LABEL_NUMBER.match(folded) or any(opening.startswith(folded) for opening in _OPENINGS):
        return True
    label = _CALL_LABEL.match(rest)
    return _may_be_code(rest[label.end() :].lstrip("`") if label else rest, names)


def _may_be_code(rest: str, names: ToolNames) -> bool:
    if not names.are_known:
        is_word = " " not in rest or "=" in rest or rest.endswith(" ") or _DECLARES.match(rest)
        return bool(is_word and rest.count(" ") <= _MAX_SPACES and _ANY_ASSIGNMENT.match(rest))
    assignment = _ASSIGNMENT.match(rest)
    left = rest[assignment.end() :] if assignment else rest
    return not left or "await ".startswith(left) or _begins_name(left.strip(), names)


@lru_cache(maxsize=64)
def _folded(names: tuple[str, ...]) -> tuple[str, ...]:
    tails = [name.rsplit(".", 1)[-1] for name in names]
    return tuple({_fold(name) for name in [*names, *tails]})


def _begins_name(word: str, names: ToolNames) -> bool:
    """Tell whether a tool's name, perhaps behind a namespace, may begin with `word`."""
    folded, last = _fold(word), _fold(word.rsplit(".", 1)[-1])
    forms = _folded(tuple(names))
    is_begun = folded != "" and any(form.startswith(folded) for form in forms)
    is_tail = "." in word and last != "" and any(form.startswith(last) for form in forms)
    return is_begun or is_tail


def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
