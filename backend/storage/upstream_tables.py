"""The tables of what stands between callers and models: secrets, and answers given again.

Importing this module makes METADATA whole. Not for: queries; each store owns its own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table

from backend.storage.columns import CleanText, JsonText
from backend.storage.tables import METADATA

credentials = Table(
    "credentials",
    METADATA,
    Column("name", CleanText, primary_key=True),
    Column("sealed", CleanText, nullable=False),
    Column("hint", CleanText, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("updated_by", CleanText, nullable=False),
)

kept_answers = Table(
    "kept_answers",
    METADATA,
    Column("key", CleanText, primary_key=True),
    # Nobody's where an earlier version kept it for all.
    Column("user_id", CleanText, ForeignKey("users.id", ondelete="CASCADE")),
    Column("answer", JsonText, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger, nullable=False),
    Index(None, "user_id"),
    Index(None, "used_at_ms"),
)
