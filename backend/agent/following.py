"""Reads along with runs that go on elsewhere: from the journal while they run, from their row at the end.

Not for: writing the journal (`journaling`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from backend.agent.peers import Peers
from backend.agent.run_log import RunLog, restored
from backend.errors import StewardError
from backend.kit.waiting import DeadlineExceeded, within
from backend.ports.clock import Clock
from backend.ports.replicas import JournalRow, JournalStore
from backend.ports.stores import Run, RunState, RunStore
from backend.ports.values import JsonObject

logger = logging.getLogger(__name__)
LOOK_AGAIN_S = 1.0
ASK_AGAIN_S = 2.0
QUIET_LOOKS = 15
SILENT_ANSWERS = 5


@dataclass(slots=True, eq=False, kw_only=True)
class FarRun:
    """A run of another server as it is seen here: what it has shown, and its state."""

    id: str
    user_id: str
    state: RunState = "running"
    stored: bool = True
    outline: JsonObject = field(default_factory=dict[str, Any])
    log: RunLog = field(default_factory=RunLog)
    _rows: list[Sequence[JsonObject]] = field(default_factory=list[Sequence[JsonObject]])
    seq: int = 0

    def take(self, rows: Sequence[JournalRow]) -> None:
        """Show more of it; a row may take the place of those from its number on."""
        for row in rows:
            self.seq = row.seq
            fits = row.at == len(self._rows)
            del self._rows[row.at :]
            self._rows.append(row.entries)
            if fits:
                self.log.items += restored(_shown(row.entries))
            else:
                self.log.items = restored([it for one in self._rows for it in _shown(one)])
            end = next((it for it in row.entries if it["kind"] == "end"), None)
            if end is not None:
                self.state = end["state"]
                self.log.close()
        if rows:
            self.log.wake()

    def end(self, state: RunState, entries: Sequence[JsonObject] | None = None) -> None:
        """Show how it ended."""
        if entries is not None:
            self.log.items = restored(entries)
        self.state = state
        self.log.close()

    def run(self) -> Run:
        """Give it as a row, for one that has none."""
        return Run(
            id=self.id,
            user_id=self.user_id,
            conversation_id=self.outline.get("session_id"),
            model=self.outline.get("model", ""),
            route=self.outline.get("route", ""),
            state="running",
            started_at_ms=self.outline.get("started_at_ms", 0),
        )

    def entries(self) -> list[JsonObject]:
        """Give what it has shown."""
        return [it for one in self._rows for it in _shown(one)]


class Following:
    """Finds the runs of other servers, and reads along."""

    def __init__(self, journal: JournalStore, runs: RunStore, peers: Peers, clock: Clock) -> None:
        self._journal = journal
        self._runs = runs
        self._peers = peers
        self._clock = clock
        self._news: dict[str, set[asyncio.Event]] = {}
        peers.signals.hear("progress", self._heard)

    async def find(self, user_id: str, run_id: str) -> FarRun | None:
        """Find one of the user's that runs on another server; None when there is none, or it has ended."""
        stored = await self._runs.get(user_id, run_id)
        if stored is not None:
            far = FarRun(id=run_id, user_id=user_id)
            return far if stored.state == "running" else None
        said = await self._peers.ask("follow", {"user_id": user_id, "run_id": run_id})
        if said is None:
            return None
        return FarRun(id=run_id, user_id=user_id, stored=said["stored"], outline=said)

    async def seen(self, far: FarRun) -> FarRun:
        """Bring what is seen of a run up to date, once."""
        far.take(await self._journal.read(far.user_id, far.id, after=far.seq))
        return far

    @asynccontextmanager
    async def reading(
        self, far: FarRun, *, topic: str = "follow", more: JsonObject | None = None
    ) -> AsyncGenerator[FarRun]:
        """Read along with a run until it ends, or until this is left.

        `topic` is what its server is asked now and then, with `more`, so that it goes on writing fast.
        """
        asked: JsonObject = {"user_id": far.user_id, "run_id": far.id, **(more or {})}
        tasks = [
            asyncio.create_task(self._keep_asking(far, topic, asked)),
            asyncio.create_task(self._keep_reading(far)),
        ]
        try:
            yield far
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_asking(self, far: FarRun, topic: str, asked: JsonObject) -> None:
        silent = 0
        while not far.log.closed:
            silent = 0 if await self._peers.ask(topic, asked) else silent + 1
            if silent >= SILENT_ANSWERS and not far.stored:
                far.end("interrupted")  # its server is gone, and the run with it
            await self._clock.sleep(ASK_AGAIN_S)

    async def _keep_reading(self, far: FarRun) -> None:
        news, quiet = asyncio.Event(), 0
        self._news.setdefault(far.id, set()).add(news)
        try:
            while not far.log.closed:
                news.clear()
                quiet = 0 if await self._look(far) else quiet + 1
                if quiet % QUIET_LOOKS == QUIET_LOOKS - 1:
                    far.log.nudge()
                await self._told(news)
        finally:
            waiting = self._news[far.id]
            waiting.discard(news)
            if not waiting:
                del self._news[far.id]

    async def _look(self, far: FarRun) -> bool:
        """Read what is new; tell whether there was something."""
        before = far.seq
        try:
            far.take(await self._journal.read(far.user_id, far.id, after=before))
            if far.seq == before and far.stored:
                run = await self._runs.get(far.user_id, far.id)
                if run is None:
                    far.end("cancelled")  # its conversation or account was erased
                elif run.state != "running":
                    far.end(run.state, run.events)
        except StewardError as exc:
            logger.warning("run %s cannot be read along with now: %s", far.id, exc.message)
        return far.seq != before

    async def _told(self, news: asyncio.Event) -> None:
        try:
            await within(self._clock, LOOK_AGAIN_S, _set(news))
        except DeadlineExceeded:
            return

    def _heard(self, told: JsonObject) -> None:
        for run_id in told["ids"]:
            for news in self._news.get(run_id, ()):
                news.set()


async def _set(event: asyncio.Event) -> None:
    await event.wait()


def _shown(entries: Sequence[JsonObject]) -> list[JsonObject]:
    return [entry for entry in entries if entry["kind"] != "end"]
