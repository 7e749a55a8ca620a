"""Failed log-ins in memory."""

from __future__ import annotations

from collections.abc import Sequence

from backend.storage.login_attempts import KEPT_MS
from backend.storage.memory.shelves import Shelves


class MemoryLoginAttemptStore:
    """The `LoginAttemptStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def failures(self, subject: str, since_ms: int) -> int:
        """Count the failures of one subject since then, that moment included."""
        rows = self._shelves.login_failures
        return sum(1 for name, at_ms in rows if name == subject and at_ms >= since_ms)

    async def add_failure(self, subjects: Sequence[str], at_ms: int) -> None:
        """Note a failure for each subject and forget those older than a day."""
        rows = self._shelves.login_failures
        rows[:] = [row for row in rows if row[1] >= at_ms - KEPT_MS]
        rows += [(subject, at_ms) for subject in subjects]

    async def clear(self, subject: str) -> None:
        """Forget a subject's failures after a success."""
        rows = self._shelves.login_failures
        rows[:] = [row for row in rows if row[0] != subject]
