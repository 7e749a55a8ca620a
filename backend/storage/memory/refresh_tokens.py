"""Refresh tokens of the page in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backend.errors import Conflict
from backend.ports.stores import RefreshToken
from backend.storage.memory.shelves import Shelves


class MemoryRefreshStore:
    """The `RefreshStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def add(self, token: RefreshToken) -> None:
        """Add a token and forget the user's expired ones."""
        self._shelves.require_user(token.user_id)
        self._forget(
            lambda it: it.user_id == token.user_id and it.expires_at_ms <= token.created_at_ms
        )
        if token.id in self._shelves.refresh_tokens or self._find(token.hash) is not None:
            raise Conflict
        self._shelves.refresh_tokens[token.id] = token

    async def use(self, token_hash: str, now_ms: int, *, again_ms: int = 0) -> RefreshToken | None:
        """Take a token once; None when it is unknown or expired.

        One that was used before is returned with its old `used_at_ms`, its whole family ended; unless
        that was less than `again_ms` ago and the token after it was never used: then its answer was
        lost, and it is taken again, in the place of the one after it.
        """
        token = self._find(token_hash)
        if token is None or token.expires_at_ms <= now_ms:
            return None
        if token.used_at_ms is not None:
            later = any(
                it.family == token.family and (it.used_at_ms or 0) > token.used_at_ms
                for it in self._shelves.refresh_tokens.values()
            )
            if later or not 0 < now_ms - token.used_at_ms < again_ms:
                await self.end_family(token.family)
                return token
            self._forget(lambda it: it.family == token.family and it.used_at_ms is None)
        self._shelves.refresh_tokens[token.id] = replace(token, used_at_ms=now_ms)
        return replace(token, used_at_ms=None)

    async def end_family(self, family: str) -> None:
        """End a browser session."""
        self._forget(lambda it: it.family == family)

    async def end_all(self, user_id: str) -> None:
        """End every browser session of a user."""
        self._forget(lambda it: it.user_id == user_id)

    def _find(self, token_hash: str) -> RefreshToken | None:
        tokens = self._shelves.refresh_tokens.values()
        return next((token for token in tokens if token.hash == token_hash), None)

    def _forget(self, ended: Callable[[RefreshToken], bool]) -> None:
        for token in list(self._shelves.refresh_tokens.values()):
            if ended(token):
                del self._shelves.refresh_tokens[token.id]
