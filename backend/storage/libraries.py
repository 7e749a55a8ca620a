"""The version of each user's library: it grows whenever what can be found changes."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from backend.storage.database import insert_or_update
from backend.storage.document_tables import libraries

_VERSION = select(libraries.c.version).where(libraries.c.user_id == bindparam("owner"))
_RAISE = insert_or_update(libraries, "user_id", version=libraries.c.version + 1)
_RAISE_ALL = update(libraries).values(version=libraries.c.version + 1)


def library_version(connection: Connection, user_id: str) -> int:
    """Give the version; 0 for a user who never had a document."""
    return connection.execute(_VERSION, {"owner": user_id}).scalar() or 0


def raise_version(connection: Connection, user_id: str) -> None:
    """Note that what one user can find has changed."""
    connection.execute(_RAISE, {"user_id": user_id, "version": 1})


def raise_versions(connection: Connection) -> None:
    """Note that what every user can find has changed."""
    connection.execute(_RAISE_ALL)
