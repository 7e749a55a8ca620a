"""The storage port of the work to be done on documents: jobs, and who holds them.

Not for: what is written while one is carried out (`document_stores`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from backend.ports.measuring import Queue

JobKind = Literal["ingest", "reembed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One worker's hold on a job: it ends when the job is taken anew, given back, dropped or done.

    Taking a job anew raises `attempts`, giving it back raises `not_before_ms`: no claim comes again.
    """

    job_id: str
    attempts: int
    not_before_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work on one document, claimed by one worker until `lease_until_ms`.

    It is taken from `not_before_ms` on. `traceparent` names the trace of the request that brought it,
    empty when nobody traces.
    """

    id: str
    kind: JobKind
    user_id: str
    document_id: str
    attempts: int = 0
    lease_until_ms: int | None = None
    not_before_ms: int = 0
    created_at_ms: int = 0
    traceparent: str = ""

    @property
    def claim(self) -> Claim:
        """The hold that whoever was given this has on it."""
        return Claim(job_id=self.id, attempts=self.attempts, not_before_ms=self.not_before_ms)


class JobStore(Protocol):
    """Work to be done on documents."""

    async def claim(self, *, now_ms: int, lease_s: float, per_user: int) -> Job | None:
        """Take the next job: of the user with the fewest running, the oldest; at most `per_user` each.

        Jobs of kind `ingest` come first: somebody waits for them. A job whose lease has run out is
        taken again, with one more attempt.
        """
        ...

    async def renew(self, claim: Claim, *, now_ms: int, lease_s: float) -> bool:
        """Keep a claimed job; False when the claim is lost."""
        ...

    async def done(self, claim: Claim) -> None:
        """Forget a job that nothing is to be done for; nothing happens when the claim is lost."""
        ...

    async def postpone(self, claim: Claim, *, until_ms: int) -> None:
        """Give a job back, to be taken again from then on; its attempts start again.

        Nothing happens when the claim is lost.
        """
        ...

    async def release_all(self) -> int:
        """At start: give back what a dead process had claimed; tell how many.

        Each is taken again with one more attempt.
        """
        ...

    async def add(self, job: Job) -> bool:
        """Queue a job; False when the document is gone or has one of this kind, waiting or running.

        An `ingest` sets the document's state to `queued`.
        """
        ...

    async def drop_of(self, user_id: str, *, reason: str, now_ms: int) -> Sequence[str]:
        """Forget all of a user's jobs, and mark the documents that were to be read as failed.

        Names these documents. All in one transaction: whoever was reading writes nothing behind it.
        """
        ...

    async def waiting(self) -> int:
        """How many jobs are not done."""
        ...

    async def claimable(self, now_ms: int) -> bool:
        """Tell whether a job waits that nobody holds and that may be taken by now."""
        ...

    async def standing(self, now_ms: int) -> Queue:
        """How many jobs there are by state, and how old the oldest is."""
        ...
