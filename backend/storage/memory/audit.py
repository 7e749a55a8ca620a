"""The audit of tool calls in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict
from backend.kit.json_values import copy_json
from backend.ports.audit import AuditOutcome, ToolAudit, ToolTotal
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

    async def put(self, row: ToolAudit) -> None:
        """Add a row, or replace the user's row of that id."""
        self._shelves.require_user(row.user_id)
        known = self._shelves.audit.get(row.id)
        if known is None or known.user_id == row.user_id:
            self._shelves.audit[row.id] = replace(row, arguments=copy_json(row.arguments))

    async def begin(self, row: ToolAudit) -> AuditOutcome | None:
        """Add a row, or replace one that is only asked; any other stays, and its outcome is given."""
        known = self._shelves.audit.get(row.id)
        if known is not None and (known.user_id, known.outcome) != (row.user_id, "asked"):
            return known.outcome
        await self.put(row)
        return None

    async def list(
        self, user_id: str | None, *, limit: int = 100, tool: str = "", run_id: str = ""
    ) -> Sequence[ToolAudit]:
        """Newest rows of one user, or of all; only those of a tool or run, if given."""
        wanted = [
            row
            for row in self._shelves.audit.values()
            if user_id in {None, row.user_id}
            and tool in {"", row.tool}
            and run_id in {"", row.run_id}
        ]
        wanted.sort(key=lambda row: (row.created_at_ms, row.id), reverse=True)
        return tuple(wanted[:limit])

    async def totals(self, user_id: str | None) -> Sequence[ToolTotal]:
        """Sums per tool and outcome, of one user or of all."""
        sums: dict[tuple[str, str], list[ToolAudit]] = {}
        for row in self._shelves.audit.values():
            if user_id in {None, row.user_id}:
                sums.setdefault((row.tool, row.outcome), []).append(row)
        return tuple(
            ToolTotal(
                tool=tool,
                outcome=outcome,
                calls=len(rows),
                duration_ms=sum(row.duration_ms for row in rows),
                result_bytes=sum(row.result_bytes for row in rows),
            )
            for (tool, outcome), rows in sorted(sums.items())
        )

    async def settle(self) -> Sequence[ToolAudit]:
        """Turn what dead servers had started into unknown; give these rows."""
        living = self._shelves.servers
        started = [
            row
            for _, row in sorted(self._shelves.audit.items())
            if row.outcome == "started" and row.server_id not in living
        ]
        settled = [replace(row, outcome="unknown") for row in started]
        self._shelves.audit.update({row.id: row for row in settled})
        return tuple(settled)

    async def prune(self, before_ms: int) -> int:
        """Forget rows made before then; tell how many."""
        old = [row.id for row in self._shelves.audit.values() if row.created_at_ms < before_ms]
        for row_id in old:
            del self._shelves.audit[row_id]
        return len(old)
