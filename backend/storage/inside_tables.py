"""The tables of what administrators look back at: log lines and measurements.

Importing this module makes METADATA whole. Not for: queries; each store owns its own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, Table

from backend.storage.columns import CleanText
from backend.storage.tables import METADATA, ROW_NUMBER

log_lines = Table(
    "log_lines",
    METADATA,
    Column("id", ROW_NUMBER, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("level", Integer, nullable=False),
    Column("server", CleanText, nullable=False),
    Column("logger", CleanText, nullable=False),
    Column("request_id", CleanText),
    # Lines about somebody go with the account.
    Column("user_id", CleanText, ForeignKey("users.id", ondelete="CASCADE")),
    Column("run_id", CleanText),
    Column("message", CleanText, nullable=False),
    Column("trace", CleanText, nullable=False),
    Index(None, "at_ms", "id"),
    Index(None, "level", "at_ms", "id"),
    Index(None, "request_id"),
    Index(None, "user_id"),
    Index(None, "run_id"),
)

performance = Table(
    "performance",
    METADATA,
    Column("server", CleanText, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("cpu", Double, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("disk_free_bytes", BigInteger, nullable=False),
    Column("disk_bytes", BigInteger, nullable=False),
    Column("active_runs", BigInteger, nullable=False),
    Column("queue", BigInteger, nullable=False),
    Index(None, "at_ms"),
)

model_performance = Table(
    "model_performance",
    METADATA,
    Column("server", CleanText, primary_key=True),
    Column("model", CleanText, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("calls", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("first_token_p50_s", Double),
    Column("first_token_p95_s", Double),
    Column("tokens_per_s_p50", Double),
    Column("tokens_per_s_p95", Double),
    Index(None, "at_ms"),
)
