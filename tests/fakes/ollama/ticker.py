"""Write prebuilt lines to many connections at a steady rate, at a few microseconds per line."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import Any


class Ticker:
    """One timer for every stream of a server: N frames at R frames per second each."""

    def __init__(self) -> None:
        self._order = itertools.count()
        self._due: list[tuple[float, int, _Run]] = []
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, transport: Any, frame: bytes, *, count: int, per_second: float) -> None:
        """Write `count` frames; return when the last is out or the connection is gone."""
        if per_second <= 0:
            transport.write(frame * count)
            return
        loop = asyncio.get_running_loop()
        run = _Run(transport, frame, count, 1 / per_second, loop.create_future())
        heapq.heappush(self._due, (loop.time(), next(self._order), run))
        self._arm(loop)
        try:
            await run.done
        finally:
            run.left = 0

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._due[0][0], self._tick, loop) if self._due else None

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        horizon = loop.time() + 0.001
        due = self._due
        while due and due[0][0] <= horizon:
            at, order, run = heapq.heappop(due)
            if run.write():
                heapq.heappush(due, (at + run.gap_s, order, run))
        self._arm(loop)


class _Run:
    __slots__ = ("done", "frame", "gap_s", "left", "transport")

    def __init__(
        self,
        transport: Any,
        frame: bytes,
        left: int,
        gap_s: float,
        done: asyncio.Future[None],
    ) -> None:
        self.transport = transport
        self.frame = frame
        self.left = left
        self.gap_s = gap_s
        self.done = done

    def write(self) -> bool:
        """Write one frame and tell whether more are to come."""
        if self.left > 0 and not self.transport.is_closing():
            self.transport.write(self.frame)
            self.left -= 1
            if self.left:
                return True
        if not self.done.done():
            self.done.set_result(None)
        return False
