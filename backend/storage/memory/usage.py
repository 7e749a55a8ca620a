"""What people used, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from backend.ports.usage import Used, UsedBy
from backend.storage.memory.shelves import Shelves


class MemoryUsageStore:
    """The `UsageStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def add(self, used: Sequence[Used]) -> None:
        """Add to the sums; what is of an account that is gone is left out."""
        for one in used:
            self._shelves.use(one)

    async def of_user(self, user_id: str, *, since_day: int) -> Sequence[Used]:
        """A user's sums from that day on: by day, newest first, then by model, route and key."""
        mine = [it for it in self._since(since_day) if it.user_id == user_id]
        return sorted(mine, key=lambda it: (-it.day, it.model, it.route, it.key_id))

    async def by_user(self, *, since_day: int) -> Sequence[UsedBy]:
        """What every user who used anything from that day on used in all, by user id."""
        sums: dict[str, Used] = {}
        for one in self._since(since_day):
            sums[one.user_id] = one.plus(sums.get(one.user_id))
        return [
            UsedBy(
                user_id=user_id,
                runs=it.runs,
                prompt_tokens=it.prompt_tokens,
                completion_tokens=it.completion_tokens,
            )
            for user_id, it in sorted(sums.items())
        ]

    def _since(self, day: int) -> list[Used]:
        return [it for it in self._shelves.usage.values() if it.day >= day]
