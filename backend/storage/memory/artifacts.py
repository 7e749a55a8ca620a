"""Artifacts in memory: rows of the files that tools made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.errors import Conflict
from backend.ports.artifacts import Artifact
from backend.storage.artifacts import full
from backend.storage.memory.shelves import Shelves


class MemoryArtifactStore:
    """The `ArtifactStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def add(self, artifact: Artifact, *, max_bytes: int) -> None:
        """Add a row; raise QuotaExceeded when the user's artifacts would exceed `max_bytes`."""
        shelves = self._shelves
        shelves.require_user(artifact.user_id)
        if artifact.conversation_id not in {None, *shelves.conversations}:
            raise Conflict
        kept = sum(one.size_bytes for one in self._own(artifact.user_id))
        full(kept_bytes=kept, more_bytes=artifact.size_bytes, max_bytes=max_bytes)
        if artifact.id in shelves.artifacts:
            raise Conflict
        shelves.artifacts[artifact.id] = artifact

    async def get(self, user_id: str, artifact_id: str) -> Artifact | None:
        """Find one of the user's."""
        found = self._shelves.artifacts.get(artifact_id)
        return found if found is not None and found.user_id == user_id else None

    async def of_anybody(self, artifact_id: str) -> Artifact | None:
        """Find one whosever it is: only for who has proven that its owner gave it away."""
        return self._shelves.artifacts.get(artifact_id)

    async def list(
        self, user_id: str, *, run_id: str | None = None, limit: int = 100
    ) -> Sequence[Artifact]:
        """The user's, newest first; with `run_id` only those of that run."""
        own = [one for one in self._own(user_id) if run_id is None or one.run_id == run_id]
        own.sort(key=lambda one: (one.created_at_ms, one.id), reverse=True)
        return tuple(own[:limit])

    async def delete(self, user_id: str, artifact_id: str) -> bool:
        """Forget one."""
        if await self.get(user_id, artifact_id) is None:
            return False
        del self._shelves.artifacts[artifact_id]
        return True

    async def prune(self, before_ms: int) -> int:
        """Forget those made before then; tell how many."""
        shelf = self._shelves.artifacts
        old = [one.id for one in shelf.values() if one.created_at_ms < before_ms]
        for artifact_id in old:
            del shelf[artifact_id]
        return len(old)

    async def ids(self, user_id: str | None = None) -> Mapping[str, frozenset[str]]:
        """Artifact ids by user, of one or of all, to find bytes that no row names."""
        owners = {one.user_id for one in self._shelves.artifacts.values()}
        owners &= owners if user_id is None else {user_id}
        return {owner: frozenset(one.id for one in self._own(owner)) for owner in owners}

    def _own(self, user_id: str) -> list[Artifact]:
        return [one for one in self._shelves.artifacts.values() if one.user_id == user_id]
