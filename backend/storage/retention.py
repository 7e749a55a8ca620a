"""Forget old traces and audit rows: at the start, and then once a day."""

from __future__ import annotations

import logging

from backend.errors import StewardError
from backend.ports.clock import Clock
from backend.ports.stores import AuditStore, RunStore

logger = logging.getLogger(__name__)
DAY_S = 86_400


async def prune_daily(runs: RunStore, audit: AuditStore, *, days: int, clock: Clock) -> None:
    """Remove what is older than `days`, for ever; messages of conversations stay."""
    while True:
        before_ms = clock.now_ms() - days * DAY_S * 1000
        try:
            old_runs, old_calls = await runs.prune(before_ms), await audit.prune(before_ms)
        except StewardError:
            logger.exception("what is old could not be removed")
        else:
            if old_runs or old_calls:
                logger.info("removed %d runs and %d tool calls", old_runs, old_calls)
        await clock.sleep(DAY_S)
