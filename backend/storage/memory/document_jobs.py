"""Work to be done on documents, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from backend.kit.json_values import clean_text
from backend.ports.document_jobs import Claim, Job
from backend.ports.measuring import Queue
from backend.storage.memory.document_shelves import DocumentShelves
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
        running = Counter(it.user_id for it in jobs.values() if _leased(it, now_ms))
        free = [
            it
            for it in jobs.values()
            if not _leased(it, now_ms)
            and it.not_before_ms <= now_ms
            and running[it.user_id] < per_user
        ]
        if not free:
            return None
        job = min(
            free,
            key=lambda it: (it.kind != "ingest", running[it.user_id], it.created_at_ms, it.id),
        )
        again = job.lease_until_ms is not None
        return self._lease(job, attempts=job.attempts + again, until_ms=_end(now_ms, lease_s))

    async def renew(self, claim: Claim, *, now_ms: int, lease_s: float) -> bool:
        """Keep a claimed job; False when the claim is lost."""
        job = self._papers.claimed(claim)
        if job is None:
            return False
        self._lease(job, attempts=job.attempts, until_ms=_end(now_ms, lease_s))
        return True

    async def done(self, claim: Claim) -> None:
        """Forget a job that nothing is to be done for; nothing happens when the claim is lost."""
        self._papers.end(claim)

    async def postpone(self, claim: Claim, *, until_ms: int) -> None:
        """Give a job back, to be taken again from then on; its attempts start again."""
        if (job := self._papers.claimed(claim)) is not None:
            later_ms = max(until_ms, job.not_before_ms + 1)
            self._papers.jobs[job.id] = replace(
                job, attempts=0, lease_until_ms=None, not_before_ms=later_ms
            )

    async def release_all(self) -> int:
        """At start: give back what a dead process had claimed; tell how many.

        Each is taken again with one more attempt.
        """
        held = [it for it in self._papers.jobs.values() if it.lease_until_ms]
        for it in held:
            self._lease(it, attempts=it.attempts, until_ms=_GIVEN_BACK)
        return len(held)

    async def add(self, job: Job) -> bool:
        """Queue a job; False when the document is gone or has one of this kind, waiting or running.

        An `ingest` sets the document's state to `queued`.
        """
        return queue(self._papers, job)

    async def drop_of(self, user_id: str, *, reason: str, now_ms: int) -> Sequence[str]:
        """Forget all of a user's jobs, and mark the documents that were to be read as failed."""
        papers = self._papers
        gone = [it for it in papers.jobs.values() if it.user_id == user_id]
        for job in gone:
            del papers.jobs[job.id]
        dropped = tuple(job.document_id for job in gone if job.kind == "ingest")
        for document_id in dropped:
            papers.documents[document_id] = replace(
                papers.without_unfinished(papers.documents[document_id]),
                state="failed",
                progress=0.0,
                reason=clean_text(reason),
                updated_at_ms=now_ms,
            )
        return dropped

    async def waiting(self) -> int:
        """How many jobs are not done."""
        return len(self._papers.jobs)

    async def claimable(self, now_ms: int) -> bool:
        """Tell whether a job waits that nobody holds and that may be taken by now."""
        return any(
            not _leased(it, now_ms) and it.not_before_ms <= now_ms
            for it in self._papers.jobs.values()
        )

    async def standing(self, now_ms: int) -> Queue:
        """How many jobs there are by state, and how old the oldest is."""
        jobs = list(self._papers.jobs.values())
        running = [it for it in jobs if _leased(it, now_ms)]
        free = [it for it in jobs if not _leased(it, now_ms)]
        postponed = [it for it in free if it.not_before_ms > now_ms]
        oldest_ms = min((it.created_at_ms for it in jobs), default=now_ms)
        return Queue(
            waiting=len(free) - len(postponed),
            running=len(running),
            postponed=len(postponed),
            oldest_s=max(0, now_ms - oldest_ms) / 1000,
        )

    def _lease(self, job: Job, *, attempts: int, until_ms: int) -> Job:
        leased = replace(job, attempts=attempts, lease_until_ms=until_ms)
        self._papers.jobs[job.id] = leased
        return leased


def queue(papers: DocumentShelves, job: Job) -> bool:
    """Add a job to its document unless there is one of its kind; tell whether it was added."""
    document = papers.documents.get(job.document_id)
    if document is None or document.user_id != job.user_id:
        return False
    if any((it.document_id, it.kind) == (job.document_id, job.kind) for it in papers.jobs.values()):
        return False
    papers.jobs[job.id] = job
    if job.kind == "ingest":
        papers.documents[document.id] = replace(
            document, state="queued", progress=0.0, reason="", updated_at_ms=job.created_at_ms
        )
    return True


def _leased(job: Job, now_ms: int) -> bool:
    return job.lease_until_ms is not None and job.lease_until_ms > now_ms


def _end(now_ms: int, lease_s: float) -> int:
    return now_ms + int(lease_s * 1000)
