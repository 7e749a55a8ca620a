"""Users, keys, browser sessions, failed log-ins, conversations, messages, runs and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    _accounts()
    _conversations()
    _runs()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text(), primary_key=True)


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)


def _cascade(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{parent}"
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _accounts() -> None:
    op.create_table(
        "users",
        _id(),
        _text("username"),
        _text("username_key"),
        _text("password_hash"),
        _text("role"),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("token_version", sa.Integer(), nullable=False),
        _number("created_at_ms"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
    )
    op.create_table(
        "api_keys",
        _id(),
        _text("user_id"),
        _text("name"),
        _text("hash"),
        _text("hint"),
        _text("scopes"),
        _number("created_at_ms"),
        _number("expires_at_ms", nullable=True),
        _number("last_used_at_ms", nullable=True),
        sa.UniqueConstraint("hash", name="uq_api_keys_hash"),
        _cascade("api_keys", "user_id", "users"),
    )
    _index("api_keys", "user_id")
    op.create_table(
        "refresh_tokens",
        _id(),
        _text("user_id"),
        _text("family"),
        _text("hash"),
        _number("created_at_ms"),
        _number("expires_at_ms"),
        _number("used_at_ms", nullable=True),
        sa.UniqueConstraint("hash", name="uq_refresh_tokens_hash"),
        _cascade("refresh_tokens", "user_id", "users"),
    )
    _index("refresh_tokens", "user_id")
    _index("refresh_tokens", "family")
    op.create_table("login_failures", _seq(), _text("subject"), _number("at_ms"))
    _index("login_failures", "subject", "at_ms")
    _index("login_failures", "at_ms")


def _conversations() -> None:
    op.create_table(
        "conversations",
        _id(),
        _text("user_id"),
        sa.Column("active_run_id", sa.Text()),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        _text("title"),
        _text("title_key"),
        _text("metadata"),
        _cascade("conversations", "user_id", "users"),
    )
    _index("conversations", "user_id", "updated_at_ms", "id")
    op.create_table(
        "messages",
        _seq(),
        _text("id"),
        _text("conversation_id"),
        sa.Column("run_id", sa.Text()),
        _text("state"),
        _number("created_at_ms"),
        _text("message"),
        _text("search_text"),
        sa.UniqueConstraint("id", name="uq_messages_id"),
        _cascade("messages", "conversation_id", "conversations"),
    )
    _index("messages", "conversation_id", "seq")


def _runs() -> None:
    op.create_table(
        "runs",
        _id(),
        _text("user_id"),
        sa.Column("conversation_id", sa.Text()),
        _text("model"),
        _text("route"),
        _text("state"),
        _number("started_at_ms"),
        _number("finished_at_ms", nullable=True),
        _text("trace"),
        _text("events"),
        _cascade("runs", "user_id", "users"),
        _cascade("runs", "conversation_id", "conversations"),
    )
    _index("runs", "user_id")
    _index("runs", "conversation_id")
    running = sa.text("state = 'running'")
    op.create_index(
        "ix_runs_running", "runs", ["id"], sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "tool_audit",
        _id(),
        _text("user_id"),
        _text("run_id"),
        _text("tool"),
        _text("outcome"),
        _number("duration_ms"),
        _number("result_bytes"),
        _number("created_at_ms"),
        _text("arguments"),
        _cascade("tool_audit", "user_id", "users"),
    )
    _index("tool_audit", "user_id", "created_at_ms", "id")
    _index("tool_audit", "created_at_ms", "id")
