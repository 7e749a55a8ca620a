"""Writes down what runs show while they go on, for a crash and for readers on other servers.

Every second for runs that have a row; every FAST_S for those that somebody follows from elsewhere. What a
run has shown is erased from the journal once it has ended: its row holds it then. Not for: reading it
(`following`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from backend.agent.peers import Peers
from backend.agent.run import Run
from backend.agent.run_log import RunLog, merged
from backend.errors import Conflict, StewardError
from backend.kit.log_context import start_unbound
from backend.ports.clock import Clock
from backend.ports.replicas import JournalRow, JournalStore
from backend.ports.values import JsonObject

logger = logging.getLogger(__name__)
SLOW_S, FAST_S = 1.0, 0.05
FOLLOWED_S = 6.0
READ_LATE_S = 30.0
_IDS_IN_ONE_SIGNAL = 100


@dataclass(slots=True, eq=False, kw_only=True)
class Page:
    """The journal of one log: where in it each row begins, and how many items are written.

    `stored` tells that the end of it stands elsewhere; otherwise its last entry says how it ended, and it
    stays for a while. `state` is there at the end.
    """

    id: str
    user_id: str
    log: RunLog
    stored: bool
    starts: list[int] = field(default_factory=list[int])
    items: int = 0
    seq: int = 0
    followed_until_s: float = 0.0
    state: str = ""
    told_end: bool = False
    anew: bool = False
    erase_at_s: float | None = None

    def next_row(self) -> JournalRow | None:
        """Give what is not written yet; None when all is."""
        first = self.items
        rewritten, self.log.rewritten = self.log.rewritten, None
        replaces = rewritten is not None and rewritten < first
        if rewritten is not None and replaces:
            while self.starts[-1] > rewritten:
                self.starts.pop()
            first = self.starts.pop()
        replaces, self.anew = replaces or self.anew, False
        entries = merged(self.log.items[first:])
        self.items = len(self.log.items)
        if self.state and not self.stored and not self.told_end:
            self.told_end = True
            entries.append({"kind": "end", "state": self.state})
        if not entries:
            return None
        self.seq += 1
        self.starts.append(first)
        return JournalRow(
            run_id=self.id,
            user_id=self.user_id,
            at=len(self.starts) - 1,
            seq=self.seq,
            entries=entries,
            replaces=replaces,
        )

    def begin_again(self) -> None:
        """Write all of it anew: what was to be written was not."""
        self.starts, self.items, self.told_end, self.anew = [], 0, False, True


class Journaling:
    """The journals of one server's runs."""

    def __init__(
        self, store: JournalStore, peers: Peers, clock: Clock, *, active: Mapping[str, Run]
    ) -> None:
        self._store = store
        self._peers = peers
        self._clock = clock
        self._active = active
        self._pages: dict[str, Page] = {}
        self._ended: dict[str, Page] = {}
        self._writing = asyncio.Lock()
        self._fast: asyncio.Task[None] | None = None
        peers.serve("follow", self._follow_run)

    async def keep(self) -> None:
        """Write what is new every second. Cancel to stop."""
        while True:
            await self._clock.sleep(SLOW_S)
            await self.write()

    async def aclose(self) -> None:
        """Stop writing fast."""
        if self._fast is not None:
            self._fast.cancel()
            await asyncio.gather(self._fast, return_exceptions=True)

    async def write(self) -> None:
        """Write what all runs with a row, and all that are followed, have shown since the last time."""
        for run in self._active.values():
            if run.in_store:
                self._page(run.id, run.request.user_id, run.log, stored=True)
        if self._pages or self._ended:
            await self._write(list(self._pages.values()))

    def ended(self, run: Run) -> None:
        """Take note that a run's end is stored; its journal has no use any more."""
        page = self._pages.get(run.id)
        if page is not None and page.log is run.log:
            self.end_page(page, run.state)

    def end_page(self, page: Page, state: str) -> None:
        """End the journal of a log; who follows it is told at once."""
        page.state = state
        if page.stored:
            del self._pages[page.id]
            self._ended[page.id] = page
            if page.followed_until_s > self._clock.monotonic_s():
                self._write_fast()

    def follow(self, page_id: str, user_id: str, log: RunLog, *, stored: bool) -> Page:
        """Write a log fast for as long as somebody asks for it now and then."""
        page = self._page(page_id, user_id, log, stored=stored)
        page.followed_until_s = self._clock.monotonic_s() + FOLLOWED_S
        self._write_fast()
        return page

    def _follow_run(self, asked: JsonObject) -> JsonObject | None:
        run = self._active.get(str(asked.get("run_id")))
        if run is None or run.request.user_id != asked.get("user_id"):
            return None
        self.follow(run.id, run.request.user_id, run.log, stored=run.in_store)
        return {
            "state": run.state,
            "stored": run.in_store,
            "model": run.model.id,
            "route": run.decision.route if run.decision else "",
            "started_at_ms": run.started_at_ms,
            "session_id": run.session_id,
        }

    def _page(self, page_id: str, user_id: str, log: RunLog, *, stored: bool) -> Page:
        """Give the journal of a log, a new one for a run that had asked and goes on with another log."""
        known = self._pages.get(page_id)
        if known is not None and known.log is log:
            return known
        made = Page(id=page_id, user_id=user_id, log=log, stored=stored)
        if known is not None:
            made.seq = known.seq
            made.begin_again()
        self._pages[page_id] = made
        return made

    def _write_fast(self) -> None:
        if self._fast is None or self._fast.done():
            self._fast = start_unbound(self._keep_fast(), name="journal")

    async def _keep_fast(self) -> None:
        while True:
            now_s = self._clock.monotonic_s()
            followed = [it for it in self._pages.values() if it.followed_until_s > now_s]
            ended = [it.id for it in self._ended.values() if it.followed_until_s > now_s]
            if not followed and not ended:
                return
            written = await self._write(followed)
            await self._tell([*written, *ended])
            await self._clock.sleep(FAST_S)

    async def _tell(self, ids: Sequence[str]) -> None:
        for first in range(0, len(ids), _IDS_IN_ONE_SIGNAL):
            await self._peers.tell("progress", {"ids": ids[first : first + _IDS_IN_ONE_SIGNAL]})

    async def _write(self, pages: Sequence[Page]) -> Collection[str]:
        """Write what is new of some, erase what has ended; give the ids of which something was written."""
        async with self._writing:
            ended, self._ended = self._ended, {}
            erase = {page.id for page in ended.values() if page.seq} | self._read_by_now()
            rows = {page: row for page in pages if (row := page.next_row()) is not None}
            if not rows and not erase:
                return ()
            erased, written = await self._stored(tuple(rows.values()), erase)
            if not erased:
                self._ended = {**ended, **self._ended}
            for page in rows:
                if page.id not in written:
                    page.begin_again()
            return written

    async def _stored(
        self, rows: Sequence[JournalRow], erase: Collection[str]
    ) -> tuple[bool, Collection[str]]:
        """Tell whether what is to be erased was, and give the ids of which a row was written."""
        server_id = self._peers.server_id
        try:
            done = await self._store.write(server_id, rows, erase=erase)
            return done, {row.run_id for row in rows if done}
        except (
            Conflict
        ):  # the account of one of them was erased meanwhile: the others are written all the same
            if len(rows) == 1:
                return not erase, ()
            erased, _ = await self._stored((), erase)
            apart = [await self._stored((row,), ()) for row in rows]
            return erased, {one for _, written in apart for one in written}
        except StewardError as exc:
            logger.warning("what runs have shown is not in the journal: %s", exc.message)
            return False, ()

    def _read_by_now(self) -> set[str]:
        """Forget the journals of ended logs without a row that were there long enough to be read."""
        now_s = self._clock.monotonic_s()
        for page in self._pages.values():
            if page.told_end and page.erase_at_s is None:
                page.erase_at_s = now_s + READ_LATE_S
        old = {it.id for it in self._pages.values() if it.erase_at_s and it.erase_at_s <= now_s}
        for page_id in old:
            del self._pages[page_id]
        return old
