"""Answer a request from a run's log: wait for its first sign, write frames as it grows, end with it.

Not for: how a frame looks, which each wire says itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from backend.agent.run import Run
from backend.agent.run_log import LogItem, Thought
from backend.api.event_stream import ClientWatch
from backend.api.openai_wire import KEEP_ALIVE
from backend.ports.values import TurnEvent

QUIET_EVENTS = {"route", "notice"}


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


async def first_sign(run: Run, *, wait_s: float) -> None:
    """Wait until the model or a tool said something, the run ended, or it takes too long.

    An upstream that fails before that can still be answered with a status instead of a stream.
    """
    try:
        async with asyncio.timeout(wait_s):
            await _sign(run)
    except TimeoutError:
        return


async def _sign(run: Run) -> None:
    log, seen = run.log, 0
    while not log.closed and not any(map(_is_sign, log.items[seen:])):
        seen = len(log.items)
        await log.changed(seen)


def _is_sign(item: str | Thought | TurnEvent) -> bool:
    return not (isinstance(item, TurnEvent) and item.type in QUIET_EVENTS)


async def frames_of(
    run: Run, writer: FrameWriter, *, kept: Callable[[], Awaitable[object]] | None = None
) -> AsyncIterator[bytes]:
    """Write a run's log as it grows, with a comment whenever it was quiet for long.

    The end is told when `kept` is done: who saw it finds the answer kept.
    """
    log, seen = run.log, len(run.log.items)
    yield writer.opening() + writer.items(log.items)
    while not log.closed or len(log.items) > seen:
        await log.changed(seen)
        items = log.items[seen:]
        seen += len(items)
        if items or not log.closed:
            yield writer.items(items) or KEEP_ALIVE
    if kept is not None:
        await kept()
    yield writer.closing()


def leave(run: Run) -> None:
    """Act on a client that left: stop a stateless run, let a session's run finish, or as asked."""
    policy = run.request.on_disconnect or ("finish" if run.session_id else "cancel")
    if policy == "cancel":
        run.cancel()


def raise_failure(run: Run, watch: ClientWatch, headers: dict[str, str]) -> None:
    """Turn a run that failed before it was answered into an HTTP status."""
    if run.error is None or not run.log.closed:
        return
    watch.stop()
    run.error.headers = headers
    acted = any(isinstance(item, TurnEvent) and item.type == "tool_call" for item in run.log.items)
    run.error.repeats_work = acted
    raise run.error
