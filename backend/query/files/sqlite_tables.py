"""Reads the tables of an SQLite file a stranger made, and nothing that its schema would run.

The file is opened read-only and as one that never changes; views, triggers and virtual tables are
left alone, and an authorizer lets only reading through.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import quote

from backend.kit.table_names import quoted
from backend.ports.query import QueryFailed
from backend.query.files.delimited import distinct_names
from backend.query.files.lines import write_rows
from backend.query.files.sources import Given, Source, Workshop

_MOST_TABLES = 200
_MOST_COLUMNS = 2_000
_MAX_VALUE_BYTES = 16 * 1024 * 1024
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
    "AND upper(ltrim(sql)) LIKE 'CREATE TABLE%' ORDER BY name"
)
# Computed columns would run what the schema says; they are marked 2 or 3, hidden ones 1.
_COLUMNS = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid"


def sqlite_tables(given: Given, shop: Workshop) -> list[Source]:
    """Give every ordinary table with its rows; raise QueryFailed when none can be read."""
    address = f"file:{quote(str(given.path))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            names = _prepared(connection)
            notes = [f"only the first {_MOST_TABLES} tables"] if len(names) > _MOST_TABLES else []
            found = [
                _table(connection, name, columns, shop)
                for name, columns in list(names.items())[:_MOST_TABLES]
            ]
    except (sqlite3.Error, OverflowError, ValueError) as exc:
        msg = f"{given.name} cannot be read as an SQLite database: {str(exc)[:200]}."
        raise QueryFailed(msg) from exc
    tables = [one for one in found if one is not None]
    if not tables:
        msg = f"{given.name} has no table."
        raise QueryFailed(msg)
    if notes:
        first = tables[0]
        tables[0] = Source(
            part=first.part,
            relations=first.relations,
            size_bytes=first.size_bytes,
            notes=tuple(notes),
        )
    return tables


def _prepared(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Make it harmless; give the columns of every ordinary table, without those that are computed."""
    connection.text_factory = _leniently
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    names = [str(row[0]) for row in connection.execute(_TABLES).fetchmany(_MOST_TABLES + 1)]
    columns = {
        name: [str(row[0]) for row in connection.execute(_COLUMNS, [name])] for name in names
    }
    connection.set_authorizer(_only_reading)
    return columns


def _leniently(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _only_reading(action: int, *_given: object) -> int:
    """Let SELECT of columns through: no function, no pragma, nothing that writes."""
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _table(
    connection: sqlite3.Connection, name: str, columns: Sequence[str], shop: Workshop
) -> Source | None:
    """Write one table down; None for one without columns, or with far too many."""
    if not columns or len(columns) > _MOST_COLUMNS:
        return None
    listed = ", ".join(quoted(column) for column in columns)
    rows = connection.execute(f"SELECT {listed} FROM {quoted(name)}")
    relation, path = write_rows(distinct_names(list(columns)), rows, shop)
    return Source(part=name, relations=(relation,), size_bytes=path.stat().st_size)
