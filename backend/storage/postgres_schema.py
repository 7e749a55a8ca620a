"""Which schema a database of PostgreSQL has, and the lock under which it is changed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from backend.storage.postgres_database import make_engine, postgres_url
from backend.storage.revisions import UnusableSchema, known_revision

_LOCK = 0x57E3A2D  # any number that others hardly take; held until the transaction ends


def postgres_revision(url: str) -> str | None:
    """Read which revision a database has; None when it is empty.

    Raises:
        SchemaTooNew: when this version does not know the revision.
        UnusableSchema: when it holds other tables or cannot be reached.
    """
    engine = make_engine(url, connections=1)
    try:
        with engine.connect() as connection:
            return _revision(connection, _name(url))
    except SQLAlchemyError as exc:
        reason = str(getattr(exc, "orig", exc)).strip().splitlines()[0]
        msg = f"{_name(url)} cannot be read: {reason}"
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
            yield connection, _revision(connection, _name(url))
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


def _name(url: str) -> str:
    return postgres_url(url).render_as_string(hide_password=True)
