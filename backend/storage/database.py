"""The way to a database: one hop to a thread per unit of work, never on the event loop.

A store hands over a plain function of a SQLAlchemy `Connection`; the whole function runs inside one
transaction in one hop. Driver calls awaited one by one cost five times the CPU: 1.0 ms against 0.2 ms
for one stored run. Not for: one kind of database (`sqlite_database`, `postgres_database`), the schema
(`tables`), its versions (`schema`), queries (one store per noun).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, text
from sqlalchemy.dialects.postgresql import insert  # SQLite reads the same clauses
from sqlalchemy.dialects.postgresql.dml import Insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from backend.errors import Conflict, StewardError, Unavailable
from backend.ports.values import Health

P = ParamSpec("P")
T = TypeVar("T")


class UnusableDatabaseUrl(ValueError):
    """The address of the database is not one this server can use."""


class Database(Protocol):
    """Where the stores keep their rows; `shared` tells whether several servers may use it at once.

    Units of work may be run again when others were in their way: they change nothing but the database.
    """

    shared: bool

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` in a transaction: all of it happens, or nothing.

        What it reads is as if nobody else wrote meanwhile.

        Raises:
            Unavailable: when the database cannot be reached, is locked, full or unreadable.
            Conflict: when a unique or foreign key is violated.
        """
        ...

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` to read; every statement sees what is committed by then.

        Raises:
            Unavailable: when the database is unreadable.
        """
        ...

    async def forget(self) -> None:
        """Make what was erased unreadable on the disk as well, as far as the database can."""
        ...

    async def shrink(self) -> None:
        """Give freed space back to the disk, where the database does not by itself."""
        ...

    async def health(self) -> Health:
        """Tell whether the database answers."""
        ...

    async def aclose(self) -> None:
        """Finish the work under way and close every connection; more work is refused."""
        ...


def kind_of(url: str) -> str:
    """Read the kind of database out of an address: `sqlite` or `postgresql`.

    Raises:
        UnusableDatabaseUrl: for other kinds, and for what is no address.
    """
    try:
        kind = make_url(url).get_backend_name()
    except ArgumentError as exc:
        msg = "the database address is not a URL such as sqlite+aiosqlite:///data/steward.db"
        raise UnusableDatabaseUrl(msg) from exc
    kind = "postgresql" if kind == "postgres" else kind
    if kind not in {"sqlite", "postgresql"}:
        msg = f"databases of kind {kind!r} are not supported, only SQLite and PostgreSQL"
        raise UnusableDatabaseUrl(msg)
    return kind


def upsert(table: Table, key: str, *same: str, only: ColumnElement[bool] | None = None) -> Insert:
    """Build an INSERT that replaces the row of the same `key` when it belongs to the same user.

    It stays as it is too when another of the columns named in `same` differs, or `only` does not hold of it.
    """
    fresh = insert(table)
    changed = {c.name: fresh.excluded[c.name] for c in table.c if c.name not in {key, "user_id"}}
    unchanged = and_(*(table.c[name] == fresh.excluded[name] for name in ("user_id", *same)))
    return fresh.on_conflict_do_update(
        index_elements=[table.c[key]],
        set_=changed,
        where=unchanged if only is None else unchanged & only,
    )


def insert_or_update(table: Table, *keys: str, **changes: ColumnElement[Any]) -> Insert:
    """Build an INSERT that changes the row of the same `keys` instead, if there is one.

    Without `changes` every other column takes the new value.
    """
    fresh = insert(table)
    other = {c.name: fresh.excluded[c.name] for c in table.c if c.name not in keys}
    return fresh.on_conflict_do_update(
        index_elements=[table.c[key] for key in keys], set_=changes or other
    )


async def in_thread(
    threads: ThreadPoolExecutor,
    hop: Callable[[], T],
    translated: Callable[[DBAPIError], StewardError],
) -> T:
    """Run a hop in one of the threads and say in our words what went wrong."""
    try:
        job = asyncio.get_running_loop().run_in_executor(threads, hop)
    except RuntimeError as exc:
        msg = "The database is closed: the server is stopping."
        raise Unavailable(msg) from exc
    try:
        return await job
    except IntegrityError as exc:
        raise Conflict from exc
    except DBAPIError as exc:
        raise translated(exc) from exc


def ping(connection: Connection) -> None:
    """Ask for the least that a database of ours has."""
    connection.execute(text("SELECT version_num FROM alembic_version"))
