"""The tables, for SQLite and PostgreSQL alike; those of documents stand in `document_tables`.

Everything a user owns hangs on `users` by ON DELETE CASCADE. JSON and long text stand last in a
row, so that SQLite can read the small columns without following overflow pages. Not for: queries;
each store owns its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    text,
)

from backend.storage.columns import CleanText, JsonText

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY: https://sqlite.org/autoinc.html
ROW_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def owner_column() -> Column[str]:
    """Make the column by which a row belongs to a user and goes with the account."""
    return Column("user_id", CleanText, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


users = Table(
    "users",
    METADATA,
    Column("id", CleanText, primary_key=True),
    Column("username", CleanText, nullable=False),
    Column("username_key", CleanText, nullable=False, unique=True),
    Column("password_hash", CleanText, nullable=False),
    Column("role", CleanText, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("token_version", Integer, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column("name", CleanText, nullable=False),
    Column("hash", CleanText, nullable=False, unique=True),
    Column("hint", CleanText, nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),
    Column("last_used_at_ms", BigInteger),
    Index(None, "user_id"),
)

refresh_tokens = Table(
    "refresh_tokens",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column("family", CleanText, nullable=False),
    Column("hash", CleanText, nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger),
    Index(None, "user_id"),
    Index(None, "family"),
)

login_failures = Table(
    "login_failures",
    METADATA,
    Column("seq", ROW_NUMBER, primary_key=True),
    Column("subject", CleanText, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index(None, "subject", "at_ms"),
    Index(None, "at_ms"),
)

conversations = Table(
    "conversations",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    # No foreign key: the claim is made before the run's row, and runs point here already.
    Column("active_run_id", CleanText),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("title", CleanText, nullable=False),
    Column("title_key", CleanText, nullable=False),
    Column("metadata", JsonText, nullable=False),
    # The last message that is shown; no foreign key, as messages point here already.
    Column("head_id", CleanText),
    Index(None, "user_id", "updated_at_ms", "id"),
)

messages = Table(
    "messages",
    METADATA,
    Column("seq", ROW_NUMBER, primary_key=True),
    Column("id", CleanText, nullable=False, unique=True),
    Column(
        "conversation_id",
        CleanText,
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("run_id", CleanText),
    Column("state", CleanText, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("message", JsonText, nullable=False),
    Column("search_text", CleanText, nullable=False),
    # The message that this one follows; several may follow one.
    Column("parent_id", CleanText),
    Index(None, "conversation_id", "seq"),
)

runs = Table(
    "runs",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column("conversation_id", CleanText, ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("model", CleanText, nullable=False),
    Column("route", CleanText, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("finished_at_ms", BigInteger),
    Column("trace", JsonText, nullable=False),
    Column("events", JsonText, nullable=False),
    # Which server it runs on, or ran on last.
    Column("server_id", CleanText, nullable=False, server_default=""),
    Column("stop_asked", Boolean, nullable=False, server_default=false()),
    Index(None, "user_id"),
    Index(None, "conversation_id"),
    Index(
        "ix_runs_running",
        "id",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)

artifacts = Table(
    "artifacts",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    # No foreign key to runs: a run without a session has its row only when it has ended.
    Column("run_id", CleanText, nullable=False),
    Column("conversation_id", CleanText, ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("filename", CleanText, nullable=False),
    Column("media_type", CleanText, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", CleanText, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Index(None, "user_id", "created_at_ms", "id"),
    Index(None, "user_id", "run_id"),
    Index(None, "conversation_id"),
    Index(None, "created_at_ms"),
)

tool_audit = Table(
    "tool_audit",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column("run_id", CleanText, nullable=False),
    Column("tool", CleanText, nullable=False),
    Column("outcome", CleanText, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("result_bytes", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("arguments", JsonText, nullable=False),
    Column("server_id", CleanText, nullable=False, server_default=""),
    Index(None, "user_id", "created_at_ms", "id"),
    Index(None, "created_at_ms", "id"),
    Index(
        "ix_tool_audit_started",
        "id",
        sqlite_where=text("outcome = 'started'"),
        postgresql_where=text("outcome = 'started'"),
    ),
)

approvals = Table(
    "approvals",
    METADATA,
    Column("id", CleanText, primary_key=True),
    owner_column(),
    Column("run_id", CleanText, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("call_id", CleanText, nullable=False),
    Column("tool", CleanText, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("decided_at_ms", BigInteger),
    Column("reason", CleanText, nullable=False),
    Column("note", CleanText, nullable=False),
    Column("arguments", JsonText, nullable=False),
    UniqueConstraint("run_id", "call_id"),
    Index(None, "user_id", "state"),
)

usage = Table(
    "usage",
    METADATA,
    Column("user_id", CleanText, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    # Days since 1970-01-01, UTC.
    Column("day", BigInteger, primary_key=True),
    Column("model", CleanText, primary_key=True),
    Column("route", CleanText, primary_key=True),
    # Empty where somebody who had logged in asked; no foreign key: sums outlive their key.
    Column("key_id", CleanText, primary_key=True),
    Column("runs", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
)
paused_runs = Table(
    "paused_runs",
    METADATA,
    Column("run_id", CleanText, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    owner_column(),
    Column("data", JsonText, nullable=False),
    Index(None, "user_id"),
)
