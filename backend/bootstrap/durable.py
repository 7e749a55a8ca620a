"""Make what takes interrupted runs up again."""

from __future__ import annotations

import asyncio

from backend.agent.graphs import thread_of
from backend.agent.resuming import Resuming, ResumingStores
from backend.agent.run import AgentParts
from backend.agent.turn import Turns
from backend.api.keyed_answers import KeyedAnswers
from backend.bootstrap.documents import Ground
from backend.storage.checkpoints import Checkpoints
from backend.storage.database import kind_of
from backend.storage.stores import Stores


def open_resuming(
    ground: Ground, turns: Turns, parts: AgentParts, checkpoints: Checkpoints
) -> Resuming:
    """Make it, and begin to take up and to forget what dead processes left."""
    stores, agent = ground.stores, ground.settings.agent
    resuming = Resuming(
        turns,
        parts,
        ResumingStores(
            resumables=stores.resumables,
            runs=stores.runs,
            approvals=stores.approvals,
            audit=stores.audit,
            users=stores.users,
        ),
        drop=checkpoints.drop,
        when=agent.resume_after_crash,
        keep_days=ground.settings.storage.interrupted_retention_days,
    )
    ground.stack.callback(asyncio.create_task(resuming.keep_swept()).cancel)
    return resuming


async def open_keyed(ground: Ground) -> KeyedAnswers:
    """Make what gives requests with a key one answer; what a dead server of this machine left is let go."""
    store = ground.stores.keyed_requests
    if kind_of(ground.settings.database_url.get_secret_value()) == "sqlite":  # nobody else is on it
        await store.left_by(None)
    keyed = KeyedAnswers(store, ground.clock, server_id=ground.server_id)
    ground.stack.push_async_callback(keyed.aclose)
    return keyed


async def kept_threads(stores: Stores) -> list[str]:
    """Name the checkpoints that outlive a server: of runs that wait, or can be taken up."""
    waiting = [(run.user_id, run.id) for run in await stores.approvals.waiting()]
    kept = [*waiting, *await stores.resumables.kept()]
    return [thread_of(user_id, run_id) for user_id, run_id in dict.fromkeys(kept)]


async def shrink_all(stores: Stores, checkpoints: Checkpoints) -> None:
    """Give freed space back to the disk."""
    await stores.shrink()
    await checkpoints.shrink()
