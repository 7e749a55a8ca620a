"""Ends a piece of algebra after some seconds, where another way to the answer is left."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from backend.kit.mathematics.cas import sp


class OutOfPatience(BaseException):
    """The algebra took too long; not an Exception, because SymPy catches those in places."""


@contextmanager
def patience(seconds: float) -> Generator[None]:
    """Raise OutOfPatience in the block after so many seconds.

    Works in the main thread of a process with interval timers; elsewhere the block runs to its end.
    """
    usable = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if not usable:
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except OutOfPatience:
        sp.core.cache.clear_cache()  # half-made entries must not serve later questions
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(_: int, __: FrameType | None) -> None:
    raise OutOfPatience
