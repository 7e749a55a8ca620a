"""Interrupted runs of sessions: taken up where they were, or begun anew, exactly once.

Not for: runs that wait for their user (`approvals`), or marking runs as interrupted (`storage.runs`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from backend.agent import remote_pause
from backend.agent.asking import Decision
from backend.agent.graphs import known, thread_of
from backend.agent.kept_request import check_bounds, of_now, request_of
from backend.agent.pausing import made_whole
from backend.agent.progress import log_again, read
from backend.agent.run import AgentParts, Run
from backend.agent.turn import Turns
from backend.errors import Conflict, NotFound, StewardError, Unavailable
from backend.ports.accounts import Principal
from backend.ports.approvals import ApprovalStore, Pause
from backend.ports.audit import AuditStore
from backend.ports.resumables import ResumableStore
from backend.ports.stores import Run as StoredRun
from backend.ports.stores import RunStore, User, UserStore
from backend.ports.values import JsonObject, Usage

logger = logging.getLogger(__name__)
When = Literal["ask", "auto", "off"]
MOST_BY_ITSELF = 3
DAY_MS = 86_400_000
HOUR_S = 3_600
NOT_INTERRUPTED = "This run is not interrupted: it is {state}"
NO_SESSION = "Only runs of a session can be resumed; send the request again"
OFF = "This server does not resume runs (AGENT__RESUME_AFTER_CRASH=off)"
LOST = (
    "What this run needs to go on from is gone, and it had called tools that change something outside:"
    " ask again, and say what was done"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumingStores:
    """Where interrupted runs, and what they go on from, are found."""

    resumables: ResumableStore
    runs: RunStore
    approvals: ApprovalStore
    audit: AuditStore
    users: UserStore


class Resuming:
    """Takes interrupted runs up: for their owner, and at the start by itself where that is set."""

    def __init__(
        self,
        turns: Turns,
        parts: AgentParts,
        stores: ResumingStores,
        *,
        drop: Callable[[str], Awaitable[None]],
        when: When = "ask",
        keep_days: int = 7,
    ) -> None:
        """Keep the parts; `drop` forgets the checkpoints of a thread."""
        self._turns = turns
        self._parts = parts
        self._stores = stores
        self._drop = drop
        self._when = when
        self._keep_ms = keep_days * DAY_MS

    async def resume(self, caller: Principal, run_id: str) -> Run:
        """Take an interrupted run up, in the same run and log; once, whoever asks at the same moment.

        Raises:
            NotFound: when it is not the caller's.
            NotAllowed: when it may do more than the caller's key.
            Conflict: when it is not interrupted, its session has gone on, or it cannot go on.
            SessionBusy, ModelNotFound, TooManyRequests, Unavailable: as for a turn that begins; it stays as it was.
        """
        if self._turns.closing:
            raise Unavailable("The server is shutting down", retry_after_s=5)
        stored = await self._stores.runs.get(caller.user.id, run_id)
        if stored is None:
            raise NotFound("There is no such run")
        self._check(stored)
        check_bounds(_again(stored).get("request") or {}, caller)
        run, decisions = await self._made(stored, caller.user)
        run.attempts = int(_again(stored).get("attempts", 0)) + 1
        run.said_before = _said(stored)
        run.counted = _counted(stored)
        run.usage = _more(run.usage, run.counted)
        trace: JsonObject = {"resume": {**_again(stored), "attempts": run.attempts}}
        if run.counted is not None:
            trace["usage"] = trace["usage_counted"] = stored.trace["usage"]
        now_ms = self._parts.clock.now_ms()
        mine = replace(stored, server_id=self._parts.server_id)
        await self._turns.ends.take(run)
        try:
            await self._stores.resumables.take(
                mine, trace, replaces=run.request.replaces, now_ms=now_ms
            )
        except BaseException:
            await self._turns.ends.drop(run)
            raise
        self._turns.go_on(run, decisions, after_crash=True)
        return run

    async def resume_left(self) -> None:
        """Take up what was interrupted and can go on, where that is set; not again and again."""
        if self._when != "auto":
            return
        since_ms = self._parts.clock.now_ms() - self._keep_ms
        for left in await self._stores.resumables.interrupted(since_ms):
            owner = await self._stores.users.get(left.user_id)
            often = int(_again(left).get("attempts", 0)) >= MOST_BY_ITSELF
            if owner is None or owner.disabled or often:
                continue
            try:
                await self.resume(Principal(user=owner), left.id)
            except StewardError as exc:
                logger.warning("run %s was not resumed: %s", left.id, exc.message)
            else:
                logger.info("run %s is resumed", left.id)

    async def sweep(self) -> None:
        """Forget what nobody goes on from any more: ended, too old, or its session has gone on."""
        before_ms = self._parts.clock.now_ms() - self._keep_ms
        for user_id, run_id in await self._stores.resumables.sweep(before_ms):
            await self._drop(thread_of(user_id, run_id))

    async def keep_swept(self) -> None:
        """At once: take up what is left, where that is set; then sweep every hour."""
        try:
            await self.resume_left()
        except StewardError:
            logger.exception("interrupted runs could not be looked through")
        while True:
            try:
                await self.sweep()
            except StewardError:
                logger.exception("what interrupted runs had kept could not be looked through")
            await self._parts.clock.sleep(HOUR_S)

    def _check(self, stored: StoredRun) -> None:
        if self._when == "off":
            raise Conflict(OFF, code="resuming_off")
        if stored.state != "interrupted":
            told = NOT_INTERRUPTED.format(state=stored.state)
            raise Conflict(told, code="run_not_interrupted")
        if stored.conversation_id is None:
            raise Conflict(NO_SESSION, code="run_not_resumable")

    async def _made(self, stored: StoredRun, owner: User) -> tuple[Run, Mapping[str, Decision]]:
        """Make the run from its checkpoint; without one, from its question."""
        data = await self._stores.resumables.get(stored.user_id, stored.id)
        thread = thread_of(stored.user_id, stored.id)
        step = await known(self._parts, thread) if data is not None else None
        if data is None or step is None:
            return await self._anew(stored, owner), {}
        provider, model = await self._turns.catalog.resolve(data["model"])
        found = read(step)
        request = of_now(data["request"], owner)
        paused = Pause(run=stored, data={**data, **found, "request": request}, approvals={})
        log = log_again(stored.events, found.get("events", ()))
        run = made_whole(paused, self._parts, provider=provider, model=model, log=log)
        return run, await self._decisions(stored)

    async def _anew(self, stored: StoredRun, owner: User) -> Run:
        """Make a run that begins again from its question; none that may have changed something outside."""
        if not _again(stored) or await self._acted(stored):
            raise Conflict(LOST, code="run_lost")
        told = of_now(_again(stored)["request"], owner)
        servers = told.get("remote_servers", [])
        request = replace(
            request_of({"request": told}),
            remote_servers=remote_pause.servers_again(stored.id, servers, self._parts),
        )
        provider, model = await self._turns.catalog.resolve(request.template.model)
        return Run(
            id=stored.id,
            request=request,
            parts=self._parts.bound_to(request),
            provider=provider,
            model=model,
            started_at_ms=stored.started_at_ms,
            session_id=stored.conversation_id,
            log=log_again(stored.events, ()),
        )

    async def _decisions(self, stored: StoredRun) -> dict[str, Decision]:
        return {
            one.call_id: {
                "approved": one.state == "approved",
                "note": one.note,
                "approval_id": one.id,
            }
            for one in await self._stores.approvals.of_run(stored.user_id, stored.id)
            if one.state in {"approved", "denied"}
        }

    async def _acted(self, stored: StoredRun) -> bool:
        """Tell whether a run had begun anything that changes something outside."""
        rows = await self._stores.audit.list(stored.user_id, run_id=stored.id, limit=1_000)
        cards = self._parts.toolbox.available
        return any(
            row.outcome not in {"asked", "denied", "refused"}
            and (
                row.outcome in {"started", "unknown"}
                or row.tool not in cards
                or "writes_outside" in cards[row.tool].for_call(row.arguments).touches
            )
            for row in rows
        )


def _again(stored: StoredRun) -> JsonObject:
    return stored.trace.get("resume") or {}


def _said(stored: StoredRun) -> str:
    return "".join(one["text"] for one in stored.events if one.get("kind") == "content")


def _counted(stored: StoredRun) -> Usage | None:
    """Read what of a run's usage is in the sums already: it is added when an end is stored."""
    told: JsonObject | None = stored.trace.get("usage")
    if told is None:
        return None
    return Usage(
        prompt_tokens=told["prompt_tokens"],
        completion_tokens=told["completion_tokens"],
        reasoning_tokens=told["completion_tokens_details"]["reasoning_tokens"],
    )


def _more(usage: Usage, counted: Usage | None) -> Usage:
    """Give the larger of what the checkpoint tells and what was counted, which came later or not at all."""
    if counted is None or usage.prompt_tokens > counted.prompt_tokens:
        return usage
    return replace(counted, model_calls=usage.model_calls)
