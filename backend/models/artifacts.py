"""Wire shapes of artifacts."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from backend.ports.artifacts import Artifact


class ArtifactOut(BaseModel):
    """A file that a tool made; `created_at` is in seconds since 1970 UTC."""

    id: str
    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    run_id: str | None
    session_id: str | None
    created_at: int

    @classmethod
    def of(cls, artifact: Artifact) -> Self:
        """Render an artifact."""
        return cls(
            id=artifact.id,
            filename=artifact.filename,
            media_type=artifact.media_type,
            size_bytes=artifact.size_bytes,
            sha256=artifact.sha256,
            run_id=artifact.run_id or None,
            session_id=artifact.conversation_id,
            created_at=artifact.created_at_ms // 1000,
        )
