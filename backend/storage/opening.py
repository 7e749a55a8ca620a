"""Opens the database that an address names, of whichever kind it is, and what it can do by itself."""

from __future__ import annotations

from backend.ports.search_indexes import SearchIndexes
from backend.storage.database import Database, kind_of


def open_database(url: str) -> Database:
    """Open a database that has this version's schema.

    Raises:
        UnusableDatabaseUrl: when the address is not one this server can use.
    """
    if kind_of(url) == "postgresql":
        from backend.storage.postgres_database import (  # noqa: PLC0415 - a driver that SQLite needs not
            PostgresDatabase,
        )

        return PostgresDatabase(url)
    from backend.storage.sqlite_database import SqliteDatabase  # noqa: PLC0415 - likewise

    return SqliteDatabase(url)


def indexes_of(database: Database) -> SearchIndexes | None:
    """Give what documents are searched by in the database; None where that is kept beside it."""
    if database.kind != "postgresql":
        return None
    from backend.storage.postgres_search import PostgresIndexes  # noqa: PLC0415 - as above

    return PostgresIndexes(database)
