"""Ends a piece of algebra after some seconds, where another way to the answer is left."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from backend.kit.mathematics.cas import sp

_SOON_S = 0.001


class OutOfPatience(BaseException):
    """The algebra took too long; not an Exception, because SymPy catches those in places."""


@contextmanager
def patience(seconds: float) -> Generator[None]:
    """Raise OutOfPatience in the block after so many seconds; blocks may be nested.

    Works in the main thread of a process with interval timers; elsewhere the block runs to its end.
    """
    usable = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if not usable:
        yield
        return
    started_s = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _ring)
    outer_s, _ = signal.getitimer(signal.ITIMER_REAL)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, outer_s or seconds))
    try:
        yield
    except OutOfPatience:
        sp.core.cache.clear_cache()  # half-made entries must not serve later questions
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer_s:
            left_s = outer_s - (time.monotonic() - started_s)
            signal.setitimer(signal.ITIMER_REAL, max(left_s, _SOON_S))


def _ring(_: int, __: FrameType | None) -> None:
    raise OutOfPatience
