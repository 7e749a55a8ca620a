"""Wire what a server needs among others on one PostgreSQL database; on SQLite it is alone."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from backend.agent.elsewhere import Elsewhere
from backend.agent.following import Following
from backend.agent.journaling import Journaling
from backend.agent.liveness import Liveness
from backend.agent.peers import Peers
from backend.agent.recovery import Recovery
from backend.agent.turn import Turns
from backend.bootstrap.databases import shared
from backend.bootstrap.documents import Ground
from backend.config.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Replica:
    """This server among others: what runs elsewhere, and what it writes down of its own runs."""

    elsewhere: Elsewhere
    journaling: Journaling
    liveness: Liveness


def shares_its_database(settings: Settings, *, demo: bool) -> bool:
    """Tell whether there may be other servers on the database."""
    return not demo and shared(settings)


async def begin(ground: Ground, *, alone: bool) -> None:
    """Before anything runs: count this server among the living; one that is alone ends what was left."""
    servers = ground.stores.servers
    if alone:
        await servers.bury(unseen_s=None)
    await servers.register(ground.server_id)
    if alone:
        await _recovery(ground).recover()
        await ground.stores.runs.interrupt_running(ground.clock.now_ms())


def open_replica(ground: Ground, turns: Turns, *, alone: bool) -> Replica:
    """Make what finds and stops runs elsewhere, and what lets others do so here."""
    stores, stack, clock = ground.stores, ground.stack, ground.clock
    peers = Peers(ground.signals, clock, server_id=ground.server_id)
    journaling = Journaling(stores.journal, peers, clock, active=turns.active)
    turns.ended = journaling.ended
    stack.push_async_callback(journaling.aclose)
    stack.callback(asyncio.create_task(journaling.keep(), name="keep the journal").cancel)
    elsewhere = Elsewhere(
        peers, stores.servers, Following(stores.journal, stores.runs, peers, clock)
    )
    elsewhere.serve(turns)
    liveness = Liveness(stores.servers, _recovery(ground), peers, turns=turns, clock=clock)
    stack.push_async_callback(liveness.leave)
    if not alone:
        stack.callback(asyncio.create_task(liveness.keep(), name="keep alive").cancel)
    return Replica(elsewhere, journaling, liveness)


def _recovery(ground: Ground) -> Recovery:
    stores = ground.stores
    return Recovery(
        servers=stores.servers,
        journal=stores.journal,
        approvals=stores.approvals,
        audit=stores.audit,
        runs=stores.runs,
        conversations=stores.conversations,
        clock=ground.clock,
        server_id=ground.server_id,
    )
