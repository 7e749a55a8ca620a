"""Log lines and measurements that administrators look at; jobs know the trace they are of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_FRACTION: sa.Double[float] = sa.Double()
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make their tables."""
    op.add_column("document_jobs", sa.Column("traceparent", sa.Text()))
    op.create_table(
        "log_lines",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("logger", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column(
            "user_id",
            sa.Text(),
            sa.ForeignKey("users.id", name="fk_log_lines_user_id_users", ondelete="CASCADE"),
        ),
        sa.Column("run_id", sa.Text()),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
    )
    op.create_index("ix_log_lines_at_ms_id", "log_lines", ["at_ms", "id"])
    op.create_index("ix_log_lines_level_at_ms_id", "log_lines", ["level", "at_ms", "id"])
    for name in ("request_id", "user_id", "run_id"):
        op.create_index(f"ix_log_lines_{name}", "log_lines", [name])
    op.create_table(
        "performance",
        sa.Column("server", sa.Text(), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("cpu", _FRACTION, nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("disk_free_bytes", sa.BigInteger(), nullable=False),
        sa.Column("disk_bytes", sa.BigInteger(), nullable=False),
        sa.Column("active_runs", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_performance_at_ms", "performance", ["at_ms"])
    op.create_table(
        "model_performance",
        sa.Column("server", sa.Text(), primary_key=True),
        sa.Column("model", sa.Text(), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("first_token_p50_s", _FRACTION),
        sa.Column("first_token_p95_s", _FRACTION),
        sa.Column("tokens_per_s_p50", _FRACTION),
        sa.Column("tokens_per_s_p95", _FRACTION),
    )
    op.create_index("ix_model_performance_at_ms", "model_performance", ["at_ms"])
