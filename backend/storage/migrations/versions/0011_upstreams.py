"""Secrets of providers and tools, and answers that are given again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables of credentials and of kept answers."""
    op.create_table(
        "credentials",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
    )
    op.create_table(
        "kept_answers",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column(
            "user_id",
            sa.Text(),
            sa.ForeignKey("users.id", name="fk_kept_answers_user_id_users", ondelete="CASCADE"),
        ),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_kept_answers_user_id", "kept_answers", ["user_id"])
    op.create_index("ix_kept_answers_used_at_ms", "kept_answers", ["used_at_ms"])
