"""What was used, for those who ask; what leaves no run is summed up here and written behind its answer.

Not for: runs, whose end is stored together with what they used (`turn_ends`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from backend.errors import StewardError
from backend.kit.log_context import start_unbound
from backend.ports.clock import Clock
from backend.ports.usage import UsageStore, Used, UsedBy
from backend.ports.values import Usage

logger = logging.getLogger(__name__)
LATE_S = 1.0


class UsageBook:
    """Writes sums at most `LATE_S` after a request, so that none of them waits for the database."""

    def __init__(self, store: UsageStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._unwritten: dict[tuple[str, int, str, str, str], Used] = {}
        self._waiting: asyncio.Task[None] | None = None
        self._writes: set[asyncio.Task[None]] = set()

    def note(self, user_id: str, usage: Usage, *, model: str, route: str, key_id: str = "") -> None:
        """Add what a request used that has ended and leaves no run."""
        now_ms = self._clock.now_ms()
        self._add(
            Used.of_request(user_id, usage, now_ms=now_ms, model=model, route=route, key_id=key_id)
        )
        if self._waiting is None:
            self._waiting = start_unbound(self._write_soon())

    async def of_user(self, user_id: str, *, since_day: int) -> Sequence[Used]:
        """A user's sums from that day on: by day, newest first, then by model, route and key."""
        await self._write()
        return await self._store.of_user(user_id, since_day=since_day)

    async def by_user(self, *, since_day: int) -> Sequence[UsedBy]:
        """What every user who used anything from that day on used in all, by user id."""
        await self._write()
        return await self._store.by_user(since_day=since_day)

    async def aclose(self) -> None:
        """Write what is still to be written."""
        if self._waiting is not None:
            self._waiting.cancel()
        await self._write()

    def _add(self, used: Used) -> None:
        self._unwritten[used.key] = used.plus(self._unwritten.get(used.key))

    async def _write_soon(self) -> None:
        await self._clock.sleep(LATE_S)
        self._waiting = None
        await self._write()

    async def _write(self) -> None:
        """Write all sums, and wait for those that are being written; none is lost when a caller leaves."""
        if self._unwritten:
            used, self._unwritten = list(self._unwritten.values()), {}
            write = asyncio.create_task(self._store_sums(used))
            self._writes.add(write)
            write.add_done_callback(self._writes.discard)
        if self._writes:
            await asyncio.wait(self._writes)

    async def _store_sums(self, used: Sequence[Used]) -> None:
        """Write sums; those that cannot be written are kept for the next time."""
        try:
            await self._store.add(used)
        except StewardError:
            logger.warning("what was used could not be written yet", exc_info=True)
            for one in used:
                self._add(one)
