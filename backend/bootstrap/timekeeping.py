"""Have servers and workers on one database go by its clock: those of their machines may differ.

Leases, budgets, limits and log-ins of one are judged by the others. Not for: SQLite, where one machine is all
there is.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

from backend.errors import StewardError
from backend.kit.clocks import CorrectedClock
from backend.ports.replicas import ServerStore

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 30.0
UNSEEN_MS = 1_000  # machines that set their clocks by the network differ by less
_SLOW_S = 1.0


async def go_by_database(
    clock: CorrectedClock, servers: ServerStore, stack: AsyncExitStack
) -> None:
    """Put a clock right, and look now and then whether it still is; `stack` ends that."""
    await look(clock, servers)
    stack.callback(asyncio.create_task(_keep(clock, servers), name="keep the time").cancel)


async def look(clock: CorrectedClock, servers: ServerStore) -> None:
    """Compare the machine's time with the database's, and correct what is more than a second.

    An answer that took long tells too little.
    """
    began_ms, began_s = clock.now_ms() + clock.ahead_ms, clock.monotonic_s()
    try:
        there_ms = await servers.now_ms()
    except StewardError as exc:
        logger.debug("the database's time is not known: %s", exc.message)
        return
    took_s = clock.monotonic_s() - began_s
    if took_s > _SLOW_S:
        return
    ahead_ms = began_ms + int(took_s * 500) - there_ms
    if abs(ahead_ms) < UNSEEN_MS:
        ahead_ms = 0
    if abs(ahead_ms - clock.ahead_ms) < UNSEEN_MS and ahead_ms:
        return
    if ahead_ms:
        side = "ahead of" if ahead_ms > 0 else "behind"
        logger.warning(
            "the clock of this machine is %.0f s %s the database's, which is gone by: set it right",
            abs(ahead_ms) / 1000,
            side,
        )
    clock.ahead_ms = ahead_ms


async def _keep(clock: CorrectedClock, servers: ServerStore) -> None:
    while True:
        await clock.sleep(LOOK_EVERY_S)
        await look(clock, servers)
