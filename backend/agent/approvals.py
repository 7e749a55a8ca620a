"""What becomes of runs that wait: decided, resumed, expired, cancelled.

Not for: stopping a run to ask (`pausing`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from backend.agent.asking import Asking
from backend.agent.budgets import Asked
from backend.agent.graphs import can_go_on, thread_of
from backend.agent.kept_request import check_bounds, of_now, request_of
from backend.agent.pausing import decisions_of, ended, made_whole
from backend.agent.run import AgentParts, Run
from backend.agent.turn import Turns
from backend.agent.turn_ends import Room, asked_for
from backend.errors import (
    Conflict,
    InvalidRequest,
    NotAllowed,
    NotFound,
    StewardError,
    TooManyRequests,
    Unavailable,
)
from backend.ports.accounts import Bounds
from backend.ports.approvals import Approval, ApprovalStore, Pause
from backend.ports.remote_tools import RemoteServer
from backend.ports.stores import (
    ConversationStore,
    RunState,
    RunStore,
    StoredMessage,
    UserStore,
)
from backend.ports.stores import Run as StoredRun

logger = logging.getLogger(__name__)
HOUR_S = 3_600
MISSING = "There is no such call waiting"
DELETED = "A document this had quoted was deleted, so nothing was done."
EXPIRED = "Nobody decided in time, so nothing was done."
CANCELLED = "This was cancelled, so nothing was done."
STOPPED = "The server stopped before this was finished."
LOST = "What this run needs to go on from is gone, so nothing was done."


@dataclass(frozen=True, slots=True)
class Unbound:
    """The bounds of whoever comes without a key that has any: logged in, or by a link."""

    allowed_tools: frozenset[str] | None = None
    reads_documents: bool = True


UNBOUND = Unbound()


class Approvals:
    """Decides about calls that wait, for their owner alone."""

    def __init__(
        self, *, turns: Turns, parts: AgentParts, asking: Asking, runs: RunStore, users: UserStore
    ) -> None:
        self._turns = turns
        self._parts = parts
        self._asking = asking
        self._store: ApprovalStore = asking.store
        self._runs = runs
        self._users = users
        self._clock = parts.clock

    async def of_run(self, user_id: str, run_id: str) -> Sequence[Approval]:
        """List the calls one of the user's runs has asked about; raise NotFound for no such run."""
        found = await self._store.of_run(user_id, run_id)
        if not found and await self._runs.get(user_id, run_id) is None:
            raise NotFound("There is no such run")
        return found

    async def pending(self, user_id: str) -> Sequence[Approval]:
        """List all that wait for the user's word and have not expired."""
        now_ms = self._clock.now_ms()
        return [it for it in await self._store.pending(user_id) if it.expires_at_ms > now_ms]

    async def decide(
        self,
        user_id: str,
        run_id: str,
        call_id: str,
        *,
        approve: bool,
        note: str = "",
        by: Bounds = UNBOUND,
    ) -> Approval:
        """Decide about a call; with the last one of its run, the run goes on in the background.

        `by` is what the key of whoever decides is bound to.

        Raises:
            NotFound: when the user has no such call.
            NotAllowed: when the run may use more than `by`.
            Conflict: when it was decided before, has expired, or its run has ended.
            TooManyRequests: when a budget has no room for what goes on; nothing is decided then.
            Unavailable: when the server is about to stop.
        """
        await self._check(user_id, run_id, by)
        async with self._room(user_id, run_id) as room:
            return await self._decide(
                (user_id, run_id, call_id), approve=approve, note=note, room=room
            )

    async def _decide(
        self, which: tuple[str, str, str], *, approve: bool, note: str, room: Room
    ) -> Approval:
        if self._turns.closing:
            raise Unavailable("The server is shutting down", retry_after_s=5)
        user_id, run_id, call_id = which
        now_ms = self._clock.now_ms()
        found = await self._store.decide(
            user_id, run_id, call_id, approve=approve, note=note, now_ms=now_ms
        )
        if found is None:
            raise NotFound(MISSING)
        approval, decided_now = found
        if not decided_now:
            state = "expired" if approval.state == "pending" else approval.state
            msg = f"This call cannot be decided any more: {state}"
            raise Conflict(msg, code=f"approval_{state}")
        await self._go_on(user_id, run_id, room)
        return approval

    async def decide_by_id(
        self, user_id: str, approval_id: str, *, approve: bool, note: str = ""
    ) -> Approval:
        """Decide about a call by its approval's id alone, as `decide` does; the run is in the answer."""
        found = await self._store.by_id(user_id, approval_id)
        if found is None:
            raise NotFound(MISSING)
        return await self.decide(user_id, found.run_id, found.call_id, approve=approve, note=note)

    async def pending_of(self, user_id: str, approval_ids: Sequence[str]) -> Sequence[Approval]:
        """Give those of the user's approvals that wait for a word, of one run, in the order given.

        Raises:
            NotFound: when the user has no such approval.
            Conflict: when one was decided before or has expired.
            InvalidRequest: when they are of several runs, or leave a call of their run undecided.
        """
        found: list[Approval] = []
        for approval_id in approval_ids:
            one = await self._store.by_id(user_id, approval_id)
            if one is None:
                raise NotFound(MISSING)
            expired = one.state == "pending" and one.expires_at_ms <= self._clock.now_ms()
            if one.state != "pending" or expired:
                state = "expired" if expired else one.state
                msg = f"This call cannot be decided any more: {state}"
                raise Conflict(msg, code=f"approval_{state}")
            found.append(one)
        run_ids = {one.run_id for one in found}
        if len(run_ids) > 1:
            raise InvalidRequest("Decide about the calls of one answer at a time")
        open_ids = [
            one.id
            for run_id in run_ids
            for one in await self._store.of_run(user_id, run_id)
            if one.state == "pending" and one.id not in approval_ids
        ]
        if open_ids:
            msg = f"Decide about every call that waits: {', '.join(open_ids)} is missing"
            raise InvalidRequest(msg)
        return found

    async def go_on(
        self,
        decided: Sequence[tuple[Approval, bool, str]],
        *,
        by: Bounds,
        servers: tuple[RemoteServer, ...] = (),
    ) -> Run:
        """Decide about all calls that a run waits for, and give the run as it goes on.

        `servers` are its remote servers as the user names them now; they serve where a restart lost
        their headers.

        Raises:
            Conflict, NotAllowed, NotFound, TooManyRequests, Unavailable: as `decide` does, or when the
                run cannot go on.
        """
        user_id, run_id = decided[0][0].user_id, decided[0][0].run_id
        await self._check(user_id, run_id, by)
        if servers:
            self._parts.kept_servers.keep_if_lost(run_id, servers)
        async with self._room(user_id, run_id) as room:
            for one, approve, note in decided:
                which = (user_id, run_id, one.call_id)
                await self._decide(which, approve=approve, note=note, room=room)
        run = self._turns.active.get(run_id)
        if run is None:
            stored = await self._runs.get(user_id, run_id)
            why = str(stored.trace.get("error") or "") if stored else ""
            raise Conflict(why or "The run that asked does not wait any more")
        return run

    async def by_link(self, token: str) -> Approval | None:
        """Find what a signed link is for; None for a forged one, or one whose owner may do nothing."""
        linked = self._asking.links.read(token)
        owner = await self._users.get(linked.user_id) if linked else None
        if linked is None or owner is None or owner.disabled:
            return None
        if linked.expires_at_ms <= self._clock.now_ms():
            await self.sweep()
        for one in await self._store.of_run(linked.user_id, linked.run_id):
            if (one.call_id, one.expires_at_ms) == (linked.call_id, linked.expires_at_ms):
                return one
        return None

    async def may_decide(self, user_id: str, run_id: str, by: Bounds) -> bool:
        """Tell whether a key may let one of the user's runs go on, and so see the links that do."""
        try:
            await self._check(user_id, run_id, by)
        except NotAllowed:
            return False
        return True

    async def cancel(self, user_id: str, run_id: str) -> None:
        """End one of the user's runs that waits; any other stays as it is."""
        await self._end(user_id, run_id, state="cancelled", words=CANCELLED)

    async def cancel_of(self, user_id: str, *, conversation_id: str | None = None) -> None:
        """End all of a user's runs that wait, or those of a conversation."""
        for run in await self._store.waiting(user_id, conversation_id=conversation_id):
            await self.cancel(user_id, run.id)

    async def cancel_quoting(self, user_id: str, file_id: str) -> None:
        """End a user's runs that wait and quote a file, before it is deleted: what they wait with holds it."""
        for outline in await self._store.waiting(user_id):
            run = await self._runs.get(user_id, outline.id)
            if run is not None and file_id in run.file_ids:
                await self._end(user_id, run.id, state="cancelled", words=DELETED)

    async def waiting_of(self, user_id: str) -> Sequence[str]:
        """Name a user's runs that wait, to be forgotten with the account."""
        return [run.id for run in await self._store.waiting(user_id)]

    async def forget_user(self, user_id: str, run_ids: Sequence[str]) -> None:
        """Forget what runs of a user who was erased had: secrets of those that waited, and all checkpoints."""
        for run_id in run_ids:
            self._parts.kept_servers.take(run_id)
        await self._asking.drop_of(user_id)

    async def sweep(self) -> None:
        """End what has expired."""
        for run in await self._store.expired(self._clock.now_ms()):
            await self._end(run.user_id, run.id, state="cancelled", words=EXPIRED)

    async def keep_swept(self) -> None:
        """At once and every hour: go on with what was decided and left, and end what has expired."""
        while True:
            try:
                for run in await self._store.decided():
                    await self._go_on_later(run)
                await self.sweep()
            except StewardError:
                logger.exception("runs that wait could not be looked through")
            await self._clock.sleep(HOUR_S)

    async def _check(self, user_id: str, run_id: str, by: Bounds) -> None:
        """Refuse a key that could not have begun the run, as `resuming` does; what waits no more is open."""
        if by.allowed_tools is None:
            return
        data = await self._store.data(user_id, run_id)
        if data is not None:
            check_bounds(data["request"], by)

    def _room(self, user_id: str, run_id: str) -> AbstractAsyncContextManager[Room]:
        """Hold what a run that waits is to use when it goes on."""

        async def wanted() -> Asked | None:
            data = await self._store.data(user_id, run_id)
            if data is None:
                return None
            request, parts = request_of(data), self._parts
            return asked_for(request, data["model"], data["history"], estimate=parts.estimate)

        return self._turns.ends.room(wanted)

    async def _go_on_later(self, run: StoredRun) -> None:
        """Let a run go on that was decided and left; one that has no room now stays for the next time."""
        try:
            async with self._room(run.user_id, run.id) as room:
                await self._go_on(run.user_id, run.id, room)
        except TooManyRequests as exc:
            logger.info("run %s does not go on yet: %s", run.id, exc.message)

    async def _go_on(self, user_id: str, run_id: str, room: Room) -> None:
        """Let a run go on once every call is decided; once, whoever decides at the same moment."""
        if any(it.state == "pending" for it in await self._store.of_run(user_id, run_id)):
            return
        there = await can_go_on(self._parts, thread_of(user_id, run_id))
        if not there:
            await self._end(user_id, run_id, state="failed", words=LOST)
            return
        paused = await self._store.take(user_id, run_id, server_id=self._parts.server_id)
        if paused is not None:
            await self._resume(paused, room)

    async def _resume(self, paused: Pause, room: Room) -> None:
        try:
            provider, model = await self._turns.catalog.resolve(paused.data["model"])
        except StewardError as exc:
            await self._give_up(paused, f"This cannot go on: {exc.message}")
            return
        try:
            owner = await self._users.get(paused.run.user_id)
            if owner is not None:
                request = of_now(paused.data["request"], owner)
                paused = replace(paused, data={**paused.data, "request": request})
            run = made_whole(paused, self._parts, provider=provider, model=model)
        except StewardError as exc:
            await self._give_up(paused, f"This cannot go on: {exc.message}")
            return
        except (LookupError, TypeError, ValueError):  # another version of this server wrote it
            logger.exception("run %s cannot be read any more", paused.run.id)
            await self._give_up(paused, LOST)
            return
        run.hold = room.taken()
        self._turns.go_on(run, decisions_of(paused))

    async def _give_up(self, paused: Pause, words: str) -> None:
        """End a run that was taken and cannot go on."""
        run = paused.run
        done, messages = ended(run, state="failed", words=words, now_ms=self._clock.now_ms())
        await self._turns.ends.store(done, messages)
        await self._asking.drop(thread_of(run.user_id, run.id))

    async def _end(self, user_id: str, run_id: str, *, state: RunState, words: str) -> None:
        run = await self._runs.get(user_id, run_id)
        if run is None or run.state != "waiting":
            return
        done, messages = ended(run, state=state, words=words, now_ms=self._clock.now_ms())
        if await self._store.end(done, messages):
            self._parts.kept_servers.take(run_id)
            await self._asking.drop(thread_of(user_id, run_id))


async def store_end(
    run: StoredRun,
    messages: Sequence[StoredMessage],
    *,
    conversations: ConversationStore,
    runs: RunStore,
) -> None:
    """Store the end of a run that is running in the database, with or without a conversation."""
    if run.conversation_id:
        await conversations.end_turn(run, messages)
    else:
        await runs.save(run)
