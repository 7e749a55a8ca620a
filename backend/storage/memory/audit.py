"""The audit of tool calls in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict
from backend.kit.json_values import copy_json
from backend.ports.stores import ToolAudit
from backend.storage.memory.shelves import Shelves


class MemoryAuditStore:
    """The `AuditStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def add(self, row: ToolAudit) -> None:
        """Add a row; raise Conflict when its user does not exist any more."""
        self._shelves.require_user(row.user_id)
        if row.id in self._shelves.audit:
            raise Conflict
        self._shelves.audit[row.id] = replace(row, arguments=copy_json(row.arguments))

    async def list(self, user_id: str | None, *, limit: int = 100) -> Sequence[ToolAudit]:
        """Newest rows of one user, or of all."""
        rows = self._shelves.audit.values()
        wanted = [row for row in rows if user_id in {None, row.user_id}]
        wanted.sort(key=lambda row: (row.created_at_ms, row.id), reverse=True)
        return tuple(wanted[:limit])

    async def prune(self, before_ms: int) -> int:
        """Forget rows made before then; tell how many."""
        old = [row.id for row in self._shelves.audit.values() if row.created_at_ms < before_ms]
        for row_id in old:
            del self._shelves.audit[row_id]
        return len(old)
