"""Writes tables as text that is found by search: small ones as rows, long ones as records.

A record names the column before each value, so that a row is understood without its header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from backend.documents.building import TextBuilder
from backend.kit.delimited_text import is_header, unique_names

Cells = Sequence[str]

_SMALL_TABLE_CHARS = 800
_ROW_GROUP_CHARS = 400
_LOOK_AHEAD_ROWS = 20
_MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TableNote:
    """A table that was read: where its records lie in the text, and how many there are."""

    name: str
    columns: list[str]
    rows: int
    start: int
    end: int

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands among a document's details."""
        return {
            "name": self.name,
            "columns": self.columns,
            "rows": self.rows,
            "start": self.start,
            "end": self.end,
        }


def add_table(builder: TextBuilder, rows: Sequence[Cells]) -> None:
    """Add a table inside a document: as lines `a | b`, or as records when it is long and headed."""
    filled = [tuple(map(_flat, row)) for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        return
    if max(map(len, filled)) == 1:
        for (cell,) in filled:
            builder.add(cell)
        return
    lines = [" | ".join(row).strip() for row in filled]
    if sum(map(len, lines)) <= _SMALL_TABLE_CHARS:
        builder.add("\n".join(lines), "table")
    elif is_header(filled[0], filled[1:]):
        names = _names(filled[0], filled)
        for row in filled[1:]:
            builder.add(_record(names, row), "record")
    else:
        for group in _groups(lines):
            builder.add(group, "table")


def add_records(
    builder: TextBuilder, rows: Iterable[Cells], *, name: str, heading: str = ""
) -> TableNote:
    """Add a whole sheet, row by row, below a heading when there are any.

    Lines above the header of its columns become paragraphs.
    """
    given = (tuple(map(_flat, row)) for row in rows)
    filled = (row for row in given if any(row))
    first = list(islice(filled, _LOOK_AHEAD_ROWS))
    if first:
        builder.add(heading, "heading", level=1)
    while len(first) > 1 and _is_caption(first[0], first[1:]):
        builder.add(" ".join(filter(None, first.pop(0))))
    headed = bool(first) and is_header(first[0], first[1:])
    columns = _names(first[0] if headed else (), first)
    if len(first) == 1:
        builder.add(" | ".join(first.pop()), "table")
    start, count = builder.length, 0
    for row in chain(first[1:] if headed else first, filled):
        if len(row) > len(columns):
            columns = _names(columns, [row])
        builder.add(_record(columns, row), "record")
        start = start if count else builder.last_start
        count += 1
    return TableNote(name=name, columns=columns, rows=count, start=start, end=builder.length)


def _record(names: Sequence[str], row: Cells) -> str:
    named = zip(names, row, strict=False)
    return "; ".join([f"{name}: {cell}" for name, cell in named if cell])


def _names(header: Cells, rows: Sequence[Cells]) -> list[str]:
    width = max((len(row) for row in rows), default=0)
    padded = [*header, *[""] * (width - len(header))]
    return unique_names([name[:_MAX_NAME_CHARS] for name in padded])


def _is_caption(row: Cells, below: Sequence[Cells]) -> bool:
    """Tell a title above a table by its single cell where the rows below have several."""
    widths = [sum(map(bool, other)) for other in below]
    return (
        sum(map(bool, row)) == 1 and len(row) > 1 and sum(w > 1 for w in widths) * 2 > len(widths)
    )


def _groups(lines: Sequence[str]) -> Iterator[str]:
    group: list[str] = []
    size = 0
    for line in lines:
        if group and size + len(line) > _ROW_GROUP_CHARS:
            yield "\n".join(group)
            group, size = [], 0
        group.append(line)
        size += len(line)
    yield "\n".join(group)


def _flat(cell: str) -> str:
    return " ".join(cell.split())
