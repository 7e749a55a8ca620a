"""Which schema a database of PostgreSQL has, and the lock under which it is changed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from backend.storage.postgres_database import conninfo_of, make_engine, shown
from backend.storage.revisions import UnusableSchema, known_revision

_OLDEST = 140_000
_KIND = text(
    "SELECT current_setting('server_version_num')::int AS version,"
    " current_setting('server_encoding') AS encoding"
)
_LOCK = 0x57E3A2D  # any number that others hardly take; held until the transaction ends


def absence(url: str) -> str:
    """Say in words that PostgreSQL takes no connections; "" when it does, whatever it then thinks of us."""
    info = make_conninfo(conninfo_of(url), connect_timeout=3)
    found = PGconn.ping(info.encode())
    if found == Ping.REJECT:
        return f"{shown(url)} is starting, and took no connections"
    if found == Ping.NO_RESPONSE:
        return f"{shown(url)} did not answer"
    return ""


def postgres_revision(url: str) -> str | None:
    """Read which revision a database has; None when it is empty.

    Raises:
        SchemaTooNew: when this version does not know the revision.
        UnusableSchema: when it holds other tables or cannot be reached.
    """
    engine = make_engine(url, connections=1)
    try:
        with engine.connect() as connection:
            _check(connection, shown(url))
            return _revision(connection, shown(url))
    except SQLAlchemyError as exc:
        msg = f"{shown(url)} cannot be used: {_reason(exc)}"
        raise UnusableSchema(msg) from exc
    finally:
        engine.dispose()


@contextmanager
def alone_in_postgres(url: str) -> Generator[tuple[Connection, str | None]]:
    """Give a transaction that nobody else migrates in, and the revision it begins with."""
    engine = make_engine(url, connections=1)
    try:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            yield connection, _revision(connection, shown(url))
    finally:
        engine.dispose()


def _revision(connection: Connection, name: str) -> str | None:
    tables = set(inspect(connection).get_table_names())
    found: list[str] = []
    if "alembic_version" in tables:
        found = [
            str(it) for it in connection.scalars(text("SELECT version_num FROM alembic_version"))
        ]
    return known_revision(found, tables, name=name)


def _check(connection: Connection, name: str) -> None:
    """Refuse a server that is too old, or a database that cannot hold every text."""
    row = connection.execute(_KIND).one()
    if row.version < _OLDEST:
        msg = (
            f"{name} is of version {row.version // 10_000}; {_OLDEST // 10_000} or newer is needed"
        )
        raise UnusableSchema(msg)
    if row.encoding != "UTF8":
        msg = (
            f"{name} keeps texts in {row.encoding}; make it with: CREATE DATABASE ... ENCODING 'UTF8'"
            " TEMPLATE template0"
        )
        raise UnusableSchema(msg)


def _reason(error: SQLAlchemyError) -> str:
    """Give the reason alone: what a driver says of a failed connection has one line per address tried."""
    lines = str(getattr(error, "orig", error)).strip().splitlines() or ["it broke off"]
    fatal = next((line for line in lines if "FATAL:" in line), lines[0])
    return fatal.rpartition("FATAL:")[2].strip()
