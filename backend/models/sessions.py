"""Wire shapes of conversations, runs and tools."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.ports.audit import ToolAudit, ToolTotal
from backend.ports.stores import Conversation, Run, StoredMessage
from backend.ports.values import JsonObject


class ConversationOut(BaseModel):
    """A stored conversation."""

    id: str
    title: str
    metadata: dict[str, Any]
    active_run_id: str | None
    created_at: int
    updated_at: int

    @classmethod
    def of(cls, found: Conversation) -> Self:
        """Render a conversation without its messages."""
        return cls(**conversation_fields(found))


class MessageOut(BaseModel):
    """A stored message; `state` tells whether the run that wrote it came to its end.

    `versions` are the ids of all messages that stand in its place, itself included, oldest first.
    """

    id: str
    versions: list[str]
    message: dict[str, Any]
    run_id: str | None
    state: str
    created_at: int

    @classmethod
    def of(cls, found: StoredMessage, versions: list[str]) -> Self:
        """Render a message."""
        return cls(
            id=found.id,
            versions=versions,
            message=dict(found.message),
            run_id=found.run_id,
            state=found.state,
            created_at=found.created_at_ms // 1000,
        )


class ConversationWithMessages(ConversationOut):
    """A stored conversation with those of its messages that are shown, in order."""

    messages: list[MessageOut]


class ConversationPage(BaseModel):
    """A slice of one's conversations, last used first."""

    conversations: list[ConversationOut]
    next_cursor: str | None


class ConversationChange(BaseModel):
    """A change of a conversation; what is not given stays. `shown` names a message to be shown."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    metadata: dict[str, Any] | None = None
    shown: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None


class RunOut(BaseModel):
    """A run with its trace; `finished_at` and `duration_ms` are null until it has ended.

    The duration counts from the question, with the time in which an approval was waited for.
    """

    id: str
    conversation_id: str | None
    model: str
    route: str
    state: str
    trace: dict[str, Any]
    started_at: int
    finished_at: int | None
    duration_ms: int | None

    @classmethod
    def of(cls, found: Run) -> Self:
        """Render a run."""
        finished = found.finished_at_ms
        return cls(
            id=found.id,
            conversation_id=found.conversation_id,
            model=found.model,
            route=found.route,
            state=found.state,
            trace={**_shown(found.trace), "events": list(found.events)},
            started_at=found.started_at_ms // 1000,
            finished_at=None if finished is None else finished // 1000,
            duration_ms=None if finished is None else finished - found.started_at_ms,
        )


def _shown(trace: JsonObject) -> JsonObject:
    return {name: it for name, it in trace.items() if name != "resume"}


class ToolOut(BaseModel):
    """A tool of this server; `unavailable` says why it is off, for everybody or for the caller.

    `approval` is what the rules say of the caller's runs: allow, ask or deny.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    touches: list[str]
    available: bool
    unavailable: str
    approval: str


class ToolTry(BaseModel):
    """Arguments to try a tool with."""

    model_config = ConfigDict(extra="forbid")

    arguments: dict[str, Any] = Field(default_factory=dict)


class ToolTried(BaseModel):
    """What came of a tried tool; each file it made has an address that opens it for a while."""

    outcome: str
    text: str
    data: dict[str, Any]
    citations: list[dict[str, Any]]
    artifacts: list[dict[str, Any]]
    duration_ms: int


class ToolUse(BaseModel):
    """One row of the audit."""

    tool: str
    run_id: str
    arguments: dict[str, Any]
    outcome: str
    duration_ms: int
    result_bytes: int
    created_at: int

    @classmethod
    def of(cls, found: ToolAudit) -> Self:
        """Render a row."""
        return cls(
            tool=found.tool,
            run_id=found.run_id,
            arguments=found.arguments,
            outcome=found.outcome,
            duration_ms=found.duration_ms,
            result_bytes=found.result_bytes,
            created_at=found.created_at_ms // 1000,
        )


class ToolSums(BaseModel):
    """How often a tool was called with one outcome, and what that took."""

    tool: str
    outcome: str
    calls: int
    duration_ms: int
    result_bytes: int

    @classmethod
    def of(cls, found: ToolTotal) -> Self:
        """Render a sum."""
        return cls(
            tool=found.tool,
            outcome=found.outcome,
            calls=found.calls,
            duration_ms=found.duration_ms,
            result_bytes=found.result_bytes,
        )


def conversation_fields(found: Conversation) -> dict[str, Any]:
    """Give what is shown of a conversation."""
    return {
        "id": found.id,
        "title": found.title,
        "metadata": found.metadata,
        "active_run_id": found.active_run_id,
        "created_at": found.created_at_ms // 1000,
        "updated_at": found.updated_at_ms // 1000,
    }
