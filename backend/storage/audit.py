"""The audit of tool calls in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection, Row, delete, func, insert, literal_column, select, update

from backend.ports.audit import AuditOutcome, ToolAudit, ToolTotal
from backend.storage.database import Database, upsert
from backend.storage.replica_tables import servers
from backend.storage.tables import tool_audit

_INSERT = insert(tool_audit)
_UPSERT = upsert(tool_audit, "id")
_BEGIN = upsert(tool_audit, "id", only=tool_audit.c.outcome == "asked").returning(tool_audit.c.id)
_STARTED = tool_audit.c.outcome == literal_column("'started'")  # as its index has it
_LEFT = _STARTED & tool_audit.c.server_id.not_in(select(servers.c.id))


class SqlAuditStore:
    """The `AuditStore` port over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: ToolAudit) -> None:
        """Add a row; raise Conflict when its user does not exist any more."""
        await self._database.write(_add, row)

    async def put(self, row: ToolAudit) -> None:
        """Add a row, or replace the user's row of that id."""
        await self._database.write(_put, row)

    async def begin(self, row: ToolAudit) -> AuditOutcome | None:
        """Add a row, or replace one that is only asked; any other stays, and its outcome is given."""
        return await self._database.write(_begin, row)

    async def list(
        self, user_id: str | None, *, limit: int = 100, tool: str = "", run_id: str = ""
    ) -> Sequence[ToolAudit]:
        """Newest rows of one user, or of all; only those of a tool or run, if given."""
        where = {"user_id": user_id, "tool": tool or None, "run_id": run_id or None}
        return await self._database.read(_list, where, limit)

    async def totals(self, user_id: str | None) -> Sequence[ToolTotal]:
        """Sums per tool and outcome, of one user or of all."""
        return await self._database.read(_totals, user_id)

    async def settle(self) -> Sequence[ToolAudit]:
        """Turn what dead servers had started into unknown; give these rows."""
        return await self._database.write(_settle)

    async def prune(self, before_ms: int) -> int:
        """Forget rows made before then; tell how many."""
        return await self._database.write(_prune, before_ms)


def _prune(connection: Connection, before_ms: int) -> int:
    old = delete(tool_audit).where(tool_audit.c.created_at_ms < before_ms)
    return connection.execute(old).rowcount


def _add(connection: Connection, row: ToolAudit) -> None:
    connection.execute(_INSERT, _values(row))


def _put(connection: Connection, row: ToolAudit) -> None:
    connection.execute(_UPSERT, _values(row))


def _begin(connection: Connection, row: ToolAudit) -> AuditOutcome | None:
    if connection.execute(_BEGIN, _values(row)).first() is not None:
        return None
    found = select(tool_audit.c.outcome).where(tool_audit.c.id == row.id)
    return cast("AuditOutcome", connection.execute(found).scalar_one())


def _values(row: ToolAudit) -> dict[str, Any]:
    return {
        "id": row.id,
        "user_id": row.user_id,
        "run_id": row.run_id,
        "tool": row.tool,
        "outcome": row.outcome,
        "duration_ms": row.duration_ms,
        "result_bytes": row.result_bytes,
        "created_at_ms": row.created_at_ms,
        "arguments": row.arguments,
        "server_id": row.server_id,
    }


def _list(
    connection: Connection, where: Mapping[str, str | None], limit: int
) -> Sequence[ToolAudit]:
    newest = select(tool_audit).order_by(tool_audit.c.created_at_ms.desc(), tool_audit.c.id.desc())
    for name, value in where.items():
        if value is not None:
            newest = newest.where(tool_audit.c[name] == value)
    return tuple(_audit_of(row) for row in connection.execute(newest.limit(limit)))


def _totals(connection: Connection, user_id: str | None) -> Sequence[ToolTotal]:
    it = tool_audit.c
    sums = select(
        it.tool,
        it.outcome,
        func.count().label("calls"),
        func.sum(it.duration_ms).label("duration_ms"),
        func.sum(it.result_bytes).label("result_bytes"),
    )
    if user_id is not None:
        sums = sums.where(it.user_id == user_id)
    grouped = sums.group_by(it.tool, it.outcome).order_by(it.tool, it.outcome)
    return tuple(
        ToolTotal(
            tool=row.tool,
            outcome=row.outcome,
            calls=int(row.calls),
            duration_ms=int(row.duration_ms),
            result_bytes=int(row.result_bytes),
        )
        for row in connection.execute(grouped)
    )


def _settle(connection: Connection) -> Sequence[ToolAudit]:
    started = select(tool_audit).where(_LEFT).order_by(tool_audit.c.id)
    found = [_audit_of(row) for row in connection.execute(started)]
    if found:
        connection.execute(update(tool_audit).where(_LEFT).values(outcome="unknown"))
    return tuple(replace(row, outcome="unknown") for row in found)


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
        server_id=row.server_id,
    )
