"""The groups of settings of what tools work with: made files, the sandbox, queries, the web.

Not for: options of single tools, which live in the tool's own module.
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import DAY_S, MIB, Group


class ArtifactSettings(Group):
    """Files that tools make, such as charts."""

    max_files_per_call: int = Field(
        default=10, ge=0, le=1000, description="Files kept of one tool call."
    )
    max_file_bytes: int = Field(
        default=20 * MIB, ge=1024, le=1024 * MIB, description="Largest file kept."
    )
    max_bytes_per_user: int = Field(
        default=1024 * MIB, ge=1024, description="Bytes of such files one user may keep."
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Age in days after which they are removed."
    )
    link_ttl_s: int = Field(
        default=DAY_S,
        ge=60,
        le=365 * DAY_S,
        description="How long a link in an answer opens one without log-in.",
    )
