"""Takes jobs and carries them out, a few at a time, until told to stop or idle for long.

Not for: what a job does (`ingest`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from backend.documents.ingest import LEASE_S, Ingest
from backend.errors import StewardError, Unavailable
from backend.kit.log_context import bind_log_context
from backend.ports.clock import Clock
from backend.ports.document_jobs import Job, JobStore
from backend.ports.embedding import EmbeddingFailed

logger = logging.getLogger(__name__)
LOOK_AGAIN_S = 5.0
PAUSE_AFTER_FAILURE_S = 30.0
_RENEWALS_PER_LEASE = 3
_LOST_AFTER = 2  # refusals: the first may be of a job that is just being finished


class WorkLoop:
    """At most `at_once` jobs at the same time; a look at the database on every `wake` and every few seconds."""

    def __init__(
        self,
        ingest: Ingest,
        jobs: JobStore,
        *,
        clock: Clock,
        at_once: int = 2,
        per_user: int = 1,
        lease_s: float = LEASE_S,
    ) -> None:
        self._ingest = ingest
        self._jobs = jobs
        self._clock = clock
        self._at_once = at_once
        self._per_user = per_user
        self._lease_s = lease_s
        self._running: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._rebuild_after_s = 0.0

    def wake(self) -> None:
        """Look for work now."""
        self._news.set()

    async def run(self, *, idle_s: float | None) -> None:
        """Work until nothing has been waiting for `idle_s`; None means for ever. Cancel to stop."""
        quiet_since_s = self._clock.monotonic_s()
        try:
            while True:
                self._news.clear()
                busy = await self._look()
                now_s = self._clock.monotonic_s()
                if busy:
                    quiet_since_s = now_s
                elif idle_s is not None and now_s - quiet_since_s >= idle_s:
                    return
                pause_s = LOOK_AGAIN_S if idle_s is None else min(LOOK_AGAIN_S, max(idle_s, 0.05))
                await self._something(pause_s)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _look(self) -> bool:
        """Start what can be started; tell whether anything runs or waits."""
        try:
            while len(self._running) < self._at_once:
                job = await self._jobs.claim(
                    now_ms=self._clock.now_ms(), lease_s=self._lease_s, per_user=self._per_user
                )
                if job is None:
                    break
                if any(task.get_name() == job.id for task in self._running):
                    self._ingest.taken_again(job)  # this process stood still beyond the lease
                    continue
                task = asyncio.create_task(self._carry_out(job), name=job.id)
                self._running.add(task)
                task.add_done_callback(self._ended)
            waiting = bool(self._running) or await self._jobs.waiting() > 0
            if waiting or self._clock.monotonic_s() < self._rebuild_after_s:
                return waiting or self._rebuild_after_s > 0
            return await self._rebuild()
        except StewardError as exc:
            logger.warning("looking for work failed: %s", exc.message)
            return True

    async def _rebuild(self) -> bool:
        """Go on with the next embedding space while no upload waits."""
        try:
            going_on = await self._ingest.rebuild_some()
        except EmbeddingFailed as exc:
            logger.warning("the new embedding space waits: %s", exc)
            self._rebuild_after_s = self._clock.monotonic_s() + PAUSE_AFTER_FAILURE_S
            return True
        self._rebuild_after_s = 0.0
        if going_on:
            self._news.set()
        return going_on

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._news.set()

    async def _something(self, seconds: float) -> None:
        """Wait for news, but not longer than that."""
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait((timer, news), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            news.cancel()

    async def _carry_out(self, job: Job) -> None:
        try:
            with bind_log_context(user_id=job.user_id):
                await self._while_kept(job)
        except asyncio.CancelledError:
            await asyncio.shield(self._ingest.give_back(job))
            raise
        except Unavailable as exc:
            await self._put_off(job, exc)
        except Exception:
            logger.exception("job %s of document %s failed", job.id, job.document_id)
            try:
                await self._ingest.give_up(
                    job, "This server failed while reading the file; its log says why."
                )
            except Unavailable as exc:
                await self._put_off(job, exc)
        finally:
            self._ingest.let_go(job)

    async def _put_off(self, job: Job, why: Unavailable) -> None:
        """Give a job back for a while; where even that cannot be written, its lease runs out."""
        logger.warning("job %s of document %s waits: %s", job.id, job.document_id, why.message)
        until_ms = self._clock.now_ms() + int(PAUSE_AFTER_FAILURE_S * 1000)
        with contextlib.suppress(Unavailable):
            await self._jobs.postpone(self._ingest.claim_of(job), until_ms=until_ms)

    async def _while_kept(self, job: Job) -> None:
        """Carry a job out and keep its lease meanwhile; stop when it has been erased."""
        work = asyncio.ensure_future(self._ingest.carry_out(job))
        refusals = 0
        try:
            while refusals < _LOST_AFTER and not await self._ends(work):
                refusals = 0 if await self._renewed(job) else refusals + 1
            if work.done():
                await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _ends(self, work: asyncio.Future[None]) -> bool:
        """Wait until the work is done, or its lease is to be renewed; tell whether it is done."""
        timer = asyncio.ensure_future(self._clock.sleep(self._lease_s / _RENEWALS_PER_LEASE))
        try:
            await asyncio.wait((work, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return work.done()

    async def _renewed(self, job: Job) -> bool:
        """Keep a job for another lease; a database that fails for a moment costs nothing."""
        try:
            return await self._jobs.renew(
                self._ingest.claim_of(job), now_ms=self._clock.now_ms(), lease_s=self._lease_s
            )
        except StewardError as exc:
            logger.warning("job %s could not be renewed: %s", job.id, exc.message)
            return True
