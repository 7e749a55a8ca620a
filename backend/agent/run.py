"""One run while it happens: its event log, what it found, and how it ended.

The log is the single source of everything a client sees: the live stream, a replay from any point
and the stored trace are all read from it. Not for: running anything (`turn`) or storing (`storage`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from backend.agent.context import TokenEstimate, plain
from backend.agent.toolbox import Toolbox
from backend.errors import InvalidRequest, StewardError
from backend.ports.artifacts import Artifact, Artifacts
from backend.ports.clock import Clock
from backend.ports.documents import Documents
from backend.ports.models import ModelInfo, ModelProvider, ModelRequest
from backend.ports.stores import Role, RunState
from backend.ports.values import (
    ChatMessage,
    Citation,
    FinishReason,
    JsonObject,
    RouteDecision,
    ToolCall,
    TurnEvent,
    Usage,
)

Mode = Literal["auto", "chat", "react", "plan"]
OnDisconnect = Literal["cancel", "finish"]


class Thought(str):
    """Reasoning text in the log, told apart from answer text by its type alone."""

    __slots__ = ()


class Remark(Thought):
    """Text that went out as answer before a call followed; from then on it is a thought.

    It keeps an entry of its own, so that positions in the log stay what they were.
    """

    __slots__ = ()


class Break(Remark):
    """The empty line after a remark; who was sent the remark as answer gets it as answer too."""

    __slots__ = ()


LogItem = str | Thought | TurnEvent
Cursor = tuple[int, int]
START: Cursor = (0, 0)


class RunLog:
    """Everything a run has shown so far, in order; readers wait for more without polling.

    Text arrives in small pieces. A cursor counts merged entries and characters in the last one, so
    it stays valid when `merged` joins neighbouring pieces for storage.
    """

    __slots__ = ("_waiting", "closed", "items")

    def __init__(self) -> None:
        self.items: list[LogItem] = []
        self.closed = False
        self._waiting: list[asyncio.Future[None]] = []

    def add(self, item: LogItem) -> None:
        """Append answer text, a thought or an event and wake the readers."""
        self.items.append(item)
        if self._waiting:
            self.wake()

    def close(self) -> None:
        """End the log; readers see the end after the last item."""
        self.closed = True
        self.wake()

    def nudge(self) -> None:
        """Wake readers although nothing is new, so that they keep their connection alive."""
        if not self.closed:
            self.wake()

    def wake(self) -> None:
        """Let waiting readers look again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def changed(self, seen: int) -> None:
        """Return when there are more than `seen` items, the log is closed, or someone woke us."""
        if self.closed or len(self.items) > seen:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def demote(self, start: int) -> None:
        """Turn the answer text since item `start` into a remark: a call has followed it."""
        said = [at for at in range(start, len(self.items)) if type(self.items[at]) is str]
        for at in said:
            self.items[at] = Remark(self.items[at])
        if said:
            self.add(Break("\n\n"))

    def content(self) -> str:
        """The answer text so far."""
        return "".join(item for item in self.items if type(item) is str)

    def reasoning(self) -> str:
        """Thoughts and the readable lines of events so far."""
        return "".join(map(reasoning_text, self.items))


def reasoning_text(item: LogItem) -> str:
    """Give the part of an item that is sent as reasoning."""
    if type(item) is str:
        return ""
    return item.text if isinstance(item, TurnEvent) else str(item)


def merged(items: Sequence[LogItem]) -> list[JsonObject]:
    """Join neighbouring text of one kind; the entries are what is stored and replayed."""
    entries: list[JsonObject] = []
    pieces: list[str] = []
    kind = ""
    for item in items:
        own = _kind(item)
        if pieces and (own != kind or own == "event"):
            entries.append({"kind": kind, "text": "".join(pieces)})
            pieces = []
        if isinstance(item, TurnEvent):
            entries.append({
                "kind": "event",
                "type": item.type,
                "text": item.text,
                "data": item.data,
            })
        else:
            pieces.append(item)
        kind = own
    if pieces:
        entries.append({"kind": kind, "text": "".join(pieces)})
    return entries


def replay(entries: Sequence[JsonObject], cursor: Cursor) -> Iterator[tuple[Cursor, JsonObject]]:
    """Yield what lies after a cursor, each entry with the cursor behind it.

    An entry that was seen in part comes with only the rest of its text.
    """
    index, offset = cursor
    for at in range(index, len(entries)):
        entry = entries[at]
        if entry["kind"] == "event":
            if at > index or offset == 0:
                yield (at, 1), entry
            continue
        skip = offset if at == index else 0
        text = entry["text"]
        if len(text) > skip:
            yield (at, len(text)), {**entry, "text": text[skip:]}


def parse_cursor(text: str | None) -> Cursor:
    """Read `Last-Event-ID` ("3.120"); nothing means from the start.

    Raises:
        InvalidRequest: when it is not one of ours.
    """
    if not text:
        return START
    index, dot, offset = text.strip().partition(".")
    if dot and index.isdecimal() and offset.isdecimal() and len(text) <= 24:
        return int(index), int(offset)
    raise InvalidRequest("Last-Event-ID is not an event id of this run", param="Last-Event-ID")


def _kind(item: LogItem) -> str:
    if type(item) is str:
        return "content"
    if isinstance(item, TurnEvent):
        return "event"
    return "remark" if isinstance(item, Remark) else "reasoning"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """How agents behave; see docs/settings.md for the meaning and range of each.

    Confidences are 0 to 1, 0 turning the feature off.
    """

    router: str = "rules"
    router_model_below_confidence: float = 0.0
    chat_tools_below_confidence: float = 0.6
    documents_above_relevance: float = 0.5
    react_max_iterations: int = 5
    plan_max_rounds: int = 3
    plan_max_steps: int = 12
    public_url: str = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentParts:
    """What every run of this server works with."""

    toolbox: Toolbox
    estimate: TokenEstimate
    clock: Clock
    options: AgentOptions
    documents: Documents | None = None
    artifacts: Artifacts | None = None
    checkpointer: Callable[[], Awaitable[Any]] | None = None
    graphs: dict[str, Any] = field(default_factory=dict[str, Any])

    def bound_to(self, tools: frozenset[str] | None) -> AgentParts:
        """Give the parts with no other tools than these; None changes nothing."""
        return self if tools is None else replace(self, toolbox=self.toolbox.bound_to(tools))


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """What one request asks for, free of HTTP.

    `template` is a ModelRequest that carries model name and sampling, without messages; every model
    call of the turn is made from it. `messages` holds only what is new when `session_id` is given.
    `client_tools` are run by the caller; `server_tools` tells whether ours may run at all, and
    `allowed_tools` which; None means any.
    """

    user_id: str
    username: str = ""
    role: Role = "user"
    requested_model: str
    template: ModelRequest
    messages: Sequence[ChatMessage]
    mode: Mode = "auto"
    client_tools: Sequence[JsonObject] = ()
    tool_choice: str | JsonObject | None = None
    parallel_tool_calls: bool = True
    server_tools: bool = True
    allowed_tools: frozenset[str] | None = None
    session_id: str | None = None
    store: bool = False
    on_disconnect: OnDisconnect | None = None
    request_id: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class Run:
    """One turn's work in progress. Mutable, owned by one task; readers only look.

    `sought` tells that a tool which brings sources was called, found or not; `about_documents` that
    the caller's documents speak of the question.
    """

    id: str
    request: TurnRequest
    parts: AgentParts
    provider: ModelProvider
    model: ModelInfo
    started_at_ms: int
    session_id: str | None = None
    history: Sequence[ChatMessage] = ()
    log: RunLog = field(default_factory=RunLog)
    decision: RouteDecision | None = None
    state: RunState = "running"
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)
    citations: list[Citation] = field(default_factory=list[Citation])
    artifacts: list[Artifact] = field(default_factory=list[Artifact])
    sought: bool = False
    about_documents: bool = False
    annotations: list[JsonObject] = field(default_factory=list[JsonObject])
    client_calls: tuple[ToolCall, ...] = ()
    transcript: list[ChatMessage] = field(default_factory=list[ChatMessage])
    left_out: tuple[int, int] = (0, 0)
    error: StewardError | None = None
    task: asyncio.Task[None] | None = None
    started: bool = False
    cancel_reason: RunState | None = None

    def model_request(self, messages: Sequence[ChatMessage], **changes: Any) -> ModelRequest:  # noqa: ANN401 - fields of ModelRequest
        """Make a model call of this turn's model and sampling."""
        return replace(
            self.request.template,
            model=self.model.id,
            messages=messages if self.model.can("tools") else plain(messages),
            context_tokens=self.model.context_tokens,
            **changes,
        )

    def say(self, event: TurnEvent) -> None:
        """Publish an event."""
        self.log.add(event)

    def cancel(self, state: RunState = "cancelled") -> None:
        """Stop the run; the upstream is freed as its stream is closed.

        A run that is already ending is left alone. A task cancelled before its first step would
        never run at all, so one that has not started finds the reason when it does.
        """
        if self.state != "running" or self.cancel_reason is not None:
            return
        self.cancel_reason = state
        if self.task is not None and self.started:
            self.task.cancel()

    def check_cancelled(self) -> None:
        """Raise CancelledError when the run was cancelled before it started."""
        if self.cancel_reason is not None:
            raise asyncio.CancelledError

    async def done(self) -> None:
        """Wait for the end; leaving early does not stop the run."""
        while not self.log.closed:
            await self.log.changed(len(self.log.items))

    def trace(self) -> JsonObject:
        """Give the stored picture of the run: route, citations, usage, transcript, error."""
        return {
            "route": decision_object(self.decision) if self.decision else None,
            "requested_model": self.request.requested_model,
            "request_id": self.request.request_id,
            "finish_reason": self.finish_reason,
            "usage": usage_object(self.usage),
            "citations": [citation_object(one) for one in self.citations],
            "transcript": list(self.transcript),
            "error": self.error.message if self.error else None,
        }


def decision_object(decision: RouteDecision) -> JsonObject:
    """Render how a turn was routed."""
    return {
        "route": decision.route,
        "reason": decision.reason,
        "confidence": round(decision.confidence, 3),
    }


def usage_object(usage: Usage) -> JsonObject:
    """Render usage in OpenAI's shape."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def citation_object(citation: Citation) -> JsonObject:
    """Render a citation for `x_agent.citations`, leaving out what it does not have."""
    whole: Mapping[str, Any] = {
        "id": citation.id,
        "title": citation.title,
        "url": citation.url,
        "file_id": citation.file_id,
        "page": citation.page,
        "start": citation.start,
        "end": citation.end,
        "text": citation.text,
    }
    return {name: value for name, value in whole.items() if value is not None}


def artifact_object(artifact: Artifact, url: str) -> JsonObject:
    """Render an artifact for `x_agent.artifacts`, with an address that opens it for a while."""
    return {
        "id": artifact.id,
        "filename": artifact.filename,
        "media_type": artifact.media_type,
        "size_bytes": artifact.size_bytes,
        "url": url,
    }


def citation_of(written: Mapping[str, Any]) -> Citation:
    """Read a citation that `citation_object` wrote."""
    known = {one.name: written[one.name] for one in fields(Citation) if one.name in written}
    return Citation(**known)
