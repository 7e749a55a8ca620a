"""The groups of settings of what tools work with: databases, and whatever else several tools share.

Not for: options of single tools, which live in the tool's own module.
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import Group
from backend.config.query_databases import QueryDatabases

MIB = 1024 * 1024


class DatabaseSettings(Group):
    """How databases that an administrator names are asked."""

    databases: QueryDatabases = Field(
        default=(), description="Databases open to read-only queries, by name; see docs/tools.md."
    )
    database_timeout_s: float = Field(
        default=20.0, ge=1, le=600, description="How long one query of a database may take."
    )
    database_max_rows: int = Field(
        default=1000, ge=1, le=100_000, description="Most rows one query of a database brings."
    )
    database_max_result_bytes: int = Field(
        default=2 * MIB,
        ge=10_000,
        le=64 * MIB,
        description="Most bytes of values one query of a database brings.",
    )
    database_processes: int = Field(
        default=2, ge=1, le=16, description="Queries of databases at the same time."
    )
    database_memory_mib: int = Field(
        default=512,
        ge=256,
        le=8192,
        description="Address space of a process that asks a database.",
    )


class QuerySettings(DatabaseSettings):
    """How data is queried."""
