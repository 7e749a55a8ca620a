"""Forget old traces and audit rows: at the start, and then once a day."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from backend.errors import StewardError
from backend.ports.clock import Clock

logger = logging.getLogger(__name__)
DAY_S = 86_400
Prune = Callable[[int], Awaitable[int]]


async def prune_daily(
    prunings: Mapping[str, tuple[Prune, int]],
    *,
    clock: Clock,
    tidy: Callable[[], Awaitable[object]],
) -> None:
    """Remove what is older than its number of days, for ever, and then `tidy` up after it.

    `prunings` give by name ("runs") how to forget what is older than a moment, and the days.
    """
    while True:
        for name, (prune, days) in prunings.items():
            await _forget(name, prune, before_ms=clock.now_ms() - days * DAY_S * 1000)
        try:
            await tidy()
        except (StewardError, OSError):
            logger.exception("what nothing names any more could not be removed")
        await clock.sleep(DAY_S)


async def _forget(name: str, prune: Prune, *, before_ms: int) -> None:
    try:
        removed = await prune(before_ms)
    except StewardError:
        logger.exception("old %s could not be removed", name)
    else:
        if removed:
            logger.info("removed %d old %s", removed, name)
