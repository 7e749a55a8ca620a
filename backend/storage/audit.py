"""The audit of tool calls in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from backend.ports.stores import ToolAudit
from backend.storage.database import Database
from backend.storage.tables import tool_audit


class SqlAuditStore:
    """The `AuditStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: ToolAudit) -> None:
        """Add a row; raise Conflict when its user does not exist any more."""
        await self._database.write(_add, row)

    async def list(self, user_id: str | None, *, limit: int = 100) -> Sequence[ToolAudit]:
        """Newest rows of one user, or of all."""
        return await self._database.read(_list, user_id, limit)

    async def prune(self, before_ms: int) -> int:
        """Forget rows made before then; tell how many."""
        return await self._database.write(_prune, before_ms)


def _prune(connection: Connection, before_ms: int) -> int:
    old = delete(tool_audit).where(tool_audit.c.created_at_ms < before_ms)
    return connection.execute(old).rowcount


def _add(connection: Connection, row: ToolAudit) -> None:
    values = {
        "id": row.id,
        "user_id": row.user_id,
        "run_id": row.run_id,
        "tool": row.tool,
        "outcome": row.outcome,
        "duration_ms": row.duration_ms,
        "result_bytes": row.result_bytes,
        "created_at_ms": row.created_at_ms,
        "arguments": row.arguments,
    }
    connection.execute(insert(tool_audit), values)


def _list(connection: Connection, user_id: str | None, limit: int) -> Sequence[ToolAudit]:
    newest = select(tool_audit).order_by(tool_audit.c.created_at_ms.desc(), tool_audit.c.id.desc())
    if user_id is not None:
        newest = newest.where(tool_audit.c.user_id == user_id)
    return tuple(_audit_of(row) for row in connection.execute(newest.limit(limit)))


def _audit_of(row: Row[Any]) -> ToolAudit:
    return ToolAudit(
        id=row.id,
        user_id=row.user_id,
        run_id=row.run_id,
        tool=row.tool,
        arguments=row.arguments,
        outcome=row.outcome,
        duration_ms=row.duration_ms,
        result_bytes=row.result_bytes,
        created_at_ms=row.created_at_ms,
    )
