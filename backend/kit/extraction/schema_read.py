"""Reads which tables and columns a tool says there are, whatever form it says it in.

Not for: rows. A text that names no column gives no table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from backend.kit.extraction.pasted_tables import Column
from backend.kit.extraction.table_asks import TABLE_ENDINGS

_NUMERIC: Final = r"(?:u?(?:big|small|tiny|huge|medium)?int(?:eger|\d{1,3})?|double(?: precision)?|float\d{0,2}|real|decimal|numeric|number|money)"
_OTHER: Final = r"(?:varchar|text|string|str|char(?:acter)?(?: varying)?|boolean|bool|date(?:time)?|timestamp(?:tz)?|time|blob|uuid|json|enum|object|category|null)"
_TYPE = re.compile(
    rf"(?:(?P<numeric>{_NUMERIC})|(?P<other>{_OTHER}))(?:\([^)]{{0,80}}\))?", re.IGNORECASE
)
_TYPED = re.compile(
    rf"(?:\"(?P<quoted>[^\"\n]{{1,200}})\"|`(?P<ticked>[^`\n]{{1,200}})`|\*\*(?P<bold>[^*\n]{{1,200}})\*\*|(?P<plain>[^\W\d]\w{{0,100}}))"
    rf"\s{{0,3}}[:(\[|]?\s{{0,3}}(?P<type>(?:{_NUMERIC}|{_OTHER})\b(?:\([^)]{{0,80}}\))?)",
    re.IGNORECASE,
)
_LINE = re.compile(
    rf"\s*(?:[-*•]|\d+[.)])\s+(?P<name>[^:(\[|\n]{{1,120}}?)\s*[:(\[|]\s*(?P<type>(?:{_NUMERIC}|{_OTHER})\b)(?P<after>.*)$",
    re.IGNORECASE,
)
# A line of its own for a column, its name as it is: `  unit price DOUBLE, such as 3.5, 4`.
_INDENTED = re.compile(
    rf"[ \t]+(?P<name>\S.{{0,120}}?) (?P<type>(?:{_NUMERIC}|{_OTHER}|struct|map|interval)\b(?:\(.{{0,2000}}?\))?"
    rf"(?: with(?:out)? time zone)?(?:\[\d*\])*)(?:, such as (?P<such>.*))?$",
    re.IGNORECASE,
)
_FILE = re.compile(
    rf"[^\s\"'`|,:;()]?[^\"'`|,:;()\n]{{0,120}}?\.(?:{TABLE_ENDINGS})\b", re.IGNORECASE
)
_DATED = re.compile(r"(?:date|timestamp)", re.IGNORECASE)
_LEAD = re.compile(r"^(?:(?:file|from|table|in|of|the|and)\s+)+", re.IGNORECASE)
_TABLE = re.compile(
    r"\btable\s+[\"`]?([\w.-]{1,100})|^[#*\s-]*[\"`]([^\"`\n]{1,100})[\"`]|^[#*\s-]*([\w.-]{1,100})\s*(?:\(|:)",
    re.IGNORECASE,
)
_ROW_COUNT = re.compile(r"(\d[\d,_ ]{0,15}) rows?\b", re.IGNORECASE)
_SAMPLE = re.compile(
    r"(?:e\.g\.|examples?|samples?|values?|such as|like|->|:)\s*[:]?\s*(.{1,600})$", re.IGNORECASE
)
_COUNTED = re.compile(r"\s*\(\d[\d,]*\)$")
_MAX_CHARS: Final = 60_000
_MAX_LINE_CHARS: Final = 8_000
_MAX_COLUMNS: Final = 400
_MAX_SAMPLES: Final = 50


@dataclass(slots=True)
class TableShape:
    """One table as a tool describes it: its name, its file and row count where told, its columns."""

    name: str = ""
    file: str = ""
    rows: str = ""
    columns: list[Column] = field(default_factory=list[Column])


def tables_of(text: str) -> list[TableShape]:
    """List the tables a text describes, each with at least one column."""
    found = [TableShape()]
    head: list[str] = []
    for line in (one[:_MAX_LINE_CHARS] for one in text[:_MAX_CHARS].splitlines()):
        cells = cells_of(line)
        if cells is None:
            head = []
            _plain_line(line, found)
        elif not head or cells[0].casefold() == head[0]:
            head = [cell.casefold() for cell in cells]
        elif not all(re.fullmatch(r":?-{2,}:?", cell) for cell in cells):
            _add(found[-1], _row(head, cells))
    return [one for one in found if one.columns]


def cells_of(line: str) -> list[str] | None:
    """Give the cells of one row of a Markdown table; None for any other line."""
    row = line.strip()
    if not (row.startswith("|") and row.endswith("|") and len(row) > 2):
        return None
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row[1:-1])]


def _row(head: list[str], cells: list[str]) -> Column | None:
    """Read one row of a table that lists columns."""
    at = next(
        (
            head.index(name)
            for name in ("column", "name", "column_name", "field", "spalte")
            if name in head
        ),
        None,
    )
    if at is None or at >= len(cells):
        return None
    given = dict(zip(head, cells, strict=False))
    kind = next(
        (
            given[name]
            for name in ("type", "data type", "data_type", "dtype", "column_type", "kind")
            if name in given
        ),
        "",
    )
    typed = _TYPE.match(kind)
    numeric = typed["numeric"] is not None if typed else "mean" in head
    sample = next(
        (
            text
            for name, text in given.items()
            if re.search(r"sample|example|values?|frequent|first", name)
        ),
        "",
    )
    return Column(cells[at].strip('`"*'), [] if numeric else _samples(sample), is_numeric=numeric)


def _plain_line(line: str, found: list[TableShape]) -> None:
    columns = [] if line.strip().startswith("Note:") else list(_columns(line))
    heading = (
        not line.strip().startswith("Note:")
        and not _INDENTED.fullmatch(line)
        and (not columns or not re.match(r"\s*(?:[-*•]|\d+[.)])\s", line))
    )
    named = _FILE.search(line) if heading else None
    table = _TABLE.search(line) if heading else None
    starts = named or (table and (not columns or found[-1].columns))
    if starts and found[-1].columns:
        found.append(TableShape())
    if heading:
        shape = found[-1]
        shape.file = shape.file or (_LEAD.sub("", named[0].strip(" #*-")) if named else "")
        shape.name = shape.name or (_table_name(table) if table else "")
        count = _ROW_COUNT.search(line)
        shape.rows = shape.rows or (re.sub(r"[ _]", "", count[1]) if count else "")
    for column in columns:
        _add(found[-1], column)


def _table_name(match: re.Match[str]) -> str:
    name = next((one for one in match.groups() if one), "")
    return "" if name.casefold() in {"rows", "columns", "tables", "note", "csv", "json"} else name


def _columns(line: str) -> Iterator[Column]:
    indented = _INDENTED.fullmatch(line)
    if indented:
        yield _typed(indented["name"].strip('`"'), indented["type"], indented["such"] or "")
        return
    bullet = _LINE.match(line)
    if bullet:
        sample = _SAMPLE.search(bullet["after"])
        yield _typed(bullet["name"].strip('`"* '), bullet["type"], sample[1] if sample else "")
        return
    matches = list(_TYPED.finditer(line))
    for match in matches:
        name = match["quoted"] or match["ticked"] or match["bold"] or match["plain"]
        sample = _SAMPLE.search(line[match.end() :]) if len(matches) == 1 else None
        yield _typed(name, match["type"], sample[1] if sample else "")


def _typed(name: str, kind: str, sample: str) -> Column:
    """Make a column of its name, its type and some of its values."""
    typed = _TYPE.match(kind)
    numeric = typed is not None and typed["numeric"] is not None and "[" not in kind
    dated = _DATED.match(kind) is not None
    cells = [] if numeric else _samples(sample)
    return Column(name, cells, is_numeric=numeric, is_date=dated)


def _samples(text: str) -> list[str]:
    closed = text.strip(" .")
    bare = closed.rstrip(")]") if closed.count(")") > closed.count("(") else closed
    parts = re.split(r"\s*;\s*" if ";" in bare else r"\s*,\s*", bare)
    found = [_COUNTED.sub("", part).strip("\"'` ") for part in parts[:_MAX_SAMPLES]]
    return [one for one in found if one]


def _add(shape: TableShape, column: Column | None) -> None:
    known = {one.name for one in shape.columns}
    if (
        column is not None
        and column.name
        and column.name not in known
        and len(known) < _MAX_COLUMNS
    ):
        shape.columns.append(column)
