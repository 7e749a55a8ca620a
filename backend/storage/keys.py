"""API keys in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from backend.ports.stores import ApiKey, User
from backend.storage.database import Database
from backend.storage.tables import api_keys, users

_FIND = (
    select(
        api_keys,
        users.c.username,
        users.c.password_hash,
        users.c.role,
        users.c.disabled,
        users.c.token_version,
        users.c.created_at_ms.label("user_created_at_ms"),
    )
    .join_from(api_keys, users)
    .where(api_keys.c.hash == bindparam("wanted"))
)
_TOUCH = (
    update(api_keys)
    .where(api_keys.c.id == bindparam("wanted"))
    .values(last_used_at_ms=bindparam("used"))
)


class SqlKeyStore:
    """The `KeyStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: ApiKey) -> None:
        """Add a key; raise Conflict when it exists or its user does not."""
        await self._database.write(_add, key)

    async def find(self, key_hash: str) -> tuple[ApiKey, User] | None:
        """Find a key and its owner by the secret's hash, in one query."""
        return await self._database.read(_find, key_hash)

    async def list(self, user_id: str) -> Sequence[ApiKey]:
        """A user's keys, newest first."""
        return await self._database.read(_list, user_id)

    async def delete(self, user_id: str, key_id: str) -> bool:
        """Revoke a key."""
        return await self._database.write(_delete, user_id, key_id)

    async def touch(self, key_id: str, used_at_ms: int) -> None:
        """Note that a key was used."""
        await self._database.write(_touch, key_id, used_at_ms)


def _key_of(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        hash=row.hash,
        hint=row.hint,
        scopes=tuple(row.scopes),
        created_at_ms=row.created_at_ms,
        expires_at_ms=row.expires_at_ms,
        last_used_at_ms=row.last_used_at_ms,
    )


def _add(connection: Connection, key: ApiKey) -> None:
    values = {
        "id": key.id,
        "user_id": key.user_id,
        "name": key.name,
        "hash": key.hash,
        "hint": key.hint,
        "scopes": key.scopes,
        "created_at_ms": key.created_at_ms,
        "expires_at_ms": key.expires_at_ms,
        "last_used_at_ms": key.last_used_at_ms,
    }
    connection.execute(insert(api_keys), values)


def _find(connection: Connection, key_hash: str) -> tuple[ApiKey, User] | None:
    row = connection.execute(_FIND, {"wanted": key_hash}).first()
    if row is None:
        return None
    owner = User(
        id=row.user_id,
        username=row.username,
        password_hash=row.password_hash,
        role=row.role,
        disabled=row.disabled,
        token_version=row.token_version,
        created_at_ms=row.user_created_at_ms,
    )
    return _key_of(row), owner


def _list(connection: Connection, user_id: str) -> Sequence[ApiKey]:
    rows = connection.execute(
        select(api_keys)
        .where(api_keys.c.user_id == user_id)
        .order_by(api_keys.c.created_at_ms.desc(), api_keys.c.id.desc())
    )
    return tuple(_key_of(row) for row in rows)


def _delete(connection: Connection, user_id: str, key_id: str) -> bool:
    mine = (api_keys.c.id == key_id) & (api_keys.c.user_id == user_id)
    return connection.execute(delete(api_keys).where(mine)).rowcount > 0


def _touch(connection: Connection, key_id: str, used_at_ms: int) -> None:
    connection.execute(_TOUCH, {"wanted": key_id, "used": used_at_ms})
