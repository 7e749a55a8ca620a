"""Rows of whole tables, read and written in bulk: for copies of a database and of one user.

A row becomes a JSON object by column name; bytes become `{"base64": ...}`. Tables may be ours
(JSON columns then hold JSON) or reflected from a database of any revision (they then hold its text),
so that the same lines go into SQLite and PostgreSQL. Columns that a database computes or its triggers
fill are left out; vectors are bytes.
Runs on a plain connection, outside of any server. Not for: what a server reads and writes.
"""

from __future__ import annotations

import base64
import sqlite3
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, cast

import orjson
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Select,
    Table,
    create_engine,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.exc import SAWarning

from backend.storage.columns import VectorBytes
from backend.storage.database import kind_of
from backend.storage.document_tables import FILLED_BY_POSTGRES, chunk_vectors
from backend.storage.sqlite_database import sqlite_path

_BYTES = "base64"
_AT_ONCE = 500
_NOT_DATA = frozenset({"alembic_version"})
_VECTOR = (chunk_vectors.name, chunk_vectors.c.vector.name)
Row = dict[str, Any]


@contextmanager
def copying_engine(url: str) -> Generator[Engine]:
    """Open a database for a copy: connections see one moment of it from their first statement on."""
    if kind_of(url) == "postgresql":
        from backend.storage.postgres_database import (  # noqa: PLC0415 - a driver that SQLite needs not
            postgres_url,
        )

        engine = create_engine(postgres_url(url), isolation_level="REPEATABLE READ")
    else:
        engine = create_engine(URL.create("sqlite", database=str(sqlite_path(url))))
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    try:
        yield engine
    finally:
        engine.dispose()


def _leave_transactions_to_us(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def tables_of(connection: Connection) -> Sequence[Table]:
    """Look what tables there are, in the order in which their rows can be written."""
    found = MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", SAWarning
        )  # types of extensions: their text is what is copied
        event.listen(found, "column_reflect", _as_copied)
        found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in _NOT_DATA]


def _as_copied(_inspector: object, table: Table, column: dict[str, Any]) -> None:
    if column["name"] in FILLED_BY_POSTGRES.get(table.name, ()):
        column["computed"] = {"sqltext": "", "persisted": True}
    elif (table.name, column["name"]) == _VECTOR and not _is_bytea(column["type"]):
        column["type"] = VectorBytes()


def _is_bytea(found: object) -> bool:
    return isinstance(found, BYTEA)  # before revision 0012


def rows_of(
    connection: Connection, table: Table, *, where: ColumnElement[bool] | None = None
) -> Iterator[Row]:
    """Read a table's rows in the order of its key, a few at a time."""
    columns = [one for one in table.c if one.computed is None]
    wanted: Select[*tuple[Any, ...]] = select(*columns).order_by(*table.primary_key.columns)
    if where is not None:
        wanted = wanted.where(where)
    names = [str(one.name) for one in columns]
    for row in connection.execute(wanted.execution_options(yield_per=_AT_ONCE)):
        yield dict(zip(names, row, strict=True))


def write_rows(connection: Connection, table: Table, rows: Iterable[Row]) -> int:
    """Insert rows, a few at a time; tell how many. Numbers the database gives go on behind them."""
    packed = [one.name for one in table.c if isinstance(one.type, LargeBinary | VectorBytes)]
    done, waiting = 0, (_unpacked(row, packed) for row in rows)
    while some := list(islice(waiting, _AT_ONCE)):
        connection.execute(insert(table), some)
        done += len(some)
    if done and connection.dialect.name == "postgresql":
        _go_on_numbering(connection, table)
    return done


def _go_on_numbering(connection: Connection, table: Table) -> None:
    keys = list(table.primary_key.columns)
    if len(keys) != 1:
        return
    asked = {"table": f'"{table.name}"', "column": keys[0].name}
    found = "SELECT pg_get_serial_sequence(:table, :column)"
    sequence = connection.execute(text(found), asked).scalar()
    if sequence is not None:
        last = select(keys[0]).order_by(keys[0].desc()).limit(1)
        raised = {"sequence": sequence, "last": connection.execute(last).scalar_one()}
        connection.execute(text("SELECT setval(:sequence, :last)"), raised)


def line_of(row: Mapping[str, Any]) -> bytes:
    """Write a row as one line of JSON."""
    return orjson.dumps(row, default=_plain, option=orjson.OPT_APPEND_NEWLINE)


def row_of(line: bytes) -> Row:
    """Read a row.

    Raises:
        ValueError: when the line is no row.
    """
    found: object = orjson.loads(line)
    if not isinstance(found, dict):
        msg = "a row is a JSON object"
        raise ValueError(msg)  # noqa: TRY004 - what was read is of a wrong form
    return cast("Row", found)


def rows_in(path: Path) -> Iterator[Row]:
    """Read the rows of a file of lines."""
    with path.open("rb") as lines:
        yield from map(row_of, lines)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    raise TypeError


def _unpacked(row: Row, packed: Sequence[str]) -> Row:
    given = {name: row[name][_BYTES] for name in packed if isinstance(row.get(name), dict)}
    return {**row, **{name: base64.b64decode(it, validate=True) for name, it in given.items()}}
