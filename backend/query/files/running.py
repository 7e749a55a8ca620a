"""Runs one statement in bounds, and gives its rows as JSON.

Not for: what may be run (`guard`).
"""

from __future__ import annotations

import datetime as dt
import math
import re
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, cast

import duckdb
from duckdb import DuckDBPyConnection

from backend.kit.plain_text import one_line
from backend.ports.query import QueryFailed, QueryRefused
from backend.query.files.guard import no_table
from backend.query.near_names import nearest_names

_FETCHED = 200
_MAX_TEXT_CHARS = 2_000
_MAX_ITEMS = 200
_MAX_DEPTH = 20
_LARGEST = 2**63
_COUNT_SHARE = 0.4
_LEAST_COUNT_S = 1.0
_MISSING_COLUMN = re.compile(
    r'column[^"]{0,40}"([^"]{1,200})"|does not have a column named "([^"]+)"'
)
_MISSING_TABLE = re.compile(r"[Tt]able with name (.{1,200}?) does not exist")
_MOST_COLUMNS_NAMED = 40


@contextmanager
def bounded(connection: DuckDBPyConnection, seconds: float) -> Generator[None]:
    """Interrupt what the connection does once the time is over."""
    bell = threading.Timer(max(seconds, 0.01), connection.interrupt)
    bell.daemon = True
    bell.start()
    try:
        yield
    finally:
        bell.cancel()


def run(
    connection: DuckDBPyConnection, statement: str, *, max_rows: int, max_bytes: int, seconds: float
) -> dict[str, Any]:
    """Give columns, the first rows, and how many there are in all, None where counting takes too long."""
    with bounded(connection, seconds):
        described = connection.execute(f"DESCRIBE {statement}").fetchall()
        columns = [(str(row[0]), str(row[1])) for row in described]
        connection.execute(statement)
        rows, truncated = _fetched(connection, max_rows=max_rows, max_bytes=max_bytes)
    total: int | None = len(rows)
    if truncated:
        total = _counted(connection, statement, max(_LEAST_COUNT_S, seconds * _COUNT_SHARE))
    return {"columns": columns, "rows": rows, "total": total, "truncated": truncated}


def _fetched(
    connection: DuckDBPyConnection, *, max_rows: int, max_bytes: int
) -> tuple[list[list[Any]], bool]:
    rows: list[list[Any]] = []
    size = 0
    while part := connection.fetchmany(_FETCHED):
        for row in part:
            if len(rows) >= max_rows:
                return rows, True
            values = [as_json(value) for value in row]
            size += sum(len(str(value)) + 3 for value in values)
            if size > max_bytes:
                return rows, True
            rows.append(values)
    return rows, False


def _counted(connection: DuckDBPyConnection, statement: str, seconds: float) -> int | None:
    try:
        with bounded(connection, seconds):
            row = connection.execute(f"SELECT count(*) FROM ({statement}\n)").fetchone()
    except duckdb.Error:
        return None
    return int(cast("tuple[Any, ...]", row)[0])


def as_json(value: object, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Give a value as JSON: what JSON has no word for becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping | list | tuple):
        return _nested(cast("Mapping[object, object] | Sequence[object]", value), depth + 1)
    text = _text(value)
    return text if len(text) <= _MAX_TEXT_CHARS else f"{text[:_MAX_TEXT_CHARS]}…"


def _nested(value: Mapping[object, object] | Sequence[object], depth: int) -> Any:  # noqa: ANN401 - any JSON
    if depth > _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        members = list(value.items())[:_MAX_ITEMS]
        return {str(key)[:_MAX_TEXT_CHARS]: as_json(part, depth) for key, part in members}
    return [as_json(part, depth) for part in value[:_MAX_ITEMS]]


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return f"0x{value[:_MAX_TEXT_CHARS].hex()}"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def explained(
    exc: duckdb.Error, columns: Mapping[str, Sequence[str]], hidden: Mapping[str, str]
) -> Exception:
    """Say what went wrong in words for a model, with near names; `hidden` are texts to replace."""
    message = str(exc)
    for secret, shown in hidden.items():
        message = message.replace(secret, shown)
    if isinstance(exc, duckdb.InterruptException):
        return QueryFailed(
            "The query took too long and was stopped. Ask for less, or filter first."
        )
    if isinstance(exc, duckdb.OutOfMemoryException):
        return QueryFailed(
            "The query needs more memory than allowed. Ask for less, or filter first."
        )
    if isinstance(exc, duckdb.FatalException | duckdb.InternalException | duckdb.IOException):
        return QueryFailed(f"The query failed: {one_line(message, max_chars=300)}")
    if missing := _MISSING_TABLE.search(message):
        return QueryRefused(no_table(missing[1], list(columns)))
    text = one_line(message.split("LINE ")[0].split("Candidate")[0], max_chars=400)
    return QueryRefused(f"{text}{_near_columns(message, columns)}")


def _near_columns(message: str, columns: Mapping[str, Sequence[str]]) -> str:
    found = _MISSING_COLUMN.search(message)
    if found is None:
        return ""
    wrong = found[1] or found[2]
    names = list(dict.fromkeys(name for known in columns.values() for name in known))
    near = nearest_names(wrong, names)
    hint = f" Nearest: {', '.join(near)}." if near else ""
    tables = " ".join(
        f"{table}({', '.join(known[:_MOST_COLUMNS_NAMED])})" for table, known in columns.items()
    )
    return f"{hint} Columns: {tables[:1_500]}."
