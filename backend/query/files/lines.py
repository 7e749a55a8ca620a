"""Writes rows that other libraries read as JSON lines, which DuckDB reads with their types."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from backend.kit.table_names import literal, quoted
from backend.query.files.sources import Workshop

_LEAST_OBJECT_BYTES = 64 * 1024
_MOST_OBJECT_BYTES = 32 * 1024 * 1024  # the reader takes twice that, for each thread
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_MOMENT = re.compile(rf"{_DAY.pattern}[ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{{1,6}})?)?")
_LARGEST = 2**63
_SHOWN_BYTES = 1_000
Kinds = set[str]


def write_rows(
    names: Sequence[str], rows: Iterable[Sequence[object]], shop: Workshop
) -> tuple[str, Path]:
    """Write rows of numbers, texts, bytes and nulls; give the relation that reads them again.

    A column's type is that of all its values: whole numbers, numbers, dates, or else text.
    """
    path = shop.new_file(".jsonl")
    kinds: list[Kinds] = [set() for _ in names]
    with path.open("wb") as file:
        for row in rows:
            cells = [_cell(value) for value in row]
            _note_kinds(kinds, cells)
            line = orjson.dumps({str(n): cell for n, cell in enumerate(cells)}) + b"\n"
            shop.spend(len(line))
            file.write(line)
    types = ", ".join(f"'{n}': '{_type(found)}'" for n, found in enumerate(kinds))
    renamed = ", ".join(f'"{n}" AS {quoted(name)}' for n, name in enumerate(names))
    read = (
        f"read_json({literal(str(path))}, format='newline_delimited', records='true', "
        f"columns={{{types}}}, maximum_object_size={object_bytes(path)})"
    )
    return f"(SELECT {renamed} FROM {read})", path


def _note_kinds(kinds: Sequence[Kinds], cells: Sequence[str | float | bool | None]) -> None:
    for known, cell in zip(kinds, cells, strict=True):
        if cell is not None:
            known.add(_kind(cell))


def object_bytes(path: Path) -> int:
    """Say how large one object in a file may be: DuckDB takes room for such at once."""
    return min(max(path.stat().st_size + 1, _LEAST_OBJECT_BYTES), _MOST_OBJECT_BYTES)


def _cell(value: object) -> str | int | float | bool | None:
    if isinstance(value, bytes):
        more = "..." if len(value) > _SHOWN_BYTES else ""
        return f"0x{value[:_SHOWN_BYTES].hex()}{more}"
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -_LARGEST <= value < _LARGEST else str(value)
    if value is None or isinstance(value, bool):
        return value
    return str(value).encode("utf-8", "replace").decode()


def _kind(cell: str | float | bool) -> str:  # noqa: FBT001 - a value of a table
    if isinstance(cell, str):
        if _DAY.fullmatch(cell):
            return "day"
        return "moment" if _MOMENT.fullmatch(cell) else "text"
    return type(cell).__name__


def _type(kinds: Kinds) -> str:
    fitting: tuple[tuple[Kinds, str], ...] = (
        ({"bool"}, "BOOLEAN"),
        ({"int"}, "BIGINT"),
        ({"int", "float"}, "DOUBLE"),
        ({"day"}, "DATE"),
        ({"day", "moment"}, "TIMESTAMP"),
    )
    if not kinds:
        return "VARCHAR"
    return next((name for allowed, name in fitting if kinds <= allowed), "VARCHAR")
