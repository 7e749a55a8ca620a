"""Clocks: the machine's, one that is put right, and one that a test steps by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time


class SystemClock:
    """Real time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)  # noqa: TID251 - the clock owns sleeping


class CorrectedClock(SystemClock):
    """Real time where the machine's clock is known to be `ahead_ms` milliseconds ahead of it."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC, put right."""
        return super().now_ms() - self.ahead_ms


class SteppedClock:
    """Time that stands still until `step` moves it; sleepers wake in order of their deadline."""

    def __init__(self, *, start_ms: int = 1_800_000_000_000) -> None:
        self._ms = float(start_ms)
        self._start_ms = float(start_ms)
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC, as stepped."""
        return int(self._ms)

    def monotonic_s(self) -> float:
        """Seconds since the clock was made, as stepped."""
        return (self._ms - self._start_ms) / 1000

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been stepped that far."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._ms + seconds * 1000, next(self._order), woken))
        await woken

    def step(self, seconds: float) -> None:
        """Move time forward and wake every sleeper whose time has come."""
        self._ms += seconds * 1000
        while self._sleepers and self._sleepers[0][0] <= self._ms:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)
