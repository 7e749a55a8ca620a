"""Fetches the rows of one query, never more than its bounds, as values that JSON knows."""

from __future__ import annotations

import datetime as dt
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection

from backend.kit.json_values import clean_text
from backend.ports.query import QueryFailed
from backend.query.databases.order import Order

_PART_ROWS = 50
_CELL_CHARS = 20_000
_INT64 = 1 << 63
_SAFE_NAME_CHARS = 200


@dataclass(slots=True)
class _Taken:
    """What was fetched so far, and what it weighs."""

    rows: list[list[Any]]
    size_bytes: int = 0
    truncated: bool = False


def fetch(
    connection: Connection, sql: str, order: Order, *, type_name: Callable[[Any], str]
) -> dict[str, Any]:
    """Run the statement and take rows in small parts, until it ends or a bound is reached."""
    end_s = time.monotonic() + order.timeout_s
    bound = connection.execution_options(
        stream_results=True, max_row_buffer=_PART_ROWS, no_parameters=True
    )
    with bound.exec_driver_sql(sql) as result:
        described: Sequence[Any] = result.cursor.description if result.cursor else ()
        names = [str(one[0])[:_SAFE_NAME_CHARS] for one in described]
        types = [type_name(one[1]) for one in described]
        taken = _Taken([])
        while not taken.truncated:
            part = result.fetchmany(min(_PART_ROWS, order.max_rows + 1 - len(taken.rows)))
            if not part:
                break
            if time.monotonic() > end_s:
                msg = f"The query took longer than {order.timeout_s:g} s and was stopped."
                raise QueryFailed(msg)
            _take(part, taken, order)
    return {
        "columns": [[name, types[n] or _type_of(taken.rows, n)] for n, name in enumerate(names)],
        "rows": taken.rows,
        "truncated": taken.truncated,
    }


def _take(part: Sequence[Any], taken: _Taken, order: Order) -> None:
    for row in part:
        values = [json_value(value) for value in row]
        weight = sum(len(one) if isinstance(one, str) else 8 for one in values)
        full = len(taken.rows) >= order.max_rows or taken.size_bytes + weight > order.max_bytes
        if full:
            taken.truncated = True
            return
        taken.rows.append(values)
        taken.size_bytes += weight


def json_value(value: object) -> Any:  # noqa: ANN401 - any JSON
    """Say a value as JSON does: bytes by their number, whatever has no JSON form as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        known = math.isfinite(value) if isinstance(value, float) else -_INT64 <= value < _INT64
        return value if known else _cut(str(value))
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if isinstance(value, list | dict | tuple):
        return _cut(json.dumps(cast("object", value), ensure_ascii=False, default=str))
    dated = isinstance(value, dt.datetime | dt.date | dt.time)
    return _cut(value.isoformat() if dated else str(value))


def _cut(text: str) -> str:
    if len(text) > _CELL_CHARS:
        text = f"{text[:_CELL_CHARS]}... ({len(text)} characters)"
    return clean_text(text)


def _type_of(rows: Sequence[Sequence[Any]], column: int) -> str:
    """Name the type of the first value where the driver tells none."""
    names = {bool: "boolean", int: "integer", float: "real", str: "text"}
    return next((names[type(row[column])] for row in rows if row[column] is not None), "")
