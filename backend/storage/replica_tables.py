"""The tables by which several servers share one database.

Importing this module makes METADATA whole. Not for: queries; each store owns its own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from backend.storage.columns import CleanText, JsonText
from backend.storage.tables import METADATA, owner_column

# Those that live; `seen_at_ms` is by the database's clock.
servers = Table(
    "servers",
    METADATA,
    Column("id", CleanText, primary_key=True),
    Column("seen_at_ms", BigInteger, nullable=False),
)

run_journal = Table(
    "run_journal",
    METADATA,
    # No foreign key: a run without a session has no row while it runs.
    Column("run_id", CleanText, primary_key=True),
    Column("at", Integer, primary_key=True, autoincrement=False),
    owner_column(),
    Column("server_id", CleanText, nullable=False),
    # Grows with every row written of a run, also where one takes the place of an earlier one.
    Column("seq", Integer, nullable=False),
    Column("entries", JsonText, nullable=False),
    Index(None, "user_id"),
)
