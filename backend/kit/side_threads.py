"""Runs blocking functions of others in threads of their own, a few at a time.

A thread cannot be ended: one that hangs keeps its place, so that hanging calls can never take more
threads than there are places. Daemon threads: they do not hold up the end of the process.
Not for: our own blocking work (`asyncio.to_thread`) or heavy work (`workers`).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from backend.kit.waiting import Sleeper, Slots

T = TypeVar("T")
_WAITING_PER_PLACE = 4


class SideThreads:
    """At most `count` threads; SlotsFull is raised when no place comes free in time.

    Belongs to one event loop.
    """

    def __init__(self, count: int, *, patience_s: float, clock: Sleeper) -> None:
        self._slots = Slots(count, max_waiting=count * _WAITING_PER_PLACE, clock=clock)
        self._patience_s = patience_s
        self.abandoned = 0

    async def run(self, function: Callable[[], T]) -> T:
        """Call the function in a thread with a fresh context; a cancelled call goes on unseen there.

        Raises:
            SlotsFull: every place is taken, by calls that work or hang.
        """
        await self._slots.take(patience_s=self._patience_s)
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            result, failure = _tried(function)
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(self._end, outcome, result, failure)

        try:
            threading.Thread(target=work, daemon=True, name="side-thread").start()
        except RuntimeError:
            self._slots.give()
            raise
        try:
            return await outcome
        except asyncio.CancelledError:
            if outcome.cancelled():  # otherwise it had just come back
                self.abandoned += 1
            raise

    def _end(self, outcome: asyncio.Future[Any], result: object, failure: Exception | None) -> None:
        self._slots.give()
        if outcome.done():
            self.abandoned -= 1
        elif failure is not None:
            outcome.set_exception(failure)
        else:
            outcome.set_result(result)


def _tried(function: Callable[[], T]) -> tuple[T | None, Exception | None]:
    try:
        return function(), None
    except StopIteration as exc:  # a future refuses to hold one
        return None, RuntimeError(f"StopIteration: {exc}")
    except Exception as exc:  # noqa: BLE001 - it is handed to whoever waits
        return None, exc
    except BaseException as exc:  # noqa: BLE001 - SystemExit of a stranger ends no thread of ours
        return None, RuntimeError(f"{type(exc).__name__}: {exc}")
