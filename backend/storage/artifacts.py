"""Artifacts in the database: rows of the files that tools made. Not for: their bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select

from backend.errors import QuotaExceeded
from backend.ports.artifacts import Artifact
from backend.storage.database import Database
from backend.storage.tables import artifacts

_BY_ID = select(artifacts).where(artifacts.c.id == bindparam("wanted"))
_GET = _BY_ID.where(artifacts.c.user_id == bindparam("owner"))
_SIZE = select(func.coalesce(func.sum(artifacts.c.size_bytes), 0)).where(
    artifacts.c.user_id == bindparam("owner")
)


class SqlArtifactStore:
    """The `ArtifactStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, artifact: Artifact, *, max_bytes: int) -> None:
        """Add a row; raise QuotaExceeded when the user's artifacts would exceed `max_bytes`."""
        await self._database.write(_add, artifact, max_bytes)

    async def get(self, user_id: str, artifact_id: str) -> Artifact | None:
        """Find one of the user's."""
        return await self._database.read(_get, user_id, artifact_id)

    async def of_anybody(self, artifact_id: str) -> Artifact | None:
        """Find one whosever it is: only for who has proven that its owner gave it away."""
        return await self._database.read(_of_anybody, artifact_id)

    async def list(
        self, user_id: str, *, run_id: str | None = None, limit: int = 100
    ) -> Sequence[Artifact]:
        """The user's, newest first; with `run_id` only those of that run."""
        return await self._database.read(_list, user_id, run_id, limit)

    async def delete(self, user_id: str, artifact_id: str) -> bool:
        """Forget one."""
        return await self._database.write(_delete, user_id, artifact_id)

    async def prune(self, before_ms: int) -> int:
        """Forget those made before then; tell how many."""
        return await self._database.write(_prune, before_ms)

    async def ids(self, user_id: str | None = None) -> Mapping[str, frozenset[str]]:
        """Artifact ids by user, of one or of all, to find bytes that no row names."""
        return await self._database.read(_ids, user_id)


def full(*, kept_bytes: int, more_bytes: int, max_bytes: int) -> None:
    """Refuse a file that would exceed what one user may keep."""
    if kept_bytes + more_bytes > max_bytes:
        msg = (
            f"Files made by tools hold {kept_bytes:,} bytes, this one adds {more_bytes:,}, and "
            f"{max_bytes:,} may be kept; delete some first."
        )
        raise QuotaExceeded(msg)


def _add(connection: Connection, artifact: Artifact, max_bytes: int) -> None:
    kept = connection.execute(_SIZE, {"owner": artifact.user_id}).scalar_one()
    full(kept_bytes=kept, more_bytes=artifact.size_bytes, max_bytes=max_bytes)
    connection.execute(insert(artifacts), asdict(artifact))


def _get(connection: Connection, user_id: str, artifact_id: str) -> Artifact | None:
    row = connection.execute(_GET, {"wanted": artifact_id, "owner": user_id}).first()
    return None if row is None else _artifact_of(row)


def _of_anybody(connection: Connection, artifact_id: str) -> Artifact | None:
    row = connection.execute(_BY_ID, {"wanted": artifact_id}).first()
    return None if row is None else _artifact_of(row)


def _list(
    connection: Connection, user_id: str, run_id: str | None, limit: int
) -> Sequence[Artifact]:
    newest = (
        select(artifacts)
        .where(artifacts.c.user_id == user_id)
        .order_by(artifacts.c.created_at_ms.desc(), artifacts.c.id.desc())
        .limit(limit)
    )
    if run_id is not None:
        newest = newest.where(artifacts.c.run_id == run_id)
    return tuple(map(_artifact_of, connection.execute(newest)))


def _delete(connection: Connection, user_id: str, artifact_id: str) -> bool:
    mine = (artifacts.c.id == artifact_id) & (artifacts.c.user_id == user_id)
    return connection.execute(delete(artifacts).where(mine)).rowcount > 0


def _prune(connection: Connection, before_ms: int) -> int:
    old = delete(artifacts).where(artifacts.c.created_at_ms < before_ms)
    return connection.execute(old).rowcount


def _ids(connection: Connection, user_id: str | None) -> Mapping[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    wanted = select(artifacts.c.user_id, artifacts.c.id)
    if user_id is not None:
        wanted = wanted.where(artifacts.c.user_id == user_id)
    for row in connection.execute(wanted):
        found[row.user_id].add(row.id)
    return {owner: frozenset(ids) for owner, ids in found.items()}


def _artifact_of(row: Row[Any]) -> Artifact:
    return Artifact(**{one.name: getattr(row, one.name) for one in fields(Artifact)})
