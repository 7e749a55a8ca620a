"""Wire shapes of approvals: calls that wait for their user's word."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.ports.approvals import Approval


class ApprovalOut(BaseModel):
    """A call that was asked for, and what was decided."""

    id: str
    run_id: str
    call_id: str
    tool: str
    arguments: dict[str, Any]
    reason: str
    state: str
    note: str
    created_at: int
    expires_at: int
    expires_at_ms: int
    decided_at: int | None

    @classmethod
    def of(cls, found: Approval) -> Self:
        """Render an approval."""
        decided = found.decided_at_ms
        return cls(
            id=found.id,
            run_id=found.run_id,
            call_id=found.call_id,
            tool=found.tool,
            arguments=found.arguments,
            reason=found.reason,
            state=found.state,
            note=found.note,
            created_at=found.created_at_ms // 1000,
            expires_at=found.expires_at_ms // 1000,
            expires_at_ms=found.expires_at_ms,
            decided_at=None if decided is None else decided // 1000,
        )


class ApprovalDecision(BaseModel):
    """What the user says of a call; the note is told to the model when it is denied."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "deny"]
    note: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        default="", max_length=1_000
    )
