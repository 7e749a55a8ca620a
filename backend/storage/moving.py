"""Moves everything from one database to an empty one of the other kind, and checks every row.

All of it is one transaction on either side: the source is read as it was at one moment and is not
changed, the target holds all or nothing. Not for: files beside the database, LangGraph's checkpoints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Table, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from backend.storage.database import kind_of
from backend.storage.revisions import HEAD, UnusableSchema
from backend.storage.row_copies import tables_of
from backend.storage.schema import revision_of
from backend.storage.sqlite_database import migrating_engine, sqlite_path

_AT_ONCE = 100  # rows; one of a long run may have megabytes
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'steward' AND pid <> pg_backend_pid()"
)


class CannotMove(Exception):
    """The database cannot be moved; the message says why, and nothing has changed."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What is in a table: how many rows, and a sum over the digest of each, in any order."""

    rows: int = 0
    digests: int = 0

    def add(self, row: RowMapping) -> Sum:
        """Count one more row in."""
        digest = hashlib.sha256()
        for value in row.values():
            plain = _plain(value)
            digest.update(b"%d:" % len(plain))
            digest.update(plain)
        return Sum(self.rows + 1, (self.digests + int.from_bytes(digest.digest())) % (1 << 256))


def move(source: str, target: str) -> Mapping[str, int]:
    """Copy every row, check it, and tell how many rows each table has.

    The target has this version's schema and no rows. Nobody else may be working on either.

    Raises:
        CannotMove: with the reason; the target is as it was then.
        UnusableSchema: when one of them is not a database of this version.
    """
    if kind_of(source) == kind_of(target):
        msg = "both are of the same kind; copy the database with its own tools instead"
        raise CannotMove(msg)
    for url in (source, target):
        if revision_of(url) != HEAD:
            msg = f"its schema is not that of this version ({HEAD}); start this server on it once"
            raise UnusableSchema(msg)
    try:
        with _alone_on(source) as old, _alone_on(target) as new:
            return _copy_all(old, new)
    except SQLAlchemyError as exc:
        reason = str(getattr(exc, "orig", exc)).strip().splitlines()[0]
        msg = f"the copy broke off: {reason}"
        raise CannotMove(msg) from exc


def _copy_all(old: Connection, new: Connection) -> Mapping[str, int]:
    tables = tables_of(old if _is_sqlite(old) else new)  # as SQLite has them: plain ones alone
    for table in tables:
        if new.execute(select(func.count()).select_from(table)).scalar_one():
            msg = f"the new database is not empty: its table {table.name} has rows"
            raise CannotMove(msg)
    sums = {table.name: _copy(table, old, new) for table in tables}
    for table in tables:
        if _sum(_rows(table, new)) != sums[table.name]:
            msg = f"the rows of {table.name} are not the same after the copy"
            raise CannotMove(msg)
    if _is_sqlite(new):
        _check_sqlite(new)
        _number_sqlite(old, new)
    else:
        _number_postgres(old, new, tables)
    return {name: found.rows for name, found in sums.items()}


def _copy(table: Table, old: Connection, new: Connection) -> Sum:
    """Copy one table; give the sum of what was read."""
    found = Sum()
    batch: list[dict[str, Any]] = []
    for row in _rows(table, old):
        found = found.add(row)
        batch.append(dict(row))
        if len(batch) == _AT_ONCE:
            new.execute(insert(table), batch)
            batch = []
    if batch:
        new.execute(insert(table), batch)
    return found


def _rows(table: Table, connection: Connection) -> Iterator[RowMapping]:
    options = {"yield_per": _AT_ONCE}
    yield from connection.execute(select(table), execution_options=options).mappings()


def _sum(rows: Iterator[RowMapping]) -> Sum:
    found = Sum()
    for row in rows:
        found = found.add(row)
    return found


def _plain(value: object) -> bytes:
    """Write a value down the same way whichever driver gave it."""
    if isinstance(value, str):
        return b"s" + value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return b"b" + value
    return repr(value).encode()


def _check_sqlite(new: Connection) -> None:
    if new.execute(text("PRAGMA foreign_key_check")).first() is not None:
        msg = "rows of the copy would point at nothing"
        raise CannotMove(msg)


def _number_postgres(old: Connection, new: Connection, tables: Sequence[Table]) -> None:
    """Let new rows be numbered on from the highest number there ever was."""
    kept = old.execute(text("SELECT name, seq FROM sqlite_sequence"))
    used = {str(row.name): int(row.seq) for row in kept}
    for table, column in _numbered(new, tables):
        highest = new.execute(select(func.max(table.c[column]))).scalar() or 0
        last = max(int(highest), used.get(table.name, 0))
        sequence = func.pg_get_serial_sequence(table.name, column)
        new.execute(select(func.setval(sequence, max(last, 1), last > 0)))


def _number_sqlite(old: Connection, new: Connection) -> None:
    """Let no number of a removed row come back where SQLite remembers them."""
    for name in new.execute(text("SELECT name FROM sqlite_sequence")).scalars().all():
        for table, column in _numbered(old, [it for it in tables_of(new) if it.name == name]):
            sequence = old.execute(select(func.pg_get_serial_sequence(table.name, column))).scalar()
            last = old.execute(text(f"SELECT last_value FROM {sequence}")).scalar_one()  # noqa: S608 - its own name
            new.execute(
                text("UPDATE sqlite_sequence SET seq = max(seq, :last) WHERE name = :name"),
                {"last": last, "name": name},
            )


def _numbered(postgres: Connection, tables: Sequence[Table]) -> Iterator[tuple[Table, str]]:
    """Find the columns that PostgreSQL numbers by itself."""
    for table in tables:
        for column in table.primary_key.columns:
            name = func.pg_get_serial_sequence(table.name, column.name)
            if postgres.execute(select(name)).scalar() is not None:
                yield table, column.name


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


@contextmanager
def _alone_on(url: str) -> Generator[Connection]:
    """Give a transaction that nobody else writes beside."""
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            if not _is_sqlite(connection):
                _require_alone(connection)
            yield connection
    finally:
        engine.dispose()


def _require_alone(connection: Connection) -> None:
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    if others := connection.execute(_OTHERS).scalar_one():
        msg = (
            f"{others} connections of Steward are open on PostgreSQL; stop every server and worker"
        )
        raise CannotMove(msg)


def _engine(url: str) -> Engine:
    if kind_of(url) == "sqlite":
        return migrating_engine(sqlite_path(url))
    from backend.storage.postgres_database import (  # noqa: PLC0415 - a driver that SQLite needs not
        make_engine,
    )

    engine = make_engine(url, connections=1)
    return engine.execution_options(isolation_level="REPEATABLE READ")
