"""Refresh tokens of the page in the database."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from backend.ports.stores import RefreshToken
from backend.storage.database import Database
from backend.storage.tables import refresh_tokens


class SqlRefreshStore:
    """The `RefreshStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: RefreshToken) -> None:
        """Add a token and forget the user's expired ones."""
        await self._database.write(_add, token)

    async def use(self, token_hash: str, now_ms: int, *, again_ms: int = 0) -> RefreshToken | None:
        """Take a token once; None when it is unknown or expired.

        One that was used before is returned with its old `used_at_ms`, its whole family ended; unless
        that was less than `again_ms` ago and the token after it was never used: then its answer was
        lost, and it is taken again, in the place of the one after it.
        """
        return await self._database.write(_use, token_hash, now_ms, again_ms=again_ms)

    async def end_family(self, family: str) -> None:
        """End a browser session."""
        await self._database.write(_end_family, family)

    async def end_all(self, user_id: str) -> None:
        """End every browser session of a user."""
        await self._database.write(_end_all, user_id)


def _token_of(row: Row[Any]) -> RefreshToken:
    return RefreshToken(
        id=row.id,
        user_id=row.user_id,
        family=row.family,
        hash=row.hash,
        created_at_ms=row.created_at_ms,
        expires_at_ms=row.expires_at_ms,
        used_at_ms=row.used_at_ms,
    )


def _add(connection: Connection, token: RefreshToken) -> None:
    stale = (refresh_tokens.c.user_id == token.user_id) & (
        refresh_tokens.c.expires_at_ms <= token.created_at_ms
    )
    connection.execute(delete(refresh_tokens).where(stale))
    connection.execute(insert(refresh_tokens), asdict(token))


def _use(
    connection: Connection, token_hash: str, now_ms: int, *, again_ms: int
) -> RefreshToken | None:
    # The update comes first, so that of two replicas that take one token only one succeeds.
    taken = connection.execute(
        update(refresh_tokens)
        .where(
            refresh_tokens.c.hash == token_hash,
            refresh_tokens.c.expires_at_ms > now_ms,
            refresh_tokens.c.used_at_ms.is_(None),
        )
        .values(used_at_ms=now_ms)
        .returning(refresh_tokens.c.id)
    ).first()
    row = connection.execute(
        select(refresh_tokens).where(
            refresh_tokens.c.hash == token_hash, refresh_tokens.c.expires_at_ms > now_ms
        )
    ).first()
    if row is None:
        return None
    if taken is None and not _take_again(connection, row, now_ms, again_ms=again_ms):
        _end_family(connection, row.family)
        return _token_of(row)
    return replace(_token_of(row), used_at_ms=None)


def _take_again(connection: Connection, row: Row[Any], now_ms: int, *, again_ms: int) -> bool:
    """Take a token whose answer was lost, and forget the unused one that it was answered by."""
    it = refresh_tokens.c
    later = select(it.id).where(it.family == row.family, it.used_at_ms > row.used_at_ms)
    if not 0 < now_ms - row.used_at_ms < again_ms or connection.execute(later).first() is not None:
        return False
    unused = (it.family == row.family) & it.used_at_ms.is_(None)
    connection.execute(delete(refresh_tokens).where(unused))
    connection.execute(update(refresh_tokens).where(it.id == row.id).values(used_at_ms=now_ms))
    return True


def _end_family(connection: Connection, family: str) -> None:
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.family == family))


def _end_all(connection: Connection, user_id: str) -> None:
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.user_id == user_id))
