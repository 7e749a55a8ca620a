"""Write a run's log on a wire while it grows. Not for: how a frame looks, which each wire says itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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
    kept: Callable[[], Awaitable[object]] | None = None,
) -> AsyncIterator[bytes]:
    """Write a run's log as it grows from entry `skipped`, with a comment whenever it was quiet for long.

    The end is told when `kept` is done: who saw it finds the answer kept.
    """
    log, seen = run.log, len(run.log.items)
    yield writer.opening() + writer.items(log.items[skipped:])
    while not log.closed or len(log.items) > seen:
        await log.changed(seen)
        items = log.items[seen:]
        seen += len(items)
        if items or not log.closed:
            yield writer.items(items) or KEEP_ALIVE
    if kept is not None:
        await kept()
    yield writer.closing()
