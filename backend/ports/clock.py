"""The clock port: the only owner of time and sleeping, so that tests can step it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time for deadlines, back-off and stamps."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...
