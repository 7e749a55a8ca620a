"""Who may not go on, by the database."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from backend.ports.standing import Ended
from backend.storage.database import Database
from backend.storage.tables import api_keys, users

_USERS = select(users.c.id, users.c.disabled).where(
    users.c.id.in_(bindparam("wanted", expanding=True))
)
_KEYS = select(api_keys.c.id).where(api_keys.c.id.in_(bindparam("wanted", expanding=True)))


class SqlStandingStore:
    """The `StandingStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ended(self, user_ids: Collection[str], key_ids: Collection[str]) -> Ended:
        """Tell which of these users are disabled or gone, and which of these keys are gone."""
        return await self._database.read(_ended, list(user_ids), list(key_ids))


def _ended(connection: Connection, user_ids: list[str], key_ids: list[str]) -> Ended:
    found = {row.id: row.disabled for row in connection.execute(_USERS, {"wanted": user_ids})}
    gone = frozenset(user_ids).difference(found)
    ended_users = gone.union(user_id for user_id, disabled in found.items() if disabled)
    if not key_ids:
        return Ended(ended_users, gone=gone)
    there = connection.execute(_KEYS, {"wanted": key_ids}).scalars()
    return Ended(ended_users, frozenset(key_ids).difference(there), gone)
