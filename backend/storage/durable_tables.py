"""The tables of runs that can be taken up again, and of requests that are answered once.

Importing this module adds them to METADATA. Not for: queries; each store owns its own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table

from backend.storage.columns import CleanText, JsonText
from backend.storage.tables import METADATA, owner_column

# What an agent's run goes on from, beside its checkpoints; there while the run is, or can go on.
resumable_runs = Table(
    "resumable_runs",
    METADATA,
    Column("run_id", CleanText, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    owner_column(),
    Column("data", JsonText, nullable=False),
    Index(None, "user_id"),
)

# One request that came with a key; `status` 0 is one that is not answered yet.
keyed_requests = Table(
    "keyed_requests",
    METADATA,
    Column("user_id", CleanText, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key_hash", CleanText, primary_key=True),
    Column("server_id", CleanText, nullable=False),
    Column("fingerprint", CleanText, nullable=False),
    Column("run_id", CleanText, nullable=False),
    Column("status", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("headers", JsonText, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "user_id", "created_at_ms"),
    Index(None, "created_at_ms"),
)
