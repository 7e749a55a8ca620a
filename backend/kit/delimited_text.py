"""Reads CSV, TSV and plain lists of numbers, finding out delimiter and header by itself.

Not for: files; the whole text is in memory.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from backend.kit.number_text import is_missing, read_number
from backend.kit.plain_text import one_line
from backend.kit.tables import Cell, Row, Table, TableCaps, UnreadableTable

_DELIMITERS = ("\t", ";", ",", "|")
_NAMES = {"\t": "TSV", ";": "CSV with ;", ",": "CSV", "|": "CSV with |"}
_SAMPLE_LINES = 30
_AGREEMENT = 0.8
_MAX_NAME_CHARS = 200
_YEAR = re.compile(r"(19|20)\d\d")
_QUOTED = re.compile(r'"[^"]*"')


def read_delimited(text: str, *, caps: TableCaps) -> Table:
    """Read a table, or a list of numbers as one column named `value`.

    Raises:
        UnreadableTable: when the text is neither, or is over the caps.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    delimiter = find_delimiter(lines) if len(lines) > 1 else None
    if delimiter is None:
        return _plain(text, lines, caps)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        cells = [row for row in reader if any(row)]
    except csv.Error as exc:
        msg = f"The {_NAMES[delimiter]} is broken at line {reader.line_num}: {exc}."
        raise UnreadableTable(msg) from exc
    table = from_cells(cells, caps=caps)
    table.format = _NAMES[delimiter]
    table.decimal_comma = {";": True, ",": False}.get(delimiter)
    return table


def from_cells(cells: Sequence[Sequence[Cell]], *, caps: TableCaps, headed: bool = False) -> Table:
    """Name the cells of a list of rows by its header, or `column_1` ... when it has none.

    `headed` says that the first row is the header; otherwise its content decides.
    """
    _bounded(cells, caps)
    notes: list[str] = []
    first = cells[0]
    if headed or is_header(first, cells[1:]):
        names, body = (
            unique_names([one_line(str(cell), max_chars=_MAX_NAME_CHARS) for cell in first]),
            cells[1:],
        )
    else:
        names, body = [f"column_{n}" for n in range(1, len(first) + 1)], cells
        notes.append("no header row was found; columns are numbered")
    wide = sum(len(row) > len(names) for row in body)
    if wide:
        notes.append(f"{wide} rows have more cells than the header; the extra cells are left out")
    rows: list[Row] = [
        {name: [row[n] if n < len(row) else None] for n, name in enumerate(names)} for row in body
    ]
    return Table(format="rows", columns=names, rows=rows, notes=notes)


def _bounded(cells: Sequence[Sequence[Cell]], caps: TableCaps) -> None:
    if not cells:
        msg = "There are no rows."
        raise UnreadableTable(msg)
    if len(cells) > caps.max_rows or sum(map(len, cells)) > caps.max_cells:
        msg = f"More than {caps.max_rows} rows or {caps.max_cells} cells; send a part."
        raise UnreadableTable(msg)


def find_delimiter(lines: Sequence[str]) -> str | None:
    """Choose the delimiter that most sample lines have equally often, the rarer kinds first."""
    sample = [_QUOTED.sub("", line) for line in lines[:_SAMPLE_LINES]]
    best, best_score = None, 0.0
    for delimiter in _DELIMITERS:
        counts = [line.count(delimiter) for line in sample]
        usual = max(set(counts), key=counts.count)
        agreement = counts.count(usual) / len(counts)
        decimal = delimiter == "," and best in {";", "\t"}
        if usual and agreement >= _AGREEMENT and agreement > best_score and not decimal:
            best, best_score = delimiter, agreement
    return best


def is_header(first: Sequence[Cell], body: Sequence[Sequence[Cell]]) -> bool:
    """Tell a header by its texts without numbers (years are fine), at least half of them filled."""
    texts = [str(cell).strip() for cell in first]
    if not body or any(not isinstance(cell, str) for cell in first):
        return False
    numeric = [text for text in texts if read_number(text) is not None]
    years = len(numeric) < len(texts) and all(_YEAR.fullmatch(text) for text in numeric)
    return (not numeric or years) and sum(map(bool, texts)) * 2 >= len(texts)


def unique_names(names: list[str]) -> list[str]:
    """Number empty names by their column, and equal ones `name`, `name_2` ..."""
    seen: dict[str, int] = {}
    unique: list[str] = []
    for n, name in enumerate(names, start=1):
        base = name or f"column_{n}"
        seen[base] = seen.get(base, 0) + 1
        unique.append(base if seen[base] == 1 else f"{base}_{seen[base]}")
    return unique


def _plain(text: str, lines: list[str], caps: TableCaps) -> Table:
    named = len(lines) > 1 and read_number(lines[0]) is None and not is_missing(lines[0])
    values = _numbers("\n".join(lines[1:]) if named else text, most=caps.max_rows)
    if values is None:
        near = next((w for w in text.split() if read_number(w.strip(",;")) is None), text)[:40]
        msg = f"This is neither JSON, nor a table, nor a list of numbers: {near!r} is no number."
        raise UnreadableTable(msg)
    _bounded([values], caps)
    name = lines[0].strip() if named else "value"
    return Table(format="numbers", columns=[name], rows=[{name: [value]} for value in values])


def _numbers(text: str, *, most: int) -> list[Cell] | None:
    """Split a list of numbers: at ; or line ends, else at commas with blanks, else at blanks."""
    separators = (r"[;\n]+", r"[,\n](?:\s+|$)|\n", r"\s+", r"[,\s]+")
    for separator in separators:
        parts = [part.strip() for part in re.split(separator, text.strip().rstrip(",;"))]
        known = [part for part in parts[: most + 1] if part and not is_missing(part)]
        if known and all(read_number(part) is not None for part in known):
            return [part for part in parts if part]
    return None
