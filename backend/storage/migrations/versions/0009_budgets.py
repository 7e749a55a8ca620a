"""What users, keys and models may use, and what they have used; use is added up by key as well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables, and rebuild that of use: a key belongs to the name of a sum."""
    _make_budgets()
    _make_counts()
    _rebuild_usage()


def _make_budgets() -> None:
    names = ("scope", "subject", "model", "resource", "period")
    op.create_table(
        "budgets",
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in names),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        _of("budgets", "users", "user_id"),
        _of("budgets", "api_keys", "key_id"),
        sa.UniqueConstraint(*names, name="uq_budgets_" + "_".join(names)),
    )
    op.create_index("ix_budgets_user_id", "budgets", ["user_id"])
    op.create_index("ix_budgets_key_id", "budgets", ["key_id"])


def _make_counts() -> None:
    op.create_table(
        "budget_counts",
        _of("budget_counts", "budgets", "budget_id", key=True),
        sa.Column("counted", sa.Text(), primary_key=True),
        sa.Column("since_ms", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        _of("budget_counts", "users", "user_id"),
    )
    op.create_index("ix_budget_counts_user_id", "budget_counts", ["user_id"])
    op.create_index("ix_budget_counts_since_ms", "budget_counts", ["since_ms"])
    op.create_table(
        "budget_holds",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("budget_holds", "budgets", "budget_id", key=True),
        sa.Column("counted", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("since_ms", "amount", "lease_until_ms")
        ),
        _of("budget_holds", "users", "user_id"),
    )
    places = ["budget_id", "counted", "since_ms"]
    op.create_index("ix_budget_holds_" + "_".join(places), "budget_holds", places)
    op.create_index("ix_budget_holds_user_id", "budget_holds", ["user_id"])
    op.create_index("ix_budget_holds_lease_until_ms", "budget_holds", ["lease_until_ms"])
    op.create_table(
        "rate_levels",
        _of("rate_levels", "users", "user_id", key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )


def _rebuild_usage() -> None:
    sums = ("runs", "prompt_tokens", "completion_tokens")
    kept = ", ".join(("user_id", "day", "model", "route", *sums))
    # By way of a copy: PostgreSQL keeps the names of keys when a table is renamed.
    op.execute("CREATE TABLE usage_before AS SELECT * FROM usage")
    op.drop_table("usage")
    op.create_table(
        "usage",
        _of("usage", "users", "user_id", key=True),
        sa.Column("day", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("model", sa.Text(), primary_key=True),
        sa.Column("route", sa.Text(), primary_key=True),
        sa.Column("key_id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in sums),
    )
    op.execute(f"INSERT INTO usage ({kept}, key_id) SELECT {kept}, '' FROM usage_before")  # noqa: S608 - our names
    op.drop_table("usage_before")


def _of(table: str, target: str, name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(
        name,
        sa.Text(),
        sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}_{target}", ondelete="CASCADE"),
        primary_key=key,
        nullable=not key,
    )
