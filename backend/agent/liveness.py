"""Keeps a server among the living, buries those that are not seen any more, and takes over for them.

Times are the database's. Not for: what becomes of their runs (`recovery`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from backend.agent.peers import Peers
from backend.agent.recovery import Recovery
from backend.agent.run import Run
from backend.agent.turn import Turns
from backend.errors import StewardError
from backend.ports.clock import Clock
from backend.ports.replicas import ServerStore

logger = logging.getLogger(__name__)
BEAT_S = 3.0
DEAD_AFTER_S = 15.0
# Beats in a row before a server judges others: when the database was away, all of them look dead.
STEADY_BEATS = 3
# Who has buried a server may die before it has taken over; somebody looks again after so many beats.
LOOK_BEATS = 5


class Liveness:
    """The beating heart of one server.

    `dead` is called with each server found dead, `taken` once runs of such were ended here.
    """

    def __init__(
        self, servers: ServerStore, recovery: Recovery, peers: Peers, *, turns: Turns, clock: Clock
    ) -> None:
        self._servers = servers
        self._recovery = recovery
        self._peers = peers
        self._turns = turns
        self._clock = clock
        self._steady = 0
        self._last_s = clock.monotonic_s()
        self.dead: Callable[[str], Awaitable[object]] = _nothing
        self.taken: Callable[[], Awaitable[object]] = _nothing

    async def join(self) -> None:
        """Count this server among the living, and say so to the others."""
        server_id = self._peers.server_id
        await self._servers.register(server_id)
        await self._peers.signals.tell("joined", {"from": server_id})
        self._peers.others = bool(await self._servers.beat(server_id))

    async def keep(self) -> None:
        """Join, then beat every few seconds. Cancel to stop."""
        begin = self.join
        while True:
            try:
                await begin()
                begin = self.beat
            except StewardError as exc:
                self._steady = 0
                logger.warning("this server cannot tell that it lives: %s", exc.message)
            await self._clock.sleep(BEAT_S)

    async def leave(self) -> None:
        """Count this server among the living no more; what it has left is taken over at once."""
        try:
            await self._servers.leave(self._peers.server_id)
        except StewardError as exc:
            logger.warning("others notice later that this server has stopped: %s", exc.message)

    async def beat(self) -> None:
        """Tell that this server lives, look after its runs, and take over for those that are gone."""
        others = await self._servers.beat(self._peers.server_id)
        now_s = self._clock.monotonic_s()
        in_time, self._last_s = now_s - self._last_s < DEAD_AFTER_S / 2, now_s
        self._steady = self._steady + 1 if in_time and others is not None else 0
        if others is None:
            logger.error("this server was too slow and taken for dead; what it ran may be ended")
            await self.join()
        else:
            self._peers.others = others > 0
        await self._look_after_runs()
        await self._turns.ends.try_again()
        if self._steady >= STEADY_BEATS:
            await self._take_over()

    async def _look_after_runs(self) -> None:
        """Stop runs that are to stop, and those that are not this server's any more, or nobody's."""
        before = [run for run in self._turns.active.values() if _has_row(run)]
        if not before:
            return
        held = await self._servers.held(self._peers.server_id)
        for run in before:
            if not _has_row(run):
                continue  # it has ended meanwhile
            if run.id not in held:
                run.cancel("interrupted")
            elif held[run.id]:
                run.cancel()

    async def _take_over(self) -> None:
        dead = await self._servers.bury(unseen_s=DEAD_AFTER_S)
        if dead:
            logger.warning("servers that are not seen any more: %s", ", ".join(dead))
            for server_id in dead:
                await self.dead(server_id)
        elif self._steady % LOOK_BEATS != STEADY_BEATS:
            return
        ended = await self._recovery.recover()
        if ended:
            logger.warning("runs of servers that are gone, ended here: %d", ended)
            await self.taken()


async def _nothing(*_: object) -> None:
    """Do nothing about servers that are gone."""


def _has_row(run: Run) -> bool:
    return run.in_store and run.state == "running"
