"""Databases of every earlier schema, with a row in every table, become today's with each row as it was."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    create_engine,
    insert,
    text,
)

from backend.storage.migrate import migrate, migrate_postgres
from backend.storage.postgres_database import make_engine
from backend.storage.revisions import HEAD, REVISIONS
from tests.fakes.sql_databases import empty_postgres, postgres_copy

ROWS = 3
VECTOR = struct.pack("<3f", 0.25, -1.5, 3.0)
WRITTEN = "[0.25,-1.5,3]"
Rows = list[dict[str, Any]]
JSON_COLUMNS = {"message", "metadata", "trace", "events", "arguments", "details", "data", "body"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL."""
    with empty_postgres() as url:
        yield url


@pytest.mark.parametrize("revision", [it for it in REVISIONS if it != HEAD])
def test_a_file_of_an_older_version_keeps_every_row(tmp_path: Path, revision: str) -> None:
    """On SQLite, column by column."""
    path = tmp_path / "old.db"
    migrate(path, head=revision)
    with disposed(create_engine(f"sqlite:///{path}")) as engine:
        before = filled(engine)
    migrate(path)
    with disposed(create_engine(f"sqlite:///{path}")) as engine, engine.connect() as connection:
        assert_kept(before, connection)
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_database_that_went_through_every_version_keeps_every_row(server: str) -> None:
    """On PostgreSQL, rows that each version wrote, column by column; vectors become pgvector's."""
    with postgres_copy(server) as url, disposed(make_engine(url, connections=1)) as engine:
        before: dict[str, Rows] = {}
        for at, revision in enumerate(REVISIONS):
            migrate_postgres(url, head=revision)
            with engine.connect() as connection:
                assert_kept(before, connection)
            if revision != HEAD:
                before = filled(engine, first=at * ROWS)


@contextmanager
def disposed(engine: Engine) -> Iterator[Engine]:
    """Close an engine's connections at the end."""
    try:
        yield engine
    finally:
        engine.dispose()


def filled(engine: Engine, *, first: int = 0) -> dict[str, Rows]:
    """Put rows into every table there is, each pointing at others of its kind; give them as they are read."""
    meta = MetaData()
    with engine.begin() as connection:
        meta.reflect(connection)
        tables = [it for it in meta.sorted_tables if it.name != "alembic_version"]
        for number in range(first, first + ROWS):
            keys: dict[tuple[str, str], Any] = {}
            for table in tables:
                row = {it.name: _value(it, keys, number) for it in table.c if not it.computed}
                connection.execute(insert(table), row)
                keys |= {(table.name, name): value for name, value in row.items()}
        return {it.name: rows_of(connection, it.name, [one.name for one in it.c]) for it in tables}


def _value(column: Column[Any], keys: dict[tuple[str, str], Any], number: int) -> Any:
    for key in column.foreign_keys:
        return keys[key.column.table.name, key.column.name]
    if column.name in JSON_COLUMNS and isinstance(column.type, Text):
        return f'{{"number": {number}.5, "text": "a \\"quoted\\"\\nw\\u00f6rd"}}'
    kinds: list[tuple[type, Any]] = [
        (Boolean, number % 2 == 0),
        (BigInteger | Integer, number),
        (Float, number + 0.25),
        (LargeBinary, VECTOR),
    ]
    for kind, value in kinds:
        if isinstance(column.type, kind):
            return value
    return f"{column.table.name} {column.name} wörd\n{number}"


def rows_of(connection: Connection, table: str, columns: list[str]) -> Rows:
    """Read a table's rows, in an order of their own."""
    quoted = ", ".join(f'"{name}"' for name in columns)
    rows = connection.execute(text(f'SELECT {quoted} FROM "{table}"')).mappings().all()
    return sorted((dict(row) for row in rows), key=repr)


def assert_kept(before: dict[str, Rows], connection: Connection) -> None:
    """Every row of before is there, with every column; none has come by."""
    for table, rows in before.items():
        assert len(rows) >= ROWS, table
        found = rows_of(connection, table, list(rows[0]))
        wanted = (_converted(row, table, connection) for row in rows)
        assert found == sorted(wanted, key=repr), table


def _converted(row: dict[str, Any], table: str, connection: Connection) -> dict[str, Any]:
    if table == "chunk_vectors" and _has_vectors(connection):
        return row | {"vector": WRITTEN}
    return row


def _has_vectors(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return False
    found = "SELECT count(*) FROM pg_type WHERE typname = 'vector'"
    return connection.execute(text(found)).scalar_one() > 0
