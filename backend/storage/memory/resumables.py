"""Runs that can be taken up again, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict, NotFound, SessionBusy
from backend.kit.json_values import copy_json
from backend.ports.stores import Run
from backend.ports.values import JsonObject
from backend.storage.memory.shelves import Shelves, detached

NOT_INTERRUPTED = "This run is not interrupted, or goes on already"
GONE_ON = "The conversation has gone on since this run was interrupted"


class MemoryResumableStore:
    """The `ResumableStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def begin(self, user_id: str, run_id: str, data: JsonObject) -> None:
        """Keep what a run goes on from, in place of what was kept; Conflict when the run is gone."""
        if self._mine(user_id, run_id) is None:
            raise Conflict
        self._shelves.resumables[run_id] = copy_json(data)

    async def get(self, user_id: str, run_id: str) -> JsonObject | None:
        """Give what one of the user's runs goes on from."""
        mine = self._mine(user_id, run_id) is not None
        kept = self._shelves.resumables.get(run_id)
        return copy_json(kept) if mine and kept is not None else None

    async def drop(self, run_id: str) -> None:
        """Forget what a run that has ended goes on from."""
        self._shelves.resumables.pop(run_id, None)

    async def take(self, run: Run, trace: JsonObject, *, replaces: str | None, now_ms: int) -> None:
        """Let an interrupted run of a session run again, and claim its session."""
        shelves = self._shelves
        known = self._mine(run.user_id, run.id)
        as_read = ("interrupted", run.finished_at_ms)
        if known is None or (known.state, known.finished_at_ms) != as_read:
            raise Conflict(NOT_INTERRUPTED, code="run_not_interrupted")
        if self._gone_on(known):
            raise Conflict(GONE_ON, code="conversation_gone_on")
        it = shelves.conversations.get(known.conversation_id or "")
        if it is None:
            raise NotFound
        if it.active_run_id is not None:
            raise SessionBusy
        rows = shelves.messages.get(it.id, [])
        own = [row.id for row in rows if row.run_id == run.id]
        head = own[-1] if own else None
        if head is None and replaces is not None:
            head = next((row.parent_id for row in rows if row.id == replaces), None)
        shelves.conversations[it.id] = replace(it, active_run_id=run.id, updated_at_ms=now_ms)
        shelves.show_head(it.id, head)
        shelves.runs[run.id] = replace(
            known,
            state="running",
            finished_at_ms=None,
            trace=copy_json(trace),
            server_id=run.server_id,
        )

    async def interrupted(self, since_ms: int) -> Sequence[Run]:
        """The runs of sessions that were interrupted since then, without events, oldest first."""
        found = [
            replace(detached(run), events=(), file_ids=())
            for run in self._shelves.runs.values()
            if (run.state, run.conversation_id is None) == ("interrupted", False)
            and (run.finished_at_ms or 0) >= since_ms
            and not self._gone_on(run)
        ]
        return sorted(found, key=lambda run: (run.started_at_ms, run.id))

    async def kept(self) -> Sequence[tuple[str, str]]:
        """User and id of each run of which something is kept to go on from."""
        return [(self._shelves.runs[it].user_id, it) for it in self._shelves.resumables]

    async def sweep(self, before_ms: int) -> Sequence[tuple[str, str]]:
        """Forget what no run goes on from any more; give user and id of each."""
        over: list[tuple[str, str]] = []
        for user_id, run_id in await self.kept():
            run = self._shelves.runs[run_id]
            old = (run.finished_at_ms or 0) < before_ms or self._gone_on(run)
            if run.state in {"running", "waiting"} or (run.state == "interrupted" and not old):
                continue
            over.append((user_id, run_id))
            del self._shelves.resumables[run_id]
        return over

    def _mine(self, user_id: str, run_id: str) -> Run | None:
        run = self._shelves.runs.get(run_id)
        return run if run is not None and run.user_id == user_id else None

    def _gone_on(self, run: Run) -> bool:
        rows = self._shelves.messages.get(run.conversation_id or "", [])
        own = [at for at, row in enumerate(rows) if row.run_id == run.id]
        if own:
            return own[-1] < len(rows) - 1
        return any(row.created_at_ms > run.started_at_ms for row in rows)
