"""Calls that wait for the user's word, and their runs, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict
from backend.kit.json_values import copy_json
from backend.ports.approvals import Approval, Pause
from backend.ports.stores import Run, StoredMessage
from backend.ports.values import JsonObject
from backend.storage.memory.shelves import Shelves, detached


class MemoryApprovalStore:
    """The `ApprovalStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def pause(
        self,
        run: Run,
        messages: Sequence[StoredMessage],
        approvals: Sequence[Approval],
        data: JsonObject,
    ) -> None:
        """Store that a run waits, and free its conversation."""
        shelves = self._shelves
        shelves.require_user(run.user_id)
        known = shelves.runs.get(run.id)
        if known is not None and known.server_id != run.server_id:
            raise Conflict("Another server has taken this run over")
        if run.conversation_id not in {None, *shelves.conversations}:
            raise Conflict
        shelves.keep_run(run)
        shelves.pauses[run.id] = copy_json(data)
        for one in approvals:
            shelves.approvals[one.id] = replace(one, arguments=copy_json(one.arguments))
        conversation = shelves.conversations.get(run.conversation_id or "")
        if conversation is None:
            return
        if conversation.active_run_id == run.id:
            now_ms = max((one.created_at_ms for one in approvals), default=run.started_at_ms)
            shelves.conversations[conversation.id] = replace(
                conversation, active_run_id=None, updated_at_ms=now_ms
            )
        shelves.put_messages(conversation.id, messages)

    async def of_run(self, user_id: str, run_id: str) -> Sequence[Approval]:
        """The approvals of one of the user's runs, oldest first."""
        return tuple(it for it in self._of(user_id) if it.run_id == run_id)

    async def by_id(self, user_id: str, approval_id: str) -> Approval | None:
        """One of the user's approvals, whatever its state."""
        return next((it for it in self._of(user_id) if it.id == approval_id), None)

    async def pending(self, user_id: str) -> Sequence[Approval]:
        """All that wait for the user, oldest first."""
        return tuple(it for it in self._of(user_id) if it.state == "pending")

    async def decide(
        self, user_id: str, run_id: str, call_id: str, *, approve: bool, note: str, now_ms: int
    ) -> tuple[Approval, bool] | None:
        """Decide about a call that waits and has not expired; give it, and whether this decided it."""
        for one in await self.of_run(user_id, run_id):
            if one.call_id != call_id:
                continue
            if one.state != "pending" or one.expires_at_ms <= now_ms:
                return one, False
            state = "approved" if approve else "denied"
            decided = replace(one, state=state, note=note, decided_at_ms=now_ms)
            self._shelves.approvals[one.id] = decided
            return decided, True
        return None

    async def data(self, user_id: str, run_id: str) -> JsonObject | None:
        """What one of the user's runs that waits goes on from."""
        run, kept = self._shelves.runs.get(run_id), self._shelves.pauses.get(run_id)
        mine = run is not None and run.user_id == user_id
        return copy_json(kept) if mine and kept is not None else None

    async def take(self, user_id: str, run_id: str, *, server_id: str = "") -> Pause | None:
        """Take a waiting run whose calls are all decided, once: it runs on that server from then on."""
        shelves = self._shelves
        run = shelves.runs.get(run_id)
        asked = await self.of_run(user_id, run_id)
        if run is None or (run.user_id, run.state) != (user_id, "waiting"):
            return None
        if any(one.state == "pending" for one in asked):
            return None
        shelves.runs[run_id] = replace(run, state="running", server_id=server_id)
        data = shelves.pauses.pop(run_id)
        taken = replace(detached(run), server_id=server_id)
        return Pause(run=taken, data=data, approvals={one.call_id: one for one in asked})

    async def end(self, run: Run, messages: Sequence[StoredMessage]) -> bool:
        """Store the end of a run that waits, its open calls expired; tell whether it still waited."""
        shelves = self._shelves
        known = shelves.runs.get(run.id)
        if known is None or (known.user_id, known.state) != (run.user_id, "waiting"):
            return False
        shelves.use_run(run)
        ended = replace(known, state=run.state, trace=run.trace, events=run.events)
        shelves.keep_run(replace(ended, finished_at_ms=run.finished_at_ms))
        shelves.pauses.pop(run.id, None)
        for one in await self.of_run(run.user_id, run.id):
            if one.state == "pending":
                shelves.approvals[one.id] = replace(
                    one, state="expired", decided_at_ms=run.finished_at_ms
                )
        if run.conversation_id in shelves.conversations:
            shelves.put_messages(run.conversation_id, messages)
        return True

    async def waiting(
        self, user_id: str | None = None, *, conversation_id: str | None = None
    ) -> Sequence[Run]:
        """The runs that wait, with neither trace nor events; of one user or conversation if given."""
        return tuple(
            run
            for run in self._paused()
            if user_id in {None, run.user_id} and conversation_id in {None, run.conversation_id}
        )

    async def expired(self, now_ms: int) -> Sequence[Run]:
        """The waiting runs of which a call has expired undecided, with neither trace nor events."""
        old = {it.run_id for it in self._open() if it.expires_at_ms <= now_ms}
        return tuple(run for run in self._paused() if run.id in old)

    async def decided(self) -> Sequence[Run]:
        """The waiting runs whose calls are all decided, with neither trace nor events."""
        still = {it.run_id for it in self._open()}
        return tuple(run for run in self._paused() if run.id not in still)

    async def resumed(self) -> Sequence[Run]:
        """At start: the runs that a dead process had resumed, whole."""
        asked = {it.run_id for it in self._shelves.approvals.values()}
        found = sorted(self._shelves.runs.items())
        return tuple(detached(run) for it, run in found if it in asked and run.state == "running")

    def _of(self, user_id: str) -> list[Approval]:
        mine = [it for it in self._shelves.approvals.values() if it.user_id == user_id]
        mine.sort(key=lambda it: (it.created_at_ms, it.id))
        return [replace(it, arguments=copy_json(it.arguments)) for it in mine]

    def _open(self) -> list[Approval]:
        return [it for it in self._shelves.approvals.values() if it.state == "pending"]

    def _paused(self) -> list[Run]:
        shelves = self._shelves
        found = [shelves.runs[it] for it in sorted(shelves.pauses)]
        return [
            replace(run, trace={}, events=(), file_ids=())
            for run in found
            if run.state == "waiting"
        ]
