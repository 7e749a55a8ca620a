"""Leaves a service that keeps failing alone for a while, so that callers do not wait for it each time.

Not for: retrying one request (`patient_http`). Nothing is asked ahead: only real calls count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class MonotonicClock(Protocol):
    """The part of a clock that resting needs."""

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""
        ...


@dataclass(slots=True)
class _Record:
    """Failures of one service in a row, the last reason, and until when it rests."""

    failures: int = 0
    why: str = ""
    until_s: float = 0.0


class ServiceRests:
    """A service that failed `failures` times in a row rests for `rest_s` seconds; 0 = never."""

    def __init__(self, clock: MonotonicClock, *, rest_s: float, failures: int = 2) -> None:
        self._clock = clock
        self._rest_s = rest_s
        self._failures = failures
        self._records: dict[str, _Record] = {}

    def reason(self, name: str) -> str:
        """Say why a service rests and for how long still; empty when it may be asked."""
        record = self._records.get(name)
        left_s = record.until_s - self._clock.monotonic_s() if record else 0.0
        if record is None or left_s <= 0:
            return ""
        return f"{record.why} (it failed repeatedly and is asked again in {left_s:.0f} s)"

    def failed(self, name: str, why: str) -> None:
        """Note a failure."""
        record = self._records.setdefault(name, _Record())
        record.failures += 1
        record.why = why
        if record.failures >= self._failures:
            record.until_s = self._clock.monotonic_s() + self._rest_s

    def worked(self, name: str) -> None:
        """Note a success, which ends the row."""
        self._records.pop(name, None)
