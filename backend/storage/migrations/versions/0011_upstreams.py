"""Secrets of providers and tools, and answers that are given again."""

from __future__ import annotations

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Change nothing."""
