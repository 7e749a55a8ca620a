"""Work to be done on documents, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from backend.ports.document_jobs import Claim, Job
from backend.ports.measuring import Queue
from backend.storage import readings
from backend.storage.claims import CLAIMED, claim_values, ended
from backend.storage.database import Database
from backend.storage.document_tables import document_jobs, documents
from backend.storage.row_locks import wait_for_rows

_it = document_jobs.c
_NOW: ColumnElement[int] = bindparam("now")
_GIVEN_BACK = 0  # a lease that ran out long ago

_FREE = _it.lease_until_ms.is_(None) | (_it.lease_until_ms <= _NOW), _it.not_before_ms <= _NOW
_CLAIMABLE = select(_it.id).where(*_FREE).limit(1)
_running = (
    select(_it.user_id, func.count().label("number"))
    .where(_it.lease_until_ms > _NOW)
    .group_by(_it.user_id)
    .subquery()
)
_number = func.coalesce(_running.c.number, 0)
# SQLite has one writer at a time and leaves FOR UPDATE out.
_NEXT: Select[Any] = (
    select(document_jobs)
    .outerjoin_from(document_jobs, _running, _it.user_id == _running.c.user_id)
    .where(*_FREE, _number < bindparam("per_user"))
    .order_by(case((_it.kind == "ingest", 0), else_=1), _number, _it.created_at_ms, _it.id)
    .limit(1)
)
_TAKE = _NEXT.with_for_update(of=document_jobs, skip_locked=True)
_THIS = _it.id == bindparam("job")
_LEASE = update(document_jobs).where(_THIS).values(lease_until_ms=bindparam("until"))
_CLAIM = _LEASE.values(attempts=bindparam("tries"))
_RENEW = update(document_jobs).where(CLAIMED).values(lease_until_ms=bindparam("until"))
_UNTIL: ColumnElement[int] = bindparam("until")
_POSTPONE = (
    update(document_jobs)
    .where(CLAIMED)
    .values(
        attempts=0,
        lease_until_ms=None,
        not_before_ms=case((_it.not_before_ms < _UNTIL, _UNTIL), else_=_it.not_before_ms + 1),
    )
)
_ITS_DOCUMENTS = (
    select(documents.c.id)
    .where(documents.c.id.in_(select(_it.document_id).where(_it.user_id == bindparam("owner"))))
    .order_by(documents.c.id)
    .with_for_update(key_share=True)
)
_DROP = (
    delete(document_jobs)
    .where(_it.user_id == bindparam("owner"))
    .returning(_it.document_id, _it.kind)
)
_RELEASE = (
    update(document_jobs).where(_it.lease_until_ms > _GIVEN_BACK).values(lease_until_ms=_GIVEN_BACK)
)
_UNHELD = _it.lease_until_ms.is_(None) | (_it.lease_until_ms <= _NOW)
_STANDING = select(
    func.count().label("jobs"),
    func.sum(case((_it.lease_until_ms > _NOW, 1), else_=0)).label("running"),
    func.sum(case((_UNHELD & (_it.not_before_ms > _NOW), 1), else_=0)).label("postponed"),
    func.min(_it.created_at_ms).label("oldest"),
).select_from(document_jobs)
_OF_DOCUMENT = (
    select(documents.c.id, document_jobs.c.id.label("job_id"))
    .outerjoin_from(
        documents,
        document_jobs,
        (_it.document_id == documents.c.id) & (_it.kind == bindparam("kind")),
    )
    .where(documents.c.id == bindparam("document"), documents.c.user_id == bindparam("owner"))
)
_QUEUED = (
    update(documents)
    .where(documents.c.id == bindparam("document"))
    .values(state="queued", progress=0.0, reason="", updated_at_ms=bindparam("now"))
)


class SqlJobStore:
    """The `JobStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *, now_ms: int, lease_s: float, per_user: int) -> Job | None:
        """Take the next job: of the user with the fewest running, the oldest; at most `per_user` each.

        Jobs of kind `ingest` come first: somebody waits for them. A job whose lease has run out is
        taken again, with one more attempt.
        """
        asked = {"now": now_ms, "per_user": per_user}
        # Looking costs no write lock, which an idle worker would otherwise take with every look.
        if await self._database.read(_next, asked) is None:
            return None
        return await self._database.write(_claim, asked, until_ms=_end(now_ms, lease_s))

    async def renew(self, claim: Claim, *, now_ms: int, lease_s: float) -> bool:
        """Keep a claimed job; False when the claim is lost."""
        return await self._database.write(_renew, claim, until_ms=_end(now_ms, lease_s))

    async def done(self, claim: Claim) -> None:
        """Forget a job that nothing is to be done for; nothing happens when the claim is lost."""
        await self._database.write(ended, claim)

    async def postpone(self, claim: Claim, *, until_ms: int) -> None:
        """Give a job back, to be taken again from then on; its attempts start again."""
        await self._database.write(_postpone, claim, until_ms=until_ms)

    async def release_all(self) -> int:
        """At start: give back what a dead process had claimed; tell how many.

        Each is taken again with one more attempt.
        """
        return await self._database.write(_release_all)

    async def add(self, job: Job) -> bool:
        """Queue a job; False when the document is gone or has one of this kind, waiting or running.

        An `ingest` sets the document's state to `queued`.
        """
        return await self._database.write(queue, job)

    async def drop_of(self, user_id: str, *, reason: str, now_ms: int) -> Sequence[str]:
        """Forget all of a user's jobs, and mark the documents that were to be read as failed."""
        state = readings.State("failed", reason=reason, now_ms=now_ms)
        return await self._database.write(_drop_of, user_id, state)

    async def waiting(self) -> int:
        """How many jobs are not done."""
        return await self._database.read(_waiting)

    async def claimable(self, now_ms: int) -> bool:
        """Tell whether a job waits that nobody holds and that may be taken by now."""
        return await self._database.read(_claimable, now_ms)

    async def standing(self, now_ms: int) -> Queue:
        """How many jobs there are by state, and how old the oldest is."""
        return await self._database.read(_standing, now_ms)


def queue(connection: Connection, job: Job) -> bool:
    """Add a job to its document unless there is one of its kind; tell whether it was added."""
    whose = {"kind": job.kind, "document": job.document_id, "owner": job.user_id}
    row = connection.execute(_OF_DOCUMENT, whose).first()
    if row is None or row.job_id is not None:
        return False
    insert_job(connection, job)
    if job.kind == "ingest":
        connection.execute(_QUEUED, {"document": job.document_id, "now": job.created_at_ms})
    return True


def insert_job(connection: Connection, job: Job) -> None:
    """Add the job of a document that has none of its kind."""
    values = {
        "id": job.id,
        "user_id": job.user_id,
        "document_id": job.document_id,
        "kind": job.kind,
        "attempts": job.attempts,
        "lease_until_ms": job.lease_until_ms,
        "not_before_ms": job.not_before_ms,
        "created_at_ms": job.created_at_ms,
        "traceparent": job.traceparent or None,
    }
    connection.execute(insert(document_jobs), values)


def _end(now_ms: int, lease_s: float) -> int:
    return now_ms + int(lease_s * 1000)


def _job_of(row: Row[Any], *, attempts: int, until_ms: int) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        user_id=row.user_id,
        document_id=row.document_id,
        attempts=attempts,
        lease_until_ms=until_ms,
        not_before_ms=row.not_before_ms,
        created_at_ms=row.created_at_ms,
        traceparent=row.traceparent or "",
    )


def _next(connection: Connection, asked: dict[str, int]) -> Row[Any] | None:
    return connection.execute(_NEXT, asked).first()


def _claim(connection: Connection, asked: dict[str, int], *, until_ms: int) -> Job | None:
    row = connection.execute(_TAKE, asked).first()
    if row is None:
        return None
    attempts = row.attempts if row.lease_until_ms is None else row.attempts + 1
    connection.execute(_CLAIM, {"job": row.id, "until": until_ms, "tries": attempts})
    return _job_of(row, attempts=attempts, until_ms=until_ms)


def _renew(connection: Connection, claim: Claim, *, until_ms: int) -> bool:
    wait_for_rows(connection)
    return connection.execute(_RENEW, {**claim_values(claim), "until": until_ms}).rowcount > 0


def _postpone(connection: Connection, claim: Claim, *, until_ms: int) -> None:
    connection.execute(_POSTPONE, {**claim_values(claim), "until": until_ms})


def _release_all(connection: Connection) -> int:
    return connection.execute(_RELEASE).rowcount


def _drop_of(connection: Connection, user_id: str, state: readings.State) -> Sequence[str]:
    wait_for_rows(connection)
    connection.execute(_ITS_DOCUMENTS, {"owner": user_id})  # locked in the order of everybody else
    rows = connection.execute(_DROP, {"owner": user_id}).all()
    dropped = tuple(row.document_id for row in rows if row.kind == "ingest")
    for document_id in dropped:
        readings.mark(connection, document_id, state)
    return dropped


def _claimable(connection: Connection, now_ms: int) -> bool:
    return connection.execute(_CLAIMABLE, {"now": now_ms}).first() is not None


def _standing(connection: Connection, now_ms: int) -> Queue:
    row = connection.execute(_STANDING, {"now": now_ms}).one()
    age_ms = 0 if row.oldest is None else max(0, now_ms - row.oldest)
    waiting = row.jobs - (row.running or 0) - (row.postponed or 0)
    return Queue(
        waiting=waiting,
        running=row.running or 0,
        postponed=row.postponed or 0,
        oldest_s=age_ms / 1000,
    )


def _waiting(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(document_jobs)).scalar_one()
