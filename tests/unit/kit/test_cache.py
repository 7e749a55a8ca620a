"""A cache that ages by a stepped clock."""

from __future__ import annotations

import asyncio

import pytest

from backend.kit.cache import TtlCache
from backend.kit.clocks import SteppedClock


class Source:
    """Counts loads, and fails when told to."""

    def __init__(self) -> None:
        self.loads = 0
        self.broken = False
        self.gate = asyncio.Event()

    async def load(self) -> int:
        self.loads += 1
        await self.gate.wait()
        if self.broken:
            raise KeyError("broken")
        return self.loads


@pytest.fixture
def source():
    made = Source()
    made.gate.set()
    return made


async def test_a_value_is_kept_until_it_is_old(source):
    """After the time to live it is loaded again."""
    clock = SteppedClock()
    cache = TtlCache[int](ttl_s=10, clock=clock)
    first = [await cache.get("a", source.load), await cache.get("a", source.load)]
    clock.step(10)
    assert [*first, await cache.get("a", source.load)] == [1, 1, 2]


async def test_one_load_serves_all_who_ask_meanwhile(source):
    """One of them leaving does not end the load for the others."""
    cache = TtlCache[int](ttl_s=10, clock=SteppedClock())
    source.gate.clear()
    tasks = [asyncio.create_task(cache.get("a", source.load)) for _ in range(3)]
    while not source.loads:
        await asyncio.wait(tasks, timeout=0)
    tasks[0].cancel()
    source.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [1, 1]


async def test_a_failure_is_told_to_all_and_not_kept(source):
    """The next asker loads again."""
    cache = TtlCache[int](ttl_s=10, clock=SteppedClock())
    source.broken = True
    results = await asyncio.gather(
        *[cache.get("a", source.load) for _ in range(2)], return_exceptions=True
    )
    source.broken = False
    assert [type(result) for result in results] == [KeyError, KeyError]
    assert await cache.get("a", source.load) == 2


async def test_the_oldest_leave_when_it_is_full(source):
    """Names made up by callers cannot fill the memory."""
    cache = TtlCache[int](ttl_s=10, clock=SteppedClock(), max_entries=2)
    for key in "abc":
        await cache.get(key, source.load)
    await cache.get("c", source.load)
    await cache.get("b", source.load)
    assert source.loads == 3
    await cache.get("a", source.load)
    assert source.loads == 4


async def test_closing_ends_loads_under_way(source):
    """Nobody waits for ever."""
    cache = TtlCache[int](ttl_s=10, clock=SteppedClock())
    source.gate.clear()
    task = asyncio.create_task(cache.get("a", source.load))
    while not source.loads:
        await asyncio.wait([task], timeout=0)
    await cache.aclose()
    with pytest.raises(asyncio.CancelledError):
        await task
