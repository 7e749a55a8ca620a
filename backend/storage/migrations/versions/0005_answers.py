"""Answers that clients keep, vector stores, and files that expire."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables of answers and vector stores; let files expire."""
    op.add_column("files", _number("expires_at_ms", nullable=True))
    expires = sa.text("expires_at_ms IS NOT NULL")
    op.create_index(
        "ix_files_expiring",
        "files",
        ["expires_at_ms"],
        sqlite_where=expires,
        postgresql_where=expires,
    )
    _answers()
    _vector_stores()


def _answers() -> None:
    op.create_table(
        "answers",
        _id("id"),
        _text("user_id"),
        _text("kind"),
        _text("run_id"),
        _text("conversation_id", nullable=True),
        _text("previous_id", nullable=True),
        _number("created_at_ms"),
        _text("model"),
        _text("metadata"),
        _text("body"),
        _text("input"),
        _text("context"),
        _cascade("answers", "user_id", "users"),
        _cascade("answers", "conversation_id", "conversations"),
    )
    listed = ["user_id", "kind", "created_at_ms", "id"]
    op.create_index("ix_answers_user_id_kind_created_at_ms_id", "answers", listed)
    op.create_index("ix_answers_conversation_id", "answers", ["conversation_id"])
    op.create_index("ix_answers_previous_id", "answers", ["previous_id"])
    op.create_table(
        "answer_files",
        _id("answer_id"),
        _id("file_id"),
        _cascade("answer_files", "answer_id", "answers"),
        _cascade("answer_files", "file_id", "files"),
    )
    op.create_index("ix_answer_files_file_id", "answer_files", ["file_id"])


def _vector_stores() -> None:
    op.create_table(
        "vector_stores",
        _id("id"),
        _text("user_id"),
        _number("created_at_ms"),
        _number("last_active_at_ms"),
        sa.Column("expires_after_days", sa.Integer(), nullable=True),
        _text("name"),
        _text("description"),
        _text("metadata"),
        _cascade("vector_stores", "user_id", "users"),
    )
    op.create_index("ix_vector_stores_user_id_id", "vector_stores", ["user_id", "id"])
    members = "vector_store_files"
    op.create_table(
        members,
        _id("store_id"),
        _id("file_id"),
        _text("user_id"),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        _number("created_at_ms"),
        _text("attributes"),
        _text("chunking"),
        _cascade(members, "store_id", "vector_stores"),
        _cascade(members, "file_id", "files"),
        _cascade(members, "user_id", "users"),
    )
    op.create_index("ix_vector_store_files_file_id", members, ["file_id"])
    op.create_index("ix_vector_store_files_user_id", members, ["user_id"])
    batches = "vector_store_batches"
    op.create_table(
        batches,
        _id("id"),
        _text("user_id"),
        _text("store_id"),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        _number("created_at_ms"),
        _text("file_ids"),
        _cascade(batches, "user_id", "users"),
        _cascade(batches, "store_id", "vector_stores"),
    )
    op.create_index("ix_vector_store_batches_user_id", batches, ["user_id"])
    op.create_index("ix_vector_store_batches_store_id", batches, ["store_id"])


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=True, nullable=False)


def _cascade(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{parent}"
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete="CASCADE")
