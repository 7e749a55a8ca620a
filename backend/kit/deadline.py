"""Bound a piece of work by a deadline that any clock can measure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class DeadlineExceeded(Exception):
    """The work did not finish in time and was cancelled."""


async def within(
    seconds: float, work: Coroutine[Any, Any, T], *, sleep: Callable[[float], Awaitable[None]]
) -> T:
    """Await `work`; cancel it when `sleep(seconds)` returns first.

    Raises:
        DeadlineExceeded: when the time is over; the work has been cancelled and has ended.
    """
    task = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise DeadlineExceeded
    finally:
        timer.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
