"""Calls that wait for the user's word, and what their runs go on from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables of approvals."""
    op.create_table(
        "approvals",
        _id("id"),
        _text("user_id"),
        _text("run_id"),
        _text("call_id"),
        _text("tool"),
        _text("state"),
        _number("created_at_ms"),
        _number("expires_at_ms"),
        _number("decided_at_ms", nullable=True),
        _text("reason"),
        _text("note"),
        _text("arguments"),
        sa.UniqueConstraint("run_id", "call_id", name="uq_approvals_run_id_call_id"),
        _cascade("approvals", "user_id", "users"),
        _cascade("approvals", "run_id", "runs"),
    )
    op.create_index("ix_approvals_user_id_state", "approvals", ["user_id", "state"])
    op.create_table(
        "paused_runs",
        _id("run_id"),
        _text("user_id"),
        _text("data"),
        _cascade("paused_runs", "user_id", "users"),
        _cascade("paused_runs", "run_id", "runs"),
    )
    op.create_index("ix_paused_runs_user_id", "paused_runs", ["user_id"])
    started = sa.text("outcome = 'started'")
    op.create_index(
        "ix_tool_audit_started",
        "tool_audit",
        ["id"],
        sqlite_where=started,
        postgresql_where=started,
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=True, nullable=False)


def _cascade(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{parent}"
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete="CASCADE")
