"""The artifacts port: files that tools made for a user, kept for a while and opened by link.

Not for: files people uploaded (`documents`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backend.ports.sandbox import MadeFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file a tool made; `media_type` was judged from its bytes, `filename` is only shown."""

    id: str
    user_id: str
    run_id: str
    conversation_id: str | None
    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    created_at_ms: int

    @property
    def is_image(self) -> bool:
        """Whether browsers may show it as a picture (never SVG, which can hold scripts)."""
        return self.media_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}


class ArtifactStore(Protocol):
    """Rows of artifacts. Ownership is part of every query."""

    async def add(self, artifact: Artifact, *, max_bytes: int) -> None:
        """Add a row; raise QuotaExceeded when the user's artifacts would exceed `max_bytes`."""
        ...

    async def get(self, user_id: str, artifact_id: str) -> Artifact | None:
        """Find one of the user's."""
        ...

    async def of_anybody(self, artifact_id: str) -> Artifact | None:
        """Find one whosever it is: only for who has proven that its owner gave it away."""
        ...

    async def list(
        self, user_id: str, *, run_id: str | None = None, limit: int = 100
    ) -> Sequence[Artifact]:
        """The user's, newest first; with `run_id` only those of that run."""
        ...

    async def delete(self, user_id: str, artifact_id: str) -> bool:
        """Forget one."""
        ...

    async def prune(self, before_ms: int) -> int:
        """Forget those made before then; tell how many."""
        ...

    async def ids(self, user_id: str | None = None) -> Mapping[str, frozenset[str]]:
        """Artifact ids by user, of one or of all, to find bytes that no row names."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose call made a file, and within which run and conversation."""

    user_id: str
    run_id: str = ""
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiles:
    """What was kept; `refused` says in words for the model what was not, and why."""

    artifacts: tuple[Artifact, ...] = ()
    refused: tuple[str, ...] = ()


class Artifacts(Protocol):
    """Keeps what tools made, and gives it back to its owner."""

    async def keep(self, origin: Origin, files: Sequence[MadeFile]) -> KeptFiles:
        """Keep files, as many as may be kept."""
        ...

    async def content(self, user_id: str, artifact_id: str) -> tuple[Artifact, Path] | None:
        """Give one of the user's and where its bytes lie."""
        ...

    async def list(
        self, user_id: str, *, run_id: str | None = None, limit: int = 100
    ) -> Sequence[Artifact]:
        """The user's, newest first."""
        ...

    async def delete(self, user_id: str, artifact_id: str) -> bool:
        """Erase one."""
        ...

    async def tidy(self, user_id: str | None = None) -> int:
        """Erase bytes, of one user or of all, whose rows are gone; tell how many."""
        ...

    def link(self, artifact: Artifact) -> str:
        """Make an absolute address that opens it for a while without log-in."""
        ...

    async def by_link(self, artifact_id: str, key: str) -> Artifact | None:
        """Give the artifact a link's key was made for; None when it is forged, old or erased."""
        ...
