"""A clock on which sleeping takes no time but is written down."""

from __future__ import annotations


class InstantClock:
    """Time moves only by sleeping, at once; `slept_s` lists every pause."""

    def __init__(self, *, start_ms: int = 1_800_000_000_000) -> None:
        self.slept_s: list[float] = []
        self._start_ms = start_ms

    def now_ms(self) -> int:
        return self._start_ms + int(sum(self.slept_s) * 1000)

    def monotonic_s(self) -> float:
        return sum(self.slept_s)

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
