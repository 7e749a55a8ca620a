"""Open what carries out requests that last, and what is left of them to wait for or to go on with."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import NamedTuple

from backend.agent.approvals import Approvals
from backend.agent.budgets import Budgets
from backend.agent.catalog import ModelCatalog
from backend.agent.completing import Completions
from backend.agent.resuming import Resuming
from backend.agent.run import AgentParts
from backend.agent.turn import Turns
from backend.agent.usage_book import UsageBook
from backend.api.keyed_answers import KeyedAnswers
from backend.api.live_requests import LiveRequests
from backend.api.pending_uploads import PendingUploads
from backend.api.responses.far import FarResponses
from backend.api.responses.live import LiveResponses
from backend.bootstrap.accounting import make_limits, open_budgets
from backend.bootstrap.agents import Agents
from backend.bootstrap.documents import Ground, OpenLibrary
from backend.bootstrap.durable import open_keyed, open_resuming
from backend.bootstrap.parts import charge
from backend.bootstrap.replicas import Replica, open_replica
from backend.ports.limits import RateLimiter
from backend.storage.checkpoints import Checkpoints


class Answering(NamedTuple):
    """What carries out requests that last, and what they are held to."""

    turns: Turns
    completions: Completions
    usage: UsageBook
    uploads: PendingUploads
    responses: LiveResponses
    far: FarResponses
    replica: Replica
    live: LiveRequests
    limits: RateLimiter | None
    budgets: Budgets


class Lasting(NamedTuple):
    """What outlives a request: questions to users, answers under keys, runs that were interrupted."""

    approvals: Approvals
    keyed: KeyedAnswers
    resuming: Resuming


async def open_answering(
    ground: Ground, catalog: ModelCatalog, parts: AgentParts, *, alone: bool
) -> Answering:
    """Make what runs while the server does and is asked to stop with it."""
    stores, stack, clock = ground.stores, ground.stack, ground.clock
    limits = make_limits(ground)
    budgets = await open_budgets(ground)
    spent = None if limits is None else partial(charge, limits)
    turns = Turns(
        catalog=catalog,
        parts=parts,
        conversations=stores.conversations,
        runs=stores.runs,
        spent=spent,
        budgets=budgets,
    )
    usage = UsageBook(stores.usage, clock)
    stack.push_async_callback(usage.aclose)
    completions = Completions(
        catalog, clock, book=usage, spent=spent, budgets=budgets, watch=ground.watch
    )
    uploads = PendingUploads(ground.folders.incoming, clock)
    stack.callback(asyncio.create_task(uploads.keep_swept()).cancel)
    replica = open_replica(ground, turns, alone=alone)
    responses = LiveResponses(stores.answers, stores.runs, clock)
    far = FarResponses(replica.elsewhere, replica.journaling, clock)
    far.serve(responses.get)
    stack.push_async_callback(far.aclose)
    stack.push_async_callback(responses.aclose)
    return Answering(
        turns=turns,
        completions=completions,
        usage=usage,
        uploads=uploads,
        responses=responses,
        far=far,
        replica=replica,
        live=LiveRequests(),
        limits=limits,
        budgets=budgets,
    )


async def open_lasting(
    ground: Ground,
    library: OpenLibrary,
    checkpoints: Checkpoints,
    agents: Agents,
    answering: Answering,
) -> Lasting:
    """Make what waits for users or goes on with what dead processes left, and look after it."""
    stores, stack = ground.stores, ground.stack
    approvals = Approvals(
        turns=answering.turns,
        parts=agents.parts,
        asking=agents.asking,
        runs=stores.runs,
        users=stores.users,
    )
    stack.callback(asyncio.create_task(approvals.keep_swept()).cancel)
    library.documents.before_erasing = approvals.cancel_quoting
    stack.callback(asyncio.create_task(library.documents.keep_erasing()).cancel)
    keyed = await open_keyed(ground)
    resuming = open_resuming(ground, answering.turns, agents.parts, checkpoints)
    liveness = answering.replica.liveness
    liveness.dead, liveness.taken = keyed.store.left_by, resuming.resume_left
    return Lasting(approvals, keyed, resuming)
