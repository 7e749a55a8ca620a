"""An event loop in a thread of its own, for doubles beside a test that waits without one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

MOST_WAIT_S = 60


@contextmanager
def side_loop() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Give a way to run coroutines on such a loop to their end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=MOST_WAIT_S)

    try:
        yield run
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=MOST_WAIT_S)
        loop.close()
