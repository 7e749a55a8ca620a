"""Several servers on one database: which run where, and what runs have shown so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Note whose a run and a call are, and make the tables of servers and journals."""
    op.add_column("runs", sa.Column("server_id", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "runs", sa.Column("stop_asked", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "tool_audit", sa.Column("server_id", sa.Text(), nullable=False, server_default="")
    )
    op.create_table(
        "servers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
    )
    op.create_table(
        "run_journal",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False, autoincrement=False),
        _owner("run_journal"),
        sa.Column("server_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "at", name="pk_run_journal"),
    )
    op.create_index("ix_run_journal_user_id", "run_journal", ["user_id"])


def _owner(table: str) -> sa.Column[str]:
    name = f"fk_{table}_user_id_users"
    owner = sa.ForeignKey("users.id", name=name, ondelete="CASCADE")
    return sa.Column("user_id", sa.Text(), owner, nullable=False)
