"""Opens the database that an address names, of whichever kind it is, and what it can do by itself."""

from __future__ import annotations

import asyncio
import logging

from backend.ports.clock import Clock
from backend.ports.search_indexes import SearchIndexes
from backend.storage.database import Database, kind_of
from backend.storage.revisions import UnusableSchema

logger = logging.getLogger(__name__)
LOOK_AGAIN_S = 0.5


def open_database(url: str, *, writers: int = 4, readers: int = 4) -> Database:
    """Open a database that has this version's schema; PostgreSQL with so many connections of each kind.

    Raises:
        UnusableDatabaseUrl: when the address is not one this server can use.
    """
    if kind_of(url) == "postgresql":
        from backend.storage.postgres_database import (  # noqa: PLC0415 - a driver that SQLite needs not
            PostgresDatabase,
        )

        return PostgresDatabase(url, writers=writers, readers=readers)
    from backend.storage.sqlite_database import SqliteDatabase  # noqa: PLC0415 - likewise

    return SqliteDatabase(url)


async def wait_for_database(url: str, *, wait_s: float, clock: Clock) -> None:
    """Wait until PostgreSQL takes connections, while it starts or does not listen yet; never for SQLite.

    Raises:
        UnusableDatabaseUrl: when the address is not one this server can use.
        UnusableSchema: when it does not answer in time.
    """
    if kind_of(url) != "postgresql":
        return
    from backend.storage.postgres_schema import (  # noqa: PLC0415 - a driver that SQLite needs not
        absence,
    )

    until_s = clock.monotonic_s() + wait_s
    told = False
    while missing := await asyncio.to_thread(absence, url):
        if clock.monotonic_s() >= until_s:
            msg = f"{missing} within {wait_s:g} s; start PostgreSQL, or give where it is"
            raise UnusableSchema(msg)
        if not told:
            logger.info("%s yet; waiting up to %g s", missing, wait_s)
            told = True
        await clock.sleep(LOOK_AGAIN_S)


def indexes_of(database: Database, *, index_above: int) -> SearchIndexes | None:
    """Give what documents are searched by in the database; None where that is kept beside it."""
    if not database.shared:
        return None
    from backend.storage.postgres_search import PostgresIndexes  # noqa: PLC0415 - as above

    return PostgresIndexes(database, index_above=index_above)
