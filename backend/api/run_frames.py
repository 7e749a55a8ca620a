"""Write a run's log on a wire while it grows. Not for: how a frame looks, which each wire says itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Protocol

from backend.agent.run import Run
from backend.agent.run_log import LogItem
from backend.api.openai_wire import KEEP_ALIVE


class FrameWriter(Protocol):
    """Writes a run's log on one wire."""

    def opening(self) -> bytes:
        """Give what comes first."""
        ...

    def items(self, items: Sequence[LogItem]) -> bytes:
        """Give the frames of more items."""
        ...

    def closing(self) -> bytes:
        """Give what comes last."""
        ...


async def frames_of(
    run: Run,
    writer: FrameWriter,
    *,
    skipped: int = 0,
    quiet: bytes = KEEP_ALIVE,
    kept: Callable[[], Awaitable[object]] | None = None,
    last: Callable[[], bytes] | None = None,
) -> AsyncGenerator[bytes]:
    """Write a run's log as it grows from entry `skipped`, with `quiet` whenever nothing was said for long.

    The end is told when `kept` is done: who saw it finds the answer kept. `last` gives what follows it.
    """
    log, seen = run.log, len(run.log.items)
    yield writer.opening() + writer.items(log.items[skipped:])
    while not log.closed or len(log.items) > seen:
        await log.changed(seen)
        items = log.items[seen:]
        seen += len(items)
        if items or not log.closed:
            yield writer.items(items) or quiet
    if kept is not None:
        await kept()
    yield writer.closing() if last is None else writer.closing() + last()
