"""SQLite behind its own walls: opened read-only, an authorizer that allows reading, a deadline."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, quoted_name
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from backend.query.databases.order import Order, Unreachable
from backend.query.denied_functions import is_denied, is_hidden

_STEPS_BETWEEN_LOOKS = 2_000
_MAX_VALUE_BYTES = 32 * 1024 * 1024
_COUNTING_S = 1.0
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE})


def make_engine(order: Order) -> Engine:
    """Make an engine that opens the file read-only; one that does not exist is not made."""
    path = _path(order.url)
    if not path.is_file():
        raise Unreachable("there is no such file")
    address = f"file:{quote(path.as_posix())}?mode=ro"

    def connect() -> sqlite3.Connection:
        opened = sqlite3.connect(address, uri=True, check_same_thread=False)
        opened.text_factory = _text
        return opened

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def default_schemas(order: Order) -> tuple[str, ...]:
    """Give the one schema of a file."""
    _ = order
    return ("main",)


@contextmanager
def session(engine: Engine, order: Order) -> Generator[Connection]:
    """Open a session that can only read, within the time of the order."""
    deadline_s = time.monotonic() + order.timeout_s
    with engine.connect() as connection:
        driver = _driver(connection)
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("PRAGMA trusted_schema = OFF")
        connection.exec_driver_sql("PRAGMA schema_version")  # reads the file, unlike opening it
        driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
        driver.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        driver.set_progress_handler(lambda: time.monotonic() > deadline_s, _STEPS_BETWEEN_LOOKS)
        yield connection


def close_walls(connection: Connection, order: Order) -> None:
    """Allow nothing but reading tables from here on; our own look at the schema comes before."""
    _ = order
    _driver(connection).set_authorizer(_authorize)


def account_note(connection: Connection) -> str:
    """Say nothing of the account."""
    _ = connection
    return ""


def row_counts(connection: Connection, schema: str) -> dict[str, int]:
    """Count the rows of each table, as far as a second goes."""
    _ = schema
    driver = _driver(connection)
    names = [
        str(row[0])
        for row in driver.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    ]
    end_s = time.monotonic() + _COUNTING_S
    quote_name = connection.dialect.identifier_preparer.quote_identifier
    counts: dict[str, int] = {}
    for name in names:
        if is_hidden(name, "sqlite"):
            continue
        if time.monotonic() > end_s:
            break
        driver.set_progress_handler(lambda: time.monotonic() > end_s, _STEPS_BETWEEN_LOOKS)
        try:
            counted = driver.execute(f"SELECT count(*) FROM {quote_name(quoted_name(name, None))}")  # noqa: S608 - a quoted name of the schema
            counts[name] = int(counted.fetchone()[0])
        except sqlite3.Error:
            continue
    return counts


def type_name(code: object) -> str:
    """SQLite does not tell the types of a result."""
    _ = code
    return ""


def _authorize(
    action: int, first: str | None, second: str | None, schema: str | None, source: str | None
) -> int:
    """Say whether the engine may do one thing; see https://sqlite.org/c3ref/c_alter_table.html."""
    _ = source
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        hidden = is_hidden(first or "", "sqlite") or schema not in {None, "main"}
        return sqlite3.SQLITE_DENY if hidden else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if is_denied(second or "", "sqlite") else sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _driver(connection: Connection) -> sqlite3.Connection:
    found: Any = connection.connection.driver_connection
    return found


def _path(url: str) -> Path:
    name = make_url(url).database or ""
    if name.startswith("file:"):
        name = name.removeprefix("file:").partition("?")[0]
    if not name or name == ":memory:":
        raise Unreachable("its address names no file")
    return Path(name)


def _text(given: bytes) -> str:
    return given.decode("utf-8", "replace")
