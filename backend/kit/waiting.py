"""Waiting with an end: a deadline on any clock, work side by side, and a bounded number of slots with a bounded queue."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Sleeper(Protocol):
    """The part of a clock that waiting needs."""

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


class DeadlineExceeded(TimeoutError):
    """The work did not finish in time and was cancelled; a TimeoutError of its own is none."""


async def within(clock: Sleeper, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Run `work` and give its result; raise DeadlineExceeded when the clock passes `seconds` first.

    The work is cancelled, and its clean-up awaited, when time is up or the caller is cancelled.
    """
    task = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((task, timer), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise DeadlineExceeded
    finally:
        timer.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def side_by_side(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all work at once and give the results in order; the first failure stops the rest."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def interleaved(sources: Sequence[AsyncGenerator[T]]) -> AsyncGenerator[T]:
    """Give what several generators give, as it comes, never None.

    All are closed when one fails or at the end.
    """
    coming = {asyncio.ensure_future(anext(one, None)): one for one in sources}
    try:
        while coming:
            done, _ = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
            ready = [(coming.pop(task), task.result()) for task in done]
            given = [(source, one) for source, one in ready if one is not None]
            coming |= {asyncio.ensure_future(anext(source, None)): source for source, _ in given}
            for _, one in given:
                yield one
    finally:
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        for source in sources:
            await source.aclose()


class SlotsFull(Exception):
    """Every slot is taken, and the queue is full or moved too slowly."""


class Slots:
    """At most `count` holders at a time; `max_waiting` more wait their turn, first come first served."""

    def __init__(self, count: int, *, max_waiting: int, clock: Sleeper) -> None:
        self._free = count
        self._max_waiting = max_waiting
        self._clock = clock
        self._queue: deque[asyncio.Future[None]] = deque()

    async def take(self, *, patience_s: float) -> None:
        """Take a slot; raise SlotsFull at once when the queue is full, or after `patience_s` in it."""
        if self._free > 0:
            self._free -= 1
            return
        if len(self._queue) >= self._max_waiting:
            raise SlotsFull
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        timer = asyncio.ensure_future(self._clock.sleep(patience_s))
        timer.add_done_callback(lambda _: _give_up(turn))
        try:
            await turn
        except BaseException:
            self._leave(turn)
            raise
        finally:
            timer.cancel()

    def give(self) -> None:
        """Hand a slot back, to the next in the queue if there is one."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _leave(self, turn: asyncio.Future[None]) -> None:
        if turn in self._queue:
            self._queue.remove(turn)
        elif turn.done() and not turn.cancelled() and turn.exception() is None:
            self.give()


def _give_up(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(SlotsFull())
