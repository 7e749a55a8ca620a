"""Runs and their traces in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from backend.errors import Conflict
from backend.ports.stores import Run
from backend.storage.memory.shelves import Shelves, detached


class MemoryRunStore:
    """The `RunStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def save(self, run: Run) -> None:
        """Insert or replace a run; another user's run of the same id stays, and another server's."""
        self._shelves.require_user(run.user_id)
        if run.conversation_id not in {None, *self._shelves.conversations}:
            raise Conflict
        self._shelves.use_run(run)
        stored = self._shelves.runs.get(run.id)
        whose = (run.user_id, run.server_id)
        if stored is None or (stored.user_id, stored.server_id) == whose:
            self._shelves.keep_run(run)

    async def get(self, user_id: str, run_id: str) -> Run | None:
        """Find one of the user's."""
        run = self._shelves.runs.get(run_id)
        return detached(run) if run is not None and run.user_id == user_id else None

    async def origins(self, user_id: str, conversation_id: str) -> Mapping[str, tuple[str, str]]:
        """Model and route of each run of a conversation, by the run's id."""
        return {
            run.id: (run.model, run.route)
            for run in self._shelves.runs.values()
            if (run.user_id, run.conversation_id) == (user_id, conversation_id)
        }

    async def interrupt_running(self, now_ms: int) -> int:
        """At start: mark runs a dead process left as interrupted, free their conversations."""
        shelves = self._shelves
        left = [run for run in shelves.runs.values() if run.state == "running"]
        for run in left:
            shelves.runs[run.id] = replace(run, state="interrupted", finished_at_ms=now_ms)
        for it in list(shelves.conversations.values()):
            if it.active_run_id is not None:
                shelves.conversations[it.id] = replace(it, active_run_id=None)
                shelves.show_newest(it.id)
        return len(left)

    async def prune(self, before_ms: int) -> int:
        """Forget runs that ended before then; messages stay. Tell how many."""
        old = [
            run.id
            for run in self._shelves.runs.values()
            if run.finished_at_ms is not None and run.finished_at_ms < before_ms
        ]
        for run_id in old:
            self._shelves.erase_run(run_id)
        return len(old)
