"""Sealed secrets in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from backend.ports.credentials import SealedCredential
from backend.storage.database import Database, insert_or_update
from backend.storage.upstream_tables import credentials


class SqlCredentialStore:
    """The `CredentialStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[SealedCredential]:
        """List all, by name."""
        return await self._database.read(_list)

    async def put(self, credential: SealedCredential) -> None:
        """Keep one, in place of one of the same name."""
        await self._database.write(_put, credential)

    async def delete(self, name: str) -> bool:
        """Forget one; tell whether it was there."""
        return await self._database.write(_delete, name)

    async def replace(self, name: str, *, old: str, new: str) -> bool:
        """Put a new sealing in the place of the old one, unless it has changed meanwhile."""
        return await self._database.write(_replace, name, old, new)


def _list(connection: Connection) -> Sequence[SealedCredential]:
    rows = connection.execute(select(credentials).order_by(credentials.c.name)).mappings()
    return [SealedCredential(**row) for row in rows]


def _put(connection: Connection, one: SealedCredential) -> None:
    row = {
        "name": one.name,
        "sealed": one.sealed,
        "hint": one.hint,
        "updated_at_ms": one.updated_at_ms,
        "updated_by": one.updated_by,
    }
    connection.execute(insert_or_update(credentials, "name"), row)


def _delete(connection: Connection, name: str) -> bool:
    return connection.execute(delete(credentials).where(credentials.c.name == name)).rowcount > 0


def _replace(connection: Connection, name: str, old: str, new: str) -> bool:
    mine = (credentials.c.name == name) & (credentials.c.sealed == old)
    return connection.execute(update(credentials).where(mine).values(sealed=new)).rowcount > 0
