"""Work to be done on documents, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from backend.ports.document_stores import Job
from backend.ports.measuring import Queue
from backend.storage.memory.document_shelves import DocumentShelves, QueuedJob
from backend.storage.memory.shelves import Shelves

_GIVEN_BACK = 0  # a lease that ran out long ago


class MemoryJobStore:
    """The `JobStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._papers = shelves.papers

    async def claim(self, *, now_ms: int, lease_s: float, per_user: int) -> Job | None:
        """Take the next job: of the user with the fewest running, the oldest; at most `per_user` each.

        Jobs of kind `ingest` come first: somebody waits for them. A job whose lease has run out is
        taken again, with one more attempt.
        """
        jobs = self._papers.jobs
        running = Counter(it.job.user_id for it in jobs.values() if _leased(it.job, now_ms))
        free = [
            it.job
            for it in jobs.values()
            if not _leased(it.job, now_ms)
            and it.not_before_ms <= now_ms
            and running[it.job.user_id] < per_user
        ]
        if not free:
            return None
        job = min(
            free,
            key=lambda it: (it.kind != "ingest", running[it.user_id], it.created_at_ms, it.id),
        )
        again = job.lease_until_ms is not None
        return self._lease(job, attempts=job.attempts + again, until_ms=_end(now_ms, lease_s))

    async def renew(self, job_id: str, *, attempts: int, now_ms: int, lease_s: float) -> bool:
        """Keep a job claimed with so many attempts; False when it is erased, given back or another's."""
        queued = self._papers.jobs.get(job_id)
        if queued is None or queued.job.lease_until_ms is None:
            return False
        if queued.job.attempts != attempts:
            return False
        self._lease(queued.job, attempts=queued.job.attempts, until_ms=_end(now_ms, lease_s))
        return True

    async def done(self, job_id: str) -> None:
        """Forget a job that was carried out or given up."""
        self._papers.jobs.pop(job_id, None)

    async def postpone(self, job_id: str, *, until_ms: int) -> None:
        """Give a job back, to be taken again from then on; its attempts start again."""
        if (queued := self._papers.jobs.get(job_id)) is not None:
            fresh = replace(queued.job, attempts=0, lease_until_ms=None)
            self._papers.jobs[job_id] = QueuedJob(fresh, until_ms)

    async def release_all(self) -> int:
        """At start: give back what a dead process had claimed; tell how many.

        Each is taken again with one more attempt.
        """
        held = [it for it in self._papers.jobs.values() if it.job.lease_until_ms]
        for it in held:
            self._lease(it.job, attempts=it.job.attempts, until_ms=_GIVEN_BACK)
        return len(held)

    async def add(self, job: Job) -> bool:
        """Queue a job; False when the document is gone or has one of this kind, waiting or running.

        An `ingest` sets the document's state to `queued`.
        """
        return queue(self._papers, job)

    async def drop_of(self, user_id: str) -> Sequence[str]:
        """Forget all of a user's jobs; name the documents that were to be read."""
        jobs = self._papers.jobs
        gone = [it.job for it in jobs.values() if it.job.user_id == user_id]
        for job in gone:
            del jobs[job.id]
        return tuple(job.document_id for job in gone if job.kind == "ingest")

    async def waiting(self) -> int:
        """How many jobs are not done."""
        return len(self._papers.jobs)

    async def claimable(self, now_ms: int) -> bool:
        """Tell whether a job waits that nobody holds and that may be taken by now."""
        return any(
            not _leased(it.job, now_ms) and it.not_before_ms <= now_ms
            for it in self._papers.jobs.values()
        )

    async def standing(self, now_ms: int) -> Queue:
        """How many jobs there are by state, and how old the oldest is."""
        jobs = list(self._papers.jobs.values())
        running = [it for it in jobs if _leased(it.job, now_ms)]
        free = [it for it in jobs if not _leased(it.job, now_ms)]
        postponed = [it for it in free if it.not_before_ms > now_ms]
        oldest_ms = min((it.job.created_at_ms for it in jobs), default=now_ms)
        return Queue(
            waiting=len(free) - len(postponed),
            running=len(running),
            postponed=len(postponed),
            oldest_s=max(0, now_ms - oldest_ms) / 1000,
        )

    def _lease(self, job: Job, *, attempts: int, until_ms: int) -> Job:
        leased = replace(job, attempts=attempts, lease_until_ms=until_ms)
        self._papers.jobs[job.id] = replace(self._papers.jobs[job.id], job=leased)
        return leased


def queue(papers: DocumentShelves, job: Job) -> bool:
    """Add a job to its document unless there is one of its kind; tell whether it was added."""
    document = papers.documents.get(job.document_id)
    if document is None or document.user_id != job.user_id:
        return False
    if any(
        (it.job.document_id, it.job.kind) == (job.document_id, job.kind)
        for it in papers.jobs.values()
    ):
        return False
    papers.jobs[job.id] = QueuedJob(job)
    if job.kind == "ingest":
        papers.documents[document.id] = replace(
            document, state="queued", progress=0.0, reason="", updated_at_ms=job.created_at_ms
        )
    return True


def _leased(job: Job, now_ms: int) -> bool:
    return job.lease_until_ms is not None and job.lease_until_ms > now_ms


def _end(now_ms: int, lease_s: float) -> int:
    return now_ms + int(lease_s * 1000)
