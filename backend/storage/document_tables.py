"""The tables of documents. Not for: queries; each store owns its own.

A document may have two *readings* side by side, told
apart by `revision`: the one that is searchable and the one that is being made. Chunks and vectors
are rowid tables on purpose: a document's rows were inserted in order, so that reading all of it
walks neighbouring pages, and vectors of 1.5 KiB would not fit the small cells of a WITHOUT ROWID
table (twice the file, half as fast).

PostgreSQL has more columns of `chunks` and `chunk_vectors`, which it fills itself and searches by: see
migration 0012, `postgres_words` and `postgres_meaning`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    text,
)

from backend.storage.columns import CleanText, JsonText, VectorBytes
from backend.storage.tables import METADATA, ROW_NUMBER, owner_column


def _document(*, primary_key: bool = False) -> Column[str]:
    parent = ForeignKey("documents.id", ondelete="CASCADE")
    return Column("document_id", CleanText, parent, primary_key=primary_key, nullable=False)


documents = Table(
    "documents",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column("sha256", CleanText, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("progress", Float, nullable=False),
    Column("pages", BigInteger, nullable=False),
    Column("chars", BigInteger, nullable=False),
    Column("chunks", BigInteger, nullable=False),
    # The reading that is searchable, 0 for none; and the one whose text is kept but not searchable.
    Column("revision", BigInteger, nullable=False),
    Column("next_revision", BigInteger),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("kind", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("title", CleanText, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("note", CleanText, nullable=False),
    Column("details", JsonText, nullable=False),
    UniqueConstraint("user_id", "sha256"),
    # Answers the quotas and the counts by state by itself.
    Index(None, "user_id", "state", "size_bytes"),
)

files = Table(
    "files",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    _document(),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("purpose", CleanText, nullable=False),
    Column("filename", CleanText, nullable=False),
    Column("filename_key", CleanText, nullable=False),
    Column("expires_at_ms", BigInteger),
    UniqueConstraint("document_id", "filename"),
    Index(None, "user_id", "created_at_ms", "id"),
    Index(None, "user_id", "filename_key", "id"),
    Index(
        "ix_files_expiring",
        "expires_at_ms",
        sqlite_where=text("expires_at_ms IS NOT NULL"),
        postgresql_where=text("expires_at_ms IS NOT NULL"),
    ),
)

document_pages = Table(
    "document_pages",
    METADATA,
    _document(primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("page", BigInteger),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("text", CleanText, nullable=False),
    Index(None, "document_id", "revision", "start"),
)

chunks = Table(
    "chunks",
    METADATA,
    Column("id", ROW_NUMBER, primary_key=True),
    _document(),
    Column("revision", BigInteger, nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("page", BigInteger),
    Column("kind", CleanText, nullable=False),
    Column("heading", CleanText, nullable=False),
    Column("lexemes", CleanText, nullable=False),
    UniqueConstraint("document_id", "revision", "ordinal"),
    sqlite_autoincrement=True,  # an index may still name a chunk that is gone: no id comes back
)

FILLED_BY_POSTGRES = {
    "chunks": frozenset({"user_id", "language", "body_words", "context_words", "words"}),
    "chunk_vectors": frozenset({"user_id", "document_id", "revision"}),
}
"""Columns that only PostgreSQL has: triggers fill them, whatever writes a row."""

chunk_vectors = Table(
    "chunk_vectors",
    METADATA,
    Column("chunk_id", ROW_NUMBER, ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True),
    Column("space", CleanText, primary_key=True),
    Column("vector", VectorBytes, nullable=False),
)

document_jobs = Table(
    "document_jobs",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    _document(),
    Column("kind", CleanText, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    # None: never claimed. In the past: whoever had it is gone.
    Column("lease_until_ms", BigInteger),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("traceparent", CleanText),
    UniqueConstraint("document_id", "kind"),
    Index(None, "user_id"),
)

libraries = Table(
    "libraries",
    METADATA,
    Column("user_id", CleanText, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("version", BigInteger, nullable=False),
)

embedding_spaces = Table(
    "embedding_spaces",
    METADATA,
    Column("space", CleanText, primary_key=True),
    Column("dimensions", BigInteger, nullable=False),
    # active: answers searches; building: is to become it; leaving: its vectors are being removed
    Column("state", CleanText, nullable=False),
    Index(
        "uq_embedding_spaces_active",
        "state",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
)

run_files = Table(
    "run_files",
    METADATA,
    Column("run_id", CleanText, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("file_id", CleanText, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "file_id"),
)
