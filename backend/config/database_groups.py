"""The settings of a database that is a server of its own.

Not for: where it is (DATABASE_URL).
"""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import Group


class DatabaseSettings(Group):
    """How PostgreSQL is used; SQLite needs none of it."""

    start_wait_s: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="How long a start waits for PostgreSQL to answer.",
    )
    writers: int = Field(
        default=4, ge=1, le=100, description="Connections to PostgreSQL that write, per process."
    )
    readers: int = Field(
        default=4, ge=1, le=100, description="Connections to PostgreSQL that read, per process."
    )
    vector_index_above_chunks: int = Field(
        default=50_000,
        ge=0,
        le=100_000_000,
        description="Chunks of one user from which on vectors in PostgreSQL get an HNSW index, which is faster to"
        " search, slower to fill, and finds 99 of 100; 0 = never.",
    )
    checkpoint_connections: int = Field(
        default=2,
        ge=1,
        le=100,
        description="Connections to PostgreSQL for checkpoints of agents, per server.",
    )
