"""What a worker writes counts while its claim on the job stands: looked at within the unit of work.

Not for: taking and keeping jobs (`document_jobs`).
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select

from backend.ports.document_jobs import Claim
from backend.storage.document_tables import document_jobs, documents

_it = document_jobs.c
CLAIMED = (
    (_it.id == bindparam("job"))
    & (_it.attempts == bindparam("tries"))
    & (_it.not_before_ms == bindparam("not_before"))
)
# The document first, as whoever erases it does: two who wait for each other would both be ended.
_HOLD = (
    select(_it.id)
    .join_from(documents, document_jobs, _it.document_id == documents.c.id)
    .where(CLAIMED, documents.c.id == bindparam("document"))
    .with_for_update(key_share=True, of=[documents, document_jobs])
)
_END = delete(document_jobs).where(CLAIMED)


def claim_values(claim: Claim) -> dict[str, str | int]:
    """Give what `CLAIMED` is asked with."""
    return {"job": claim.job_id, "tries": claim.attempts, "not_before": claim.not_before_ms}


def held(connection: Connection, document_id: str, claim: Claim | None) -> bool:
    """Keep a claim on a document's job to the end of the unit of work; False when it is lost.

    Whoever would take or drop the job waits meanwhile. Without a claim there is nothing to keep.
    """
    if claim is None:
        return True
    asked = {**claim_values(claim), "document": document_id}
    return connection.execute(_HOLD, asked).first() is not None


def ended(connection: Connection, claim: Claim | None) -> None:
    """Forget the job of a claim that stands; without one there is none."""
    if claim is not None:
        connection.execute(_END, claim_values(claim))
