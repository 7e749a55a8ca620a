"""Turns a JSON document into rows whose columns are paths such as `customer.city` or `items[].price`.

Not for: parsing. A list at the top loses its `[]`: the columns of `[{"a": 1}]` are called `a`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from backend.kit.delimited_text import from_cells
from backend.kit.tables import Cell, Row, Table, TableCaps, TableError, UnreadableTable, find_column

Base = tuple[str, ...]
_LIST = "[]"


def read_json_rows(document: object, *, wanted: list[str], caps: TableCaps) -> Table:
    """Read a document into rows; `wanted` columns decide which list inside it the rows come from.

    Without wanted columns a top-level list gives one row per element, an object a single row.

    Raises:
        UnreadableTable: over the caps, or without any value.
        TableError: when a wanted column is unknown, or they lie in different lists.
    """
    cells = _as_cells(document)
    if cells:
        table = from_cells(cells, caps=caps, headed=isinstance(document, dict))
        table.format = "JSON"
        return table
    walk = _Walk(caps)
    top = _top(document)
    rows = list(walk.rows(document, top, path="", inherited={}))
    columns = _columns(rows)
    if not columns:
        msg = "The JSON holds no values."
        raise UnreadableTable(msg)
    base = _common_base([find_column(name, columns) for name in wanted], walk.lists)
    if base is not None:
        rows = list(_Walk(caps).rows(document, (*top, *base), path="", inherited={}))
        columns = _columns(rows)
    if len(rows) * len(columns) > caps.max_cells:
        msg = f"{len(rows)} rows of {len(columns)} columns are more than {caps.max_cells} cells."
        raise UnreadableTable(msg)
    _fill(rows, columns)
    return Table(format="JSON", columns=columns, rows=rows)


def _top(document: object) -> Base:
    return (_LIST,) if isinstance(document, list) else ()


@dataclass
class _Walk:
    """One pass over a document: counts cells, and remembers where its lists of objects are."""

    caps: TableCaps

    def __post_init__(self) -> None:
        self.lists: dict[str, Base] = {}
        self._cells = 0
        self._rows = 0

    def rows(self, node: object, base: Base, *, path: str, inherited: Row) -> Iterator[Row]:
        """Yield one row per element at `base`, with the single values of the objects above it."""
        if not base:
            self._count(len(inherited))
            self._rows += 1
            if self._rows > self.caps.max_rows:
                msg = f"More than {self.caps.max_rows} rows; send a part."
                raise UnreadableTable(msg)
            yield {**inherited, **self.flat(node, path, at=(), depth=0)}
        elif base[0] == _LIST and isinstance(node, list):
            for element in cast("list[object]", node):
                below = f"{path}{_LIST}" if path else ""
                yield from self.rows(element, base[1:], path=below, inherited=inherited)
        elif isinstance(node, dict):
            members = cast("dict[str, object]", node)
            above = {key: value for key, value in members.items() if key != base[0]}
            known = self.flat(above, path, at=(), depth=0)
            single = {
                name: cells for name, cells in known.items() if _LIST not in name[len(path) :]
            }
            if base[0] in members:
                yield from self.rows(
                    members[base[0]],
                    base[1:],
                    path=_join(path, base[0]),
                    inherited={**inherited, **single},
                )

    def flat(self, node: object, path: str, *, at: Base, depth: int) -> Row:
        """Collect every value below a node under its path."""
        if depth > self.caps.max_depth:
            msg = f"The JSON is nested deeper than {self.caps.max_depth} levels."
            raise UnreadableTable(msg)
        if isinstance(node, dict):
            found: Row = {}
            for key, value in cast("dict[str, object]", node).items():
                below = self.flat(value, _join(path, key), at=(*at, key), depth=depth + 1)
                if not found:
                    found = below
                    continue
                for name, cells in below.items():
                    found.setdefault(name, []).extend(cells)
            return found
        if isinstance(node, list):
            return self._elements(cast("list[object]", node), path, at=(*at, _LIST), depth=depth)
        self._count(1)
        return {path or "value": [_cell(node)]}

    def _elements(self, node: list[object], path: str, *, at: Base, depth: int) -> Row:
        inside = f"{path}{_LIST}"
        parts = [self.flat(element, inside, at=at, depth=depth + 1) for element in node]
        if any(isinstance(element, dict) for element in node):
            self.lists[inside] = at
        names = _columns(parts)
        single = {name for name in names if _LIST not in name[len(inside) :] and name != inside}
        self._count(len(parts) * len(names))
        found: Row = {name: [] for name in names}
        for part in parts:
            for name in names:
                found[name].extend(part.get(name, [None] if name in single else []))
        return found

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > self.caps.max_cells:
            msg = f"The JSON holds more than {self.caps.max_cells} values; send a part."
            raise UnreadableTable(msg)


def _common_base(columns: list[str], lists: dict[str, Base]) -> Base | None:
    """Find the innermost list that all columns lie in or above; None when none lies in a list."""
    owners = {
        max((p for p in lists if c.startswith(f"{p}.")), key=len, default="") for c in columns
    }
    inner = max(owners, key=len, default="")
    if not all(inner.startswith(owner) for owner in owners):
        msg = f"These columns lie in different lists: {', '.join(columns)}."
        raise TableError(msg)
    return lists.get(inner)


def _columns(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _fill(rows: list[Row], columns: list[str]) -> None:
    for row in rows:
        for column in columns:
            if column not in row:
                row[column] = [] if _LIST in column else [None]


def _as_cells(document: object) -> list[list[Cell]] | None:
    """Read `[[...], [...]]` and `{"x": [...], "y": [...]}` of equal lengths as a plain table."""
    if isinstance(document, list):
        lists = [_scalars(element) for element in cast("list[object]", document)]
        return [row for row in lists if row] if None not in lists else None
    if not isinstance(document, dict):
        return None
    named = cast("dict[str, object]", document)
    columns = [_scalars(value) for value in named.values()]
    whole = [column for column in columns if column]
    if not whole or len(whole) < len(columns) or len({len(column) for column in whole}) > 1:
        return None
    header: list[Cell] = list(named)
    return [header, *(list(row) for row in zip(*whole, strict=True))]


def _scalars(value: object) -> list[Cell] | None:
    if not isinstance(value, list):
        return None
    elements = cast("list[object]", value)
    if any(isinstance(element, dict | list) for element in elements):
        return None
    return [_cell(element) for element in elements]


def _cell(value: object) -> Cell:
    """Keep a number as the decimal that was written: 0.1 is exactly one tenth."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    return str(value)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
