"""Wait for the first sign of a request's runs, and act on failures and on clients that leave.

What every route that answers with runs needs. Not for: writing answers (`openai_wire` and its like).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from backend.agent.run import Run
from backend.agent.run_log import Thought
from backend.api.event_stream import ClientWatch
from backend.ports.values import TurnEvent

QUIET_EVENTS = {"route", "notice", "remote_tools", "queued"}


async def first_sign(runs: Sequence[Run], *, wait_s: float) -> None:
    """Wait until model or tools of every run said something, it ended, or it takes too long.

    An upstream that fails before that can still be answered with a status instead of a stream.
    """
    try:
        async with asyncio.timeout(wait_s):
            for run in runs:
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


def cache_header(runs: Sequence[Run]) -> dict[str, str]:
    """Say whether the answers were kept from an earlier request; nothing when none was looked for."""
    known = [run.cached for run in runs if run.cached is not None]
    return {"x-steward-cache": "hit" if all(known) else "miss"} if known else {}


def client_left(runs: Sequence[Run]) -> None:
    """Act on a client that left: stop a stateless run, let a session's run finish, or as asked."""
    for run in runs:
        policy = run.request.on_disconnect or ("finish" if run.session_id else "cancel")
        if policy == "cancel":
            run.cancel()


def raise_failure(runs: Sequence[Run], watch: ClientWatch, headers: dict[str, str]) -> None:
    """Turn a run that failed before it was answered into an HTTP status; the others are in vain."""
    failed = next((run for run in runs if run.error is not None and run.log.closed), None)
    if failed is None or failed.error is None:
        return
    watch.stop()
    for run in runs:
        run.cancel()
    failed.error.headers = headers
    failed.error.repeats_work = failed.error.repeats_work or any(map(_acted, runs))
    raise failed.error


def _acted(run: Run) -> bool:
    return any(isinstance(item, TurnEvent) and item.type == "tool_call" for item in run.log.items)
