"""A bounded number of places shared by owners, so that nobody's many jobs keep another's one out.

Not for: queues that are bounded or have an end (`waiting.Slots`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

_Turn = asyncio.Future[None]


class FairPlaces:
    """At most `count` holders at a time; of several places, no owner ever holds all.

    The next free place goes to whoever holds the fewest, and among those to the one whose turn was
    longest ago. Work of no owner (an empty name) may hold all places. Belongs to one event loop.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._held: Counter[str] = Counter()
        self._turns = 0
        self._last: dict[str, int] = {}  # when the owners who hold or wait had their last turn
        self._waiting: list[tuple[str, _Turn]] = []

    @asynccontextmanager
    async def place(self, owner: str) -> AsyncGenerator[None]:
        """Hold a place, once there is one, for the length of a block."""
        await self._take(owner)
        try:
            yield
        finally:
            self._give(owner)

    async def _take(self, owner: str) -> None:
        if self._may_take(owner):  # whoever waits and might take it has it already
            self._hold(owner)
            return
        turn: _Turn = asyncio.get_running_loop().create_future()
        entry = (owner, turn)
        self._waiting.append(entry)
        try:
            await turn
        except BaseException:
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif not turn.cancelled():
                self._give(owner)
            raise

    def _hold(self, owner: str) -> None:
        self._turns += 1
        self._held[owner] += 1
        self._last[owner] = self._turns

    def _give(self, owner: str) -> None:
        self._held[owner] -= 1
        while entry := self._next():
            self._waiting.remove(entry)
            owner, turn = entry
            if not turn.done():
                self._hold(owner)
                turn.set_result(None)
        self._held += Counter()  # forgets owners without a place
        known = {*self._held, *(owner for owner, _ in self._waiting)}
        self._last = {owner: turn for owner, turn in self._last.items() if owner in known}

    def _next(self) -> tuple[str, _Turn] | None:
        ready = [entry for entry in self._waiting if self._may_take(entry[0])]
        return min(
            ready, key=lambda one: (self._held[one[0]], self._last.get(one[0], 0)), default=None
        )

    def _may_take(self, owner: str) -> bool:
        most = self._count - 1 if owner and self._count > 1 else self._count
        return self._held.total() < self._count and self._held[owner] < most
