"""Files, documents, what was read out of them, their vectors, and the work to do on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of documents."""
    _documents()
    _readings()
    _work()
    _runs()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _row_number(name: str, *, primary_key: bool = False) -> sa.Column[int]:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, number, primary_key=primary_key, nullable=False)


def _id(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=True, nullable=False)


def _cascade(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{parent}"
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete="CASCADE")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _documents() -> None:
    op.create_table(
        "documents",
        _id(),
        _text("user_id"),
        _text("sha256"),
        _number("size_bytes"),
        _text("state"),
        sa.Column("progress", sa.Float(), nullable=False),
        _number("pages"),
        _number("chars"),
        _number("chunks"),
        _number("revision"),
        _number("next_revision", nullable=True),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        _text("kind"),
        _text("language"),
        _text("title"),
        _text("reason"),
        _text("note"),
        _text("details"),
        _unique("documents", "user_id", "sha256"),
        _cascade("documents", "user_id", "users"),
    )
    _index("documents", "user_id", "state", "size_bytes")
    op.create_table(
        "files",
        _id(),
        _text("user_id"),
        _text("document_id"),
        _number("created_at_ms"),
        _text("purpose"),
        _text("filename"),
        _text("filename_key"),
        _unique("files", "document_id", "filename"),
        _cascade("files", "user_id", "users"),
        _cascade("files", "document_id", "documents"),
    )
    _index("files", "user_id", "created_at_ms", "id")
    _index("files", "user_id", "filename_key", "id")


def _readings() -> None:
    op.create_table(
        "document_pages",
        _text("document_id"),
        _number("revision"),
        _number("number"),
        _number("page", nullable=True),
        _number("start"),
        _number("end"),
        _text("text"),
        sa.PrimaryKeyConstraint("document_id", "revision", "number", name="pk_document_pages"),
        _cascade("document_pages", "document_id", "documents"),
    )
    _index("document_pages", "document_id", "revision", "start")
    op.create_table(
        "chunks",
        _row_number("id", primary_key=True),
        _text("document_id"),
        _number("revision"),
        _number("ordinal"),
        _number("start"),
        _number("end"),
        _number("page", nullable=True),
        _text("kind"),
        _text("heading"),
        _text("lexemes"),
        _unique("chunks", "document_id", "revision", "ordinal"),
        _cascade("chunks", "document_id", "documents"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chunk_vectors",
        _row_number("chunk_id"),
        _text("space"),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chunk_id", "space", name="pk_chunk_vectors"),
        _cascade("chunk_vectors", "chunk_id", "chunks"),
    )


def _work() -> None:
    op.create_table(
        "document_jobs",
        _id(),
        _text("user_id"),
        _text("document_id"),
        _text("kind"),
        _number("attempts"),
        _number("lease_until_ms", nullable=True),
        _number("not_before_ms"),
        _number("created_at_ms"),
        _unique("document_jobs", "document_id", "kind"),
        _cascade("document_jobs", "user_id", "users"),
        _cascade("document_jobs", "document_id", "documents"),
    )
    _index("document_jobs", "user_id")
    op.create_table(
        "libraries",
        _id("user_id"),
        _number("version"),
        _cascade("libraries", "user_id", "users"),
    )
    op.create_table("embedding_spaces", _id("space"), _number("dimensions"), _text("state"))
    active = sa.text("state = 'active'")
    op.create_index(
        "uq_embedding_spaces_active",
        "embedding_spaces",
        ["state"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )


def _runs() -> None:
    op.create_table(
        "run_files",
        _text("run_id"),
        _text("file_id"),
        sa.PrimaryKeyConstraint("run_id", "file_id", name="pk_run_files"),
        _cascade("run_files", "run_id", "runs"),
        _cascade("run_files", "file_id", "files"),
    )
    _index("run_files", "file_id")
