"""A small cache whose entries live for some seconds and are loaded by one caller at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")


class MonotonicClock(Protocol):
    """The part of a clock that ageing needs."""

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""
        ...


class TtlCache(Generic[T]):
    """Values by key, kept for `ttl_s` seconds; at most `max_entries`, the oldest leave first.

    Callers that ask for one missing key at a time share one load. A failed load is not kept.
    """

    def __init__(self, *, ttl_s: float, clock: MonotonicClock, max_entries: int = 256) -> None:
        self._ttl_s = ttl_s
        self._clock = clock
        self._max_entries = max_entries
        self._kept: dict[str, tuple[float, T]] = {}
        self._loads: dict[str, asyncio.Task[T]] = {}

    async def get(self, key: str, load: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Give the kept value or load it; raise whatever the load raises."""
        kept = self._kept.get(key)
        if kept is not None and self._clock.monotonic_s() - kept[0] < self._ttl_s:
            return kept[1]
        task = self._loads.get(key)
        if task is None:
            task = self._loads[key] = asyncio.ensure_future(self._load(key, load))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Cancel loads under way and forget everything."""
        loads = list(self._loads.values())
        for task in loads:
            task.cancel()
        await asyncio.gather(*loads, return_exceptions=True)
        self._kept.clear()

    async def _load(self, key: str, load: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            value = await load()
        finally:
            self._loads.pop(key, None)
        self._kept.pop(key, None)
        self._kept[key] = (self._clock.monotonic_s(), value)
        while len(self._kept) > self._max_entries:
            del self._kept[next(iter(self._kept))]
        return value
