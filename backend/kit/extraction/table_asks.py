"""Recognises a question about an uploaded table: which file, and what of it.

Not for: its columns, which only a tool can tell (`table_calls`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from backend.kit.extraction.given_code import writes_code
from backend.kit.meant_files import means_any

Want = Literal["columns", "rows", "preview", "describe", "figures"]

TABLE_ENDINGS: Final = "csv|tsv|xlsx?|xlsm|ods|parquet|jsonl|ndjson|json|sqlite3?|db"
FILE: Final = re.compile(
    rf"[\"“'`](?P<quoted>[^\"”'`\n]{{1,120}}\.(?:{TABLE_ENDINGS}))[\"”'`]"
    rf"|(?<![\w/.:@-])(?P<bare>\w[\w.()-]{{0,80}}\.(?:{TABLE_ENDINGS}))\b(?![/(])",
    re.IGNORECASE,
)
_BEFORE_FILE: Final = (
    r"(?:\b(?:in|from|of|for|on|with|within|using|inside|out of|against|aus|von|für|mit)\s+)?"
    r"(?:\b(?:the|my|our|this|der|die|das|dem|den|meiner?|unserer?)\s+)?(?:\b(?:uploaded |attached )?(?:file|table|spreadsheet|sheet|dataset|datei|tabelle)\s+)?"
)
_OWNER: Final = (
    r"\b(?:my|our|the (?:uploaded|attached)|the|this|that|mein\w{0,2}|unser\w{0,2}|de[rmn]|die|das)"
)
_STRONG: Final = (
    r"(?:csv|tsv|excel|xlsx)(?: (?:file|sheet|table|workbook|export|datei|tabelle))?|spread ?sheets?|workbook|worksheet|data ?sets?|data ?file|datatable"
    r"|table|sheet|csv-datei|excel-?(?:datei|tabelle)|tabelle|datensatz"
)
_WEAK: Final = r"files?|data|uploads?|export|records|datei|daten"
_DESCRIBED = re.compile(
    rf"(?:\b(?:in|from|of|for|on|with|within|using|inside|aus|von|für|mit)\s+)?"
    rf"(?P<owner>{_OWNER})\s+(?P<words>(?:[\w'&-]{{1,30}}\s+){{0,3}}?)(?:(?P<strong>{_STRONG})|(?P<weak>{_WEAK}))\b(?!\s+(?:on page|of contents|says?|mentions?))",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    r"\b(?:pdf|report|contract|page|chapter|paper|document|article|website|handbook|manual)\b",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r"\b(?:says?|said|mentions?|states?|according to|speaks?|talks?)\b", re.IGNORECASE
)
_EMPTY_WORDS: Final = re.compile(
    r"\b(?:uploaded|attached|csv|tsv|excel|xlsx|new|latest|own|whole|entire|big|large|little|small|data|file|table)\b",
    re.IGNORECASE,
)

_COLUMNS = re.compile(
    r"\b(?:which|what|list|show(?: me)?|name|give me|welche|was für)\b(?: \w+){0,3}? (?:columns?|fields?|headers?|headings?|variables|tables|(?:work)?sheets|tabs|spalten|tabellen)\b"
    r"|\b(?:column|field) names\b|\b(?:schema|structure)\b|\bhow many (?:columns|fields)\b|\bwie viele spalten\b"
    r"|^\W*(?:the )?(?:columns?|headers?|spalten)\b",
    re.IGNORECASE,
)
_ROWS = re.compile(
    r"\bhow many (?:data )?(?:rows|records|lines|entries|observations|data points)\b|\bnumber of (?:rows|records|lines|entries)\b|\brow count\b"
    r"|\bcount (?:the |all )?(?:rows|records|lines|entries)\b|\bhow (?:long|big|large) is\b|\b(?:wie viele|anzahl der) (?:zeilen|einträge|datensätze)\b",
    re.IGNORECASE,
)
_PREVIEW = re.compile(
    r"\b(?:first|top|last) (?P<count>\d{1,3} )?(?:few )?(?:rows|lines|records|entries)\b|\bpreview\b|\bhead of\b|\bsample rows\b|\ba few rows\b"
    r"|^\W*(?:please |can you )?(?:show|display|print|open)(?: me| us)?(?: (?:the )?(?:contents?|data|rows))?(?: (?:of|in|from))?\W*$|\berste\w? \d* ?zeilen\b",
    re.IGNORECASE,
)
_DESCRIBE = re.compile(
    r"\b(?:analy[sz]e|describe|summari[sz]e|summary|overview|statistics|stats|explore|profile|insights?|key figures|tell me about|what(?:'s| is) in|look at"
    r"|analysiere\w*|beschreibe\w*|auswert\w*|überblick|fasse?)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:where|whose|with|per|by|each|over|under|above|below|than|in|from|for|pro|je|nach|mit|wo)\b|[<>=]",
    re.IGNORECASE,
)
_FIGURES = re.compile(
    r"\b(?:mean|average|avg|median|sum|total|totals|min|minimum|max|maximum|std|standard deviation|how many|how much|count|number of|distinct|unique"
    r"|highest|lowest|largest|smallest|biggest|greatest|most|least|fewest|best|worst|oldest|youngest|cheapest|most expensive|longest|shortest"
    r"|top|bottom|rank(?:ed|ing)?|sort(?:ed)?|order(?:ed)? by|group(?:ed)?|per|by|for each|each|correlat\w+|compare|percentages?|shares?|daily|weekly|monthly|quarterly|yearly|annual|(?:more|less|greater|higher|lower|fewer|older|younger) than|percentile|quartiles?"
    r"|summe|durchschnitt\w*|mittelwert|wie viele?|anzahl|höchste\w*|niedrigste\w*|größte\w*|kleinste\w*|gesamt\w*|pro|meisten)\b",
    re.IGNORECASE,
)
CHART = re.compile(
    r"\b(?:plot\w*|charts?|graphs?|visuali[sz]\w*|histogram\w*|scatter\w*|pie|bar ?chart|line ?chart|box ?plot|draw|trend|zeichne\w*|\w*diagramm\w*|grafik)\b",
    re.IGNORECASE,
)
# What needs computing over many rows, as a question about one thing in a text does not.
_COMPUTES = re.compile(
    r"\b(?:average|avg|mean|median|sum of|sum up|total|standard deviation|correlat\w+|durchschnitt\w*|mittelwert|summe|gesamt\w*)\b"
    r"|\b(?:per|for each|grouped by|sort(?:ed)? by|pro)\b|\b(?:top|bottom) \d|\b(?:highest|lowest|most|largest|smallest)\b.{0,60}\b(?:by|per)\b",
    re.IGNORECASE,
)


_WRITES_TEXT = re.compile(
    r"^\W*(?:(?:please|can you|could you|help me|now) )*(?:write|compose|draft|generate|create)\b.{0,60}\b(?:essay|poem|story|emails?|letter|tutorial|guide)\b"
    r"|^\W*(?:how (?:do|can|would|should|could|to)\b(?! you)|translate|rewrite|explain how)",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"\b(?:join\w*|merge\w*|combin\w+|match(?:ed|ing)?|together|link\w*|lookup|verbinde\w*)\b",
    re.IGNORECASE,
)
_AND = re.compile(r",? (?:and|und) (?:also |then )?|; ")
_LIST_MARK: Final = r"(?:(?:,|\b(?:and|or|with|to|versus|vs|und)\b\.?)\s*)"
_IN: Final = r"\b(?:in|from|of|for|aus)\b"
_MAX_FILES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAsk:
    """A question about a table: `file` is a name or some words of it, "" for whichever file fits."""

    file: str
    exact: bool
    ask: str
    want: Want
    rows: int = 0


def table_ask(part: str) -> TableAsk | None:
    """Read a part of a question; None where it is not about an uploaded table."""
    bare = part.strip(" ?.!")
    if (
        "http://" in part
        or "https://" in part
        or _SAYS.search(bare)
        or writes_code(bare)
        or _WRITES_TEXT.search(bare)
    ):
        return None
    named = FILE.search(bare)
    if named:
        several = len({one[0] for one in FILE.finditer(bare)}) > 1
        return None if several and _JOINS.search(bare) else _of_file(bare, named)
    described = _DESCRIBED.search(bare)
    if described is None:
        return None
    rest = _without(bare, described.start(), described.end())
    want = _want(rest)
    if described["weak"]:
        want = want if want and (_COMPUTES.search(rest) or CHART.search(rest) or want in {"columns", "rows"}) else None  # fmt: skip
    plain = not _DOCUMENT.search(bare) and not _is_loose(described)
    if want is None or not plain:
        return None
    return TableAsk(file=_hint(described["words"]), exact=False, ask=rest, want=want, rows=_count(rest))  # fmt: skip


def per_file(part: str) -> list[str]:
    """Split what is asked of several named files into one question for each; what joins them stays one."""
    names = list(dict.fromkeys(match[0] for match in FILE.finditer(part)))
    if len(names) < 2 or len(names) > _MAX_FILES or _JOINS.search(part):
        return [part]
    pieces = [piece for piece in _AND.split(part) if piece.strip()]
    if all(FILE.search(piece) and table_ask(piece) for piece in pieces):
        return pieces
    return [_with_one(part, name, names) for name in names]


def _with_one(part: str, name: str, names: list[str]) -> str:
    """Leave one of several files in a question, with the word that stands before the first of them."""
    for other in names:
        if other == name:
            continue
        first = part.find(other) < part.find(name)
        after, before = (
            rf"{re.escape(other)}\s*{_LIST_MARK}*\s*(?:{_IN}\s+)?",
            rf"\s*{_LIST_MARK}+\s*(?:{_IN}\s+)?{re.escape(other)}",
        )
        part = re.sub(after if first else before, "", part, count=1)
    return " ".join(part.split())


def _of_file(bare: str, named: re.Match[str]) -> TableAsk | None:
    name = named["quoted"] or named["bare"]
    lead = re.search(rf"{_BEFORE_FILE}$", bare[: named.start()], re.IGNORECASE)
    start = lead.start() if lead else named.start()
    rest = _without(bare, start, named.end())
    want = _want(rest)
    if want is None or (want == "describe" and name.casefold().endswith((".json", ".db"))):
        return None
    return TableAsk(file=name, exact=True, ask=rest, want=want, rows=_count(rest))


def _without(text: str, start: int, end: int) -> str:
    return " ".join(f"{text[:start]} {text[end:]}".split()).strip(" ,:;")


def _want(rest: str) -> Want | None:
    rows = _ROWS.search(rest) and not _CONDITION.search(_ROWS.sub("", rest))
    signs: tuple[tuple[object, Want], ...] = (
        (rows, "rows"),
        (_COLUMNS.search(rest) and not _COMPUTES.search(rest), "columns"),
        (CHART.search(rest), "figures"),
        (_PREVIEW.search(rest), "preview"),
        (_FIGURES.search(rest), "figures"),
        (_DESCRIBE.search(rest), "describe"),
    )
    return next((want for shown, want in signs if shown), None)


def _count(rest: str) -> int:
    match = _PREVIEW.search(rest)
    return int(match["count"]) if match and match["count"] else 5


def _is_loose(described: re.Match[str]) -> bool:
    """Tell a table or data in general ("the data", "this table") from one's own upload."""
    owner = described["owner"].casefold()
    mine = (
        owner.startswith(("my", "our", "mein", "unser")) or "loaded" in owner or "attached" in owner
    )
    noun = (described["strong"] or described["weak"]).casefold()
    return not mine and (described["weak"] is not None or noun in {"table", "sheet"}) and not described["words"].strip()  # fmt: skip


def _hint(words: str) -> str:
    hint = " ".join(_EMPTY_WORDS.sub(" ", words).split())
    return "" if means_any(hint) else hint
