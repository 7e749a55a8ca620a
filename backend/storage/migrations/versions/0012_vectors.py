"""Vectors and words that PostgreSQL searches by itself."""

from __future__ import annotations

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Change nothing."""
