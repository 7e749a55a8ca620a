"""The tables of budgets, and of what is counted against them and against the rates of a minute.

Not for: queries; each store owns its own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Table, UniqueConstraint

from backend.storage.columns import CleanText
from backend.storage.tables import METADATA


def _of(target: str, name: str, *, key: bool = False, needed: bool = False) -> Column[str]:
    """Make a column by which a row goes with a row of another table."""
    return Column(
        name,
        CleanText,
        ForeignKey(target, ondelete="CASCADE"),
        primary_key=key,
        nullable=not (key or needed),
    )


budgets = Table(
    "budgets",
    METADATA,
    Column("id", CleanText, primary_key=True),
    Column("scope", CleanText, nullable=False),
    Column("subject", CleanText, nullable=False),
    Column("model", CleanText, nullable=False),
    Column("resource", CleanText, nullable=False),
    Column("period", CleanText, nullable=False),
    # Not `limit`, which is a word of SQL.
    Column("most", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    _of("users.id", "user_id"),
    _of("api_keys.id", "key_id"),
    UniqueConstraint("scope", "subject", "model", "resource", "period"),
    Index(None, "user_id"),
    Index(None, "key_id"),
)

budget_counts = Table(
    "budget_counts",
    METADATA,
    _of("budgets.id", "budget_id", key=True),
    # The user whose count it is of a budget that everybody has, else empty.
    Column("counted", CleanText, primary_key=True),
    Column("since_ms", BigInteger, primary_key=True),
    Column("used", BigInteger, nullable=False),
    _of("users.id", "user_id"),
    Index(None, "user_id"),
    Index(None, "since_ms"),
)

budget_holds = Table(
    "budget_holds",
    METADATA,
    Column("id", CleanText, primary_key=True),
    _of("budgets.id", "budget_id", key=True),
    Column("counted", CleanText, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("lease_until_ms", BigInteger, nullable=False),
    _of("users.id", "user_id"),
    Index(None, "budget_id", "counted", "since_ms"),
    Index(None, "user_id"),
    Index(None, "lease_until_ms"),
)

rate_levels = Table(
    "rate_levels",
    METADATA,
    _of("users.id", "user_id", key=True),
    Column("kind", CleanText, primary_key=True),
    Column("level", Float, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
