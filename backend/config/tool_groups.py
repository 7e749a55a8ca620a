"""The groups of settings of what tools work with: QUERY__... and others like it.

Not for: options of single tools, which live in the tool's own module.
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import MIB, Group


class QuerySettings(Group):
    """How tables in uploaded files are queried."""

    timeout_s: float = Field(
        default=30.0, ge=1, le=3600, description="Longest time of one query over files."
    )
    memory_bytes: int = Field(
        default=512 * MIB, ge=64 * MIB, description="Memory of one query over files."
    )
    temp_bytes: int = Field(
        default=2_048 * MIB,
        ge=MIB,
        description="Disk space one query over files may take, for unpacking and for what exceeds its memory.",
    )
    view_bytes: int = Field(
        default=16 * MIB,
        ge=0,
        description="Larger files are read as the query needs them instead of being loaded first.",
    )
    threads: int = Field(default=2, ge=1, le=64, description="Threads of one query over files.")
    processes: int = Field(
        default=2, ge=1, le=32, description="Queries over files at the same time."
    )
