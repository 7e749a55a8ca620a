"""Blocking functions of others in threads of their own."""

from __future__ import annotations

import asyncio
import threading

from backend.kit.clocks import SystemClock
from backend.kit.side_threads import SideThreads


async def test_a_call_that_is_left_counts_until_it_comes_back():
    """Whoever finds every place taken is told how many hang."""
    threads, go = SideThreads(1, patience_s=1, clock=SystemClock()), threading.Event()
    leaving = asyncio.ensure_future(threads.run(go.wait))
    await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop: the thread has begun
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert threads.abandoned == 1
    go.set()
    assert await threads.run(lambda: 3) == 3
    assert threads.abandoned == 0


async def test_a_call_that_is_left_as_its_result_comes_is_not_counted_for_ever():
    """It hangs nowhere."""
    threads, back = SideThreads(1, patience_s=1, clock=SystemClock()), asyncio.Event()
    leaving = asyncio.ensure_future(threads.run(lambda: 3))
    end = threads._end

    def end_and_leave(*args):
        end(*args)
        leaving.cancel()
        back.set()

    threads._end = end_and_leave
    await back.wait()
    await asyncio.gather(leaving, return_exceptions=True)
    assert (leaving.cancelled(), threads.abandoned) == (True, 0)
