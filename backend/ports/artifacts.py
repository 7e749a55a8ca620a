"""The artifacts port: files that tools made for a user, kept for a while and opened by link.

Not for: files people uploaded (`documents`).
"""

from __future__ import annotations

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

    async def list(self, user_id: str, *, run_id: str | None = None) -> list[Artifact]:
        """The user's, oldest first; with `run_id` only those of that run."""
        ...

    async def delete(self, user_id: str, artifact_id: str) -> bool:
        """Forget one."""
        ...

    async def prune(self, before_ms: int) -> list[Artifact]:
        """Forget and return those made before then."""
        ...

    async def ids(self) -> frozenset[str]:
        """Every artifact there is, to find bytes that no row names."""
        ...


class Artifacts(Protocol):
    """Keeps what tools made, and gives it back to its owner."""

    async def keep(
        self, user_id: str, run_id: str, files: tuple[MadeFile, ...]
    ) -> tuple[tuple[Artifact, ...], tuple[str, ...]]:
        """Keep files; also tell, in words for the model, which were not kept and why."""
        ...

    async def content(self, user_id: str, artifact_id: str) -> tuple[Artifact, Path] | None:
        """Give one of the user's and where its bytes lie."""
        ...

    async def list(self, user_id: str, *, run_id: str | None = None) -> list[Artifact]:
        """The user's, oldest first."""
        ...

    async def delete(self, user_id: str, artifact_id: str) -> bool:
        """Erase one."""
        ...

    async def forget_user(self, user_id: str) -> None:
        """Erase the bytes of a user whose rows are gone."""
        ...

    def link(self, artifact: Artifact) -> str:
        """Make an absolute address that opens it for a while without log-in."""
        ...

    def owner_by_link(self, artifact_id: str, key: str) -> str | None:
        """Give the user a link's key was made for; None when it is forged or has expired."""
        ...
