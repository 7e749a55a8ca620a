"""A bounded number of places and a bounded queue before them that serves its owners in turn.

One owner's fifty requests keep another's one waiting for one place, not for fifty. Not for: jobs that
may wait for ever (`fair_places`).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

from backend.kit.waiting import Sleeper

LOOK_S = 1.0


class QueueFull(Exception):
    """The queue has its full length."""


class QueueTooSlow(Exception):
    """The turn did not come in time."""


@dataclass(slots=True, eq=False)
class Waiter:
    """One who waits; `come` is done when the place is theirs."""

    owner: str
    come: asyncio.Future[None]
    until_s: float


class FairQueue:
    """At most `places` holders; up to `max_waiting` wait, for `patience_s` each. Of one event loop.

    Owners are served one after the other, each owner's own requests in order. 0 places is no limit.
    """

    def __init__(self, places: int, *, max_waiting: int, patience_s: float, clock: Sleeper) -> None:
        self.places = places
        self._max_waiting = max_waiting
        self._patience_s = patience_s
        self._clock = clock
        self._held: Counter[str] = Counter()
        self._rows: dict[str, deque[Waiter]] = {}  # who is served next stands first

    @property
    def running(self) -> int:
        """Count the places that are held."""
        return self._held.total()

    @property
    def waiting(self) -> int:
        """Count those who wait."""
        return sum(map(len, self._rows.values()))

    def held_by(self, owner: str) -> int:
        """Count the places of one owner."""
        return self._held[owner]

    def waiting_of(self, owner: str) -> int:
        """Count the requests of one owner that wait."""
        return len(self._rows.get(owner, ()))

    def owners(self) -> list[str]:
        """Name everybody who holds a place or waits for one."""
        return sorted({*(owner for owner, held in self._held.items() if held), *self._rows})

    def enter(self, owner: str) -> Waiter | None:
        """Take a place, or else stand in the queue; None when the place was free.

        Raises:
            QueueFull: when as many wait as may.
        """
        if not self._rows and (not self.places or self.running < self.places):
            self._held[owner] += 1
            return None
        if self.waiting >= self._max_waiting:
            raise QueueFull
        come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = Waiter(owner, come, self._clock.monotonic_s() + self._patience_s)
        self._rows.setdefault(owner, deque()).append(waiter)
        return waiter

    def before(self, waiter: Waiter) -> int:
        """Count those who are served before this one, if nobody else comes."""
        mine = self._rows.get(waiter.owner)
        if mine is None or waiter not in mine:
            return 0
        own = mine.index(waiter)
        count, passed = own, False
        for owner, row in self._rows.items():
            if owner == waiter.owner:
                passed = True
            else:
                count += min(len(row), own if passed else own + 1)
        return count

    def first_of(self, owner: str) -> Waiter | None:
        """Give the request of an owner that is served next."""
        row = self._rows.get(owner)
        return row[0] if row else None

    async def come_nearer(self, waiter: Waiter) -> bool:
        """Wait for the place, but a second at most; tell whether it has come.

        Raises:
            QueueTooSlow: when the patience has run out; whoever gets this has left the queue.
        """
        left_s = waiter.until_s - self._clock.monotonic_s()
        timer = asyncio.ensure_future(self._clock.sleep(max(0.0, min(LOOK_S, left_s))))
        try:
            await asyncio.wait((waiter.come, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        if waiter.come.done():
            return True
        if waiter.until_s <= self._clock.monotonic_s():
            self.leave(waiter)
            raise QueueTooSlow
        return False

    def leave(self, waiter: Waiter) -> None:
        """Go before the place was used: out of the queue, or give the place that has come."""
        row = self._rows.get(waiter.owner)
        if row is not None and waiter in row:
            row.remove(waiter)
            if not row:
                del self._rows[waiter.owner]
        elif waiter.come.done():
            self.give(waiter.owner)

    def give(self, owner: str) -> None:
        """Hand a place back, to the next owner in turn if somebody waits."""
        self._held[owner] -= 1
        if self._held[owner] <= 0:
            del self._held[owner]
        while self._rows and self.running < self.places:
            first = next(iter(self._rows))
            row = self._rows.pop(first)
            waiter = row.popleft()
            if row:
                self._rows[first] = row  # now the last in turn
            self._held[first] += 1
            waiter.come.set_result(None)
