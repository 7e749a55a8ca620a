"""API keys in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict
from backend.ports.stores import ApiKey, User
from backend.storage.memory.shelves import Shelves


class MemoryKeyStore:
    """The `KeyStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def add(self, key: ApiKey) -> None:
        """Add a key; raise Conflict when it exists or its user does not."""
        self._shelves.require_user(key.user_id)
        if key.id in self._shelves.keys or await self.find(key.hash) is not None:
            raise Conflict
        self._shelves.keys[key.id] = key

    async def find(self, key_hash: str) -> tuple[ApiKey, User] | None:
        """Find a key and its owner by the secret's hash."""
        for key in self._shelves.keys.values():
            if key.hash == key_hash:
                return key, self._shelves.users[key.user_id]
        return None

    async def list(self, user_id: str) -> Sequence[ApiKey]:
        """A user's keys, newest first."""
        mine = [key for key in self._shelves.keys.values() if key.user_id == user_id]
        return tuple(sorted(mine, key=lambda key: (key.created_at_ms, key.id), reverse=True))

    async def delete(self, user_id: str, key_id: str) -> bool:
        """Revoke a key."""
        key = self._shelves.keys.get(key_id)
        if key is None or key.user_id != user_id:
            return False
        del self._shelves.keys[key_id]
        return True

    async def touch(self, key_id: str, used_at_ms: int) -> None:
        """Note that a key was used."""
        key = self._shelves.keys.get(key_id)
        if key is not None:
            self._shelves.keys[key_id] = replace(key, last_used_at_ms=used_at_ms)
