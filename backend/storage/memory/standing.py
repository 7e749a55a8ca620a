"""Who may not go on, in memory."""

from __future__ import annotations

from collections.abc import Collection

from backend.ports.standing import Ended
from backend.storage.memory.shelves import Shelves


class MemoryStandingStore:
    """The `StandingStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def ended(self, user_ids: Collection[str], key_ids: Collection[str]) -> Ended:
        """Tell which of these users are disabled or gone, and which of these keys are gone."""
        able = {it.id for it in self._shelves.users.values() if not it.disabled}
        return Ended(
            frozenset(user_ids).difference(able),
            frozenset(key_ids).difference(self._shelves.keys),
            frozenset(user_ids).difference(self._shelves.users),
        )
