"""Several servers on one database: which run where, and what runs have shown so far."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Change nothing."""
