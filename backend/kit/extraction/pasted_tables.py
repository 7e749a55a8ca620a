"""Names the columns of data pasted as CSV, JSON or a list of numbers, and what kind of cells they hold.

Not for: analysing the data, which is the work of a tool; only enough is read to word the question.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, cast

_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d,]*(?:\.\d+)?%?")
_MAX_CHARS: Final = 100_000
_MAX_CELLS: Final = 5_000
_MAX_DEPTH: Final = 12
NUMBERS_COLUMN: Final = "value"


@dataclass(slots=True)
class Column:
    """A column by its name, with the texts of its cells; the rest where a tool told its type."""

    name: str
    cells: list[str] = field(default_factory=list[str])
    is_numeric: bool | None = None
    is_date: bool = False

    @property
    def numeric(self) -> bool:
        """Tell whether its type is one of numbers, or else every cell that is filled is a number."""
        if self.is_numeric is not None:
            return self.is_numeric
        filled = [cell for cell in self.cells if cell]
        return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)


def columns_of(data: str) -> list[Column]:
    """List the columns of a text in order; none where it cannot be read."""
    text = data.strip()[:_MAX_CHARS]
    if text.startswith(("{", "[")):
        return _of_json(text)
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        cells = [cell for cell in re.split(r"[,;\s]+", text) if cell]
        found = Column(NUMBERS_COLUMN, cells)
        return [found] if found.numeric else []
    mark = max(",;\t", key=lines[0].count)
    rows = list(csv.reader(lines, delimiter=mark, skipinitialspace=True))
    head = [cell.strip() for cell in rows[0]]
    found = [Column(name) for name in head]
    for row in rows[1 : 1 + _MAX_CELLS // max(1, len(head))]:
        for column, cell in zip(found, row, strict=False):
            column.cells.append(cell.strip())
    return found


def _of_json(text: str) -> list[Column]:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return []
    found: dict[str, Column] = {}
    _walk(value, (), found)
    if set(found) == {""}:
        return [Column(NUMBERS_COLUMN, found[""].cells)]
    known: dict[str, Column] = {}
    for path, column in found.items():
        short = path.rpartition(".")[2]
        alike = [other for other in found if other.rpartition(".")[2] == short]
        column.name = short if len(alike) == 1 else path
        known[column.name] = column
    return list(known.values())


def _walk(value: object, path: tuple[str, ...], found: dict[str, Column]) -> None:
    if len(path) > _MAX_DEPTH or len(found) > _MAX_CELLS:
        return
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            _walk(inner, (*path, key), found)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value)[:_MAX_CELLS]:
            _walk(inner, path, found)
    else:
        name = ".".join(path)
        cell = "" if value is None else str(value)
        found.setdefault(name, Column(name)).cells.append(cell)
