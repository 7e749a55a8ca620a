"""A stepped clock that lets a test wait until the code under test sleeps."""

from __future__ import annotations

import asyncio

from backend.kit.clocks import SteppedClock

HANG_S = 30.0


class WatchedClock(SteppedClock):
    """Time stands still until `step`; `asked` lists every sleep in seconds, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float] = []
        self._changed = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Note the sleep, then wait until the clock has been stepped that far."""
        self.asked.append(seconds)
        self._changed.set()
        await super().sleep(seconds)

    async def until_asked(self, seconds: float) -> None:
        """Wait until something sleeps exactly that long; fail after half a minute of real time."""
        async with asyncio.timeout(HANG_S):
            while seconds not in self.asked:
                self._changed.clear()
                await self._changed.wait()
