"""Answers that are given again, in memory."""

from __future__ import annotations

from dataclasses import dataclass

from backend.ports.kept_answers import KeptAnswer, KeptBounds
from backend.ports.values import JsonObject
from backend.storage.kept_answers import FREE_PART, USED_AGAIN_MS
from backend.storage.memory.shelves import Shelves


@dataclass(slots=True)
class _Row:
    kept: KeptAnswer
    used_at_ms: int


class MemoryKeptAnswerStore:
    """The `KeptAnswerStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._rows: dict[str, _Row] = {}

    async def get(self, key: str, *, since_ms: int, now_ms: int) -> JsonObject | None:
        """Give the answer of a key that was made since then, and note that it was used."""
        self._forget_users()
        row = self._rows.get(key)
        if row is None or row.kept.created_at_ms < since_ms:
            return None
        if now_ms - row.used_at_ms >= USED_AGAIN_MS:
            row.used_at_ms = now_ms
        return row.kept.answer

    async def put(self, kept: KeptAnswer, bounds: KeptBounds) -> None:
        """Keep an answer, and let go what is too old or too much."""
        self._forget_users()
        too_old_ms = kept.created_at_ms - bounds.ttl_ms
        old = [key for key, row in self._rows.items() if row.kept.created_at_ms < too_old_ms]
        for key in old:
            del self._rows[key]
        self._rows[kept.key] = _Row(kept, kept.created_at_ms)
        count, size = await self.totals()
        if count > bounds.max_rows or size > bounds.max_bytes:
            self._make_room(bounds)

    async def totals(self) -> tuple[int, int]:
        """Count answers and their bytes."""
        self._forget_users()
        return len(self._rows), sum(row.kept.size_bytes for row in self._rows.values())

    async def clear(self) -> int:
        """Forget all; tell how many there were."""
        count = len(self._rows)
        self._rows.clear()
        return count

    def _make_room(self, bounds: KeptBounds) -> None:
        rows = max(1, bounds.max_rows - bounds.max_rows // FREE_PART)
        most = bounds.max_bytes - bounds.max_bytes // FREE_PART
        order = sorted(self._rows.values(), key=lambda row: (-row.used_at_ms, row.kept.key))
        size = 0
        for place, row in enumerate(order, 1):
            size += row.kept.size_bytes
            if place > rows or size > most:
                del self._rows[row.kept.key]

    def _forget_users(self) -> None:
        """Let the answers of deleted users go, as the database does."""
        users = self._shelves.users
        gone = [key for key, row in self._rows.items() if row.kept.user_id not in users]
        for key in gone:
            del self._rows[key]
