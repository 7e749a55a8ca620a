"""METADATA with every table in it."""

from __future__ import annotations

from backend.storage import (
    answer_tables,
    budget_tables,
    durable_tables,
    inside_tables,
    replica_tables,
    upstream_tables,
)
from backend.storage.tables import METADATA

__all__ = ["METADATA", "MODULES"]
MODULES = (
    answer_tables,
    budget_tables,
    durable_tables,
    inside_tables,
    replica_tables,
    upstream_tables,
)
