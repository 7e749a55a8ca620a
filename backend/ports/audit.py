"""The storage port of the audit of tool calls. As in `stores`, `user_id` finds nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from backend.ports.values import JsonObject

AuditOutcome = Literal[
    "ok", "retry", "failed", "timeout", "refused", "asked", "denied", "started", "unknown"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAudit:
    """One tool call; `asked` waits for the user, `started` may change something outside, `unknown` may have."""

    id: str
    user_id: str
    run_id: str
    tool: str
    arguments: JsonObject
    outcome: AuditOutcome
    duration_ms: int
    result_bytes: int
    created_at_ms: int
    server_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTotal:
    """How often a tool was called, how that went, and what it took."""

    tool: str
    outcome: str
    calls: int
    duration_ms: int
    result_bytes: int


class AuditStore(Protocol):
    """The audit of tool calls."""

    async def add(self, row: ToolAudit) -> None:
        """Add a row."""
        ...

    async def put(self, row: ToolAudit) -> None:
        """Add a row, or replace the user's row of that id."""
        ...

    async def begin(self, row: ToolAudit) -> AuditOutcome | None:
        """Add a row, or replace one that is asked; any other stays, and its outcome is given."""
        ...

    async def list(
        self, user_id: str | None, *, limit: int = 100, tool: str = "", run_id: str = ""
    ) -> Sequence[ToolAudit]:
        """Newest rows of one user, or of all; only those of a tool or run, if given."""
        ...

    async def totals(self, user_id: str | None) -> Sequence[ToolTotal]:
        """Sums per tool and outcome, of one user or of all."""
        ...

    async def settle(self) -> Sequence[ToolAudit]:
        """Turn what dead servers had started into unknown; give these rows."""
        ...

    async def prune(self, before_ms: int) -> int:
        """Forget rows made before then; tell how many."""
        ...
