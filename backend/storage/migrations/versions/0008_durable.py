"""Requests that are answered once, and runs that go on after a crash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "resumable_runs",
        sa.Column(
            "run_id",
            sa.Text(),
            sa.ForeignKey("runs.id", name="fk_resumable_runs_run_id_runs", ondelete="CASCADE"),
            primary_key=True,
        ),
        _owner("resumable_runs", primary_key=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
    op.create_index("ix_resumable_runs_user_id", "resumable_runs", ["user_id"])
    op.create_table(
        "keyed_requests",
        _owner("keyed_requests", primary_key=True),
        sa.Column("key_hash", sa.Text(), primary_key=True),
        sa.Column("server_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index(
        "ix_keyed_requests_user_id_created_at_ms", "keyed_requests", ["user_id", "created_at_ms"]
    )
    op.create_index("ix_keyed_requests_created_at_ms", "keyed_requests", ["created_at_ms"])


def _owner(table: str, *, primary_key: bool) -> sa.Column[str]:
    return sa.Column(
        "user_id",
        sa.Text(),
        sa.ForeignKey("users.id", name=f"fk_{table}_user_id_users", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )
