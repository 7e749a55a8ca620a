"""The tables of what OpenAI's clients keep on the server: answers and vector stores.

Not for: queries; each store owns its own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table

from backend.storage.columns import CleanText, JsonText
from backend.storage.document_tables import METADATA
from backend.storage.tables import owner_column

answers = Table(
    "answers",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column("kind", CleanText, nullable=False),
    # No foreign key to runs: they are pruned after a while, the answer stays.
    Column("run_id", CleanText, nullable=False),
    Column("conversation_id", CleanText, ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("previous_id", CleanText),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("model", CleanText, nullable=False),
    Column("metadata", JsonText, nullable=False),
    Column("body", JsonText, nullable=False),
    Column("input", JsonText, nullable=False),
    Column("context", JsonText, nullable=False),
    Index(None, "user_id", "kind", "created_at_ms", "id"),
    Index(None, "conversation_id"),
    Index(None, "previous_id"),
)

answer_files = Table(
    "answer_files",
    METADATA,
    Column("answer_id", CleanText, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("file_id", CleanText, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "file_id"),
)

vector_stores = Table(
    "vector_stores",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("last_active_at_ms", BigInteger, nullable=False),
    Column("expires_after_days", Integer),
    Column("name", CleanText, nullable=False),
    Column("description", CleanText, nullable=False),
    Column("metadata", JsonText, nullable=False),
    Index(None, "user_id", "id"),
)

vector_store_files = Table(
    "vector_store_files",
    METADATA,
    Column(
        "store_id",
        CleanText,
        ForeignKey("vector_stores.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("file_id", CleanText, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    owner_column(),
    Column("cancelled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("attributes", JsonText, nullable=False),
    Column("chunking", JsonText, nullable=False),
    Index(None, "file_id"),
    Index(None, "user_id"),
)

vector_store_batches = Table(
    "vector_store_batches",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column(
        "store_id", CleanText, ForeignKey("vector_stores.id", ondelete="CASCADE"), nullable=False
    ),
    Column("cancelled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("file_ids", JsonText, nullable=False),
    Index(None, "user_id"),
    Index(None, "store_id"),
)
