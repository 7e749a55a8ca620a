"""One run while it happens: its event log, what it found, and how it ended.

The log (`run_log`) is the single source of everything a client sees: the live stream, a replay from
any point and the stored trace are all read from it. Not for: running anything (`turn`) or storing
(`storage`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from backend.agent.answer_form import AnswerForm
from backend.agent.asking import Ask, Asking
from backend.agent.attached_parts import Attaching, as_text
from backend.agent.budgets import Hold
from backend.agent.context import TokenEstimate, plain
from backend.agent.policy import Caller, Policy
from backend.agent.remote_work import KeptServers, RemoteWork
from backend.agent.run_log import RunLog
from backend.agent.toolbox import Toolbox
from backend.errors import StewardError
from backend.ports.artifacts import Artifact, Artifacts
from backend.ports.clock import Clock
from backend.ports.documents import Documents
from backend.ports.models import Asker, ModelInfo, ModelProvider, ModelRequest
from backend.ports.remote_tools import RemoteServer, RemoteTools
from backend.ports.resumables import ResumableStore
from backend.ports.stores import Role, RunState
from backend.ports.tools import ANY_PASSAGES, PassageBounds
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
from backend.ports.watching import UNWATCHED, Watch

Mode = Literal["auto", "chat", "react", "plan"]
OnDisconnect = Literal["cancel", "finish"]
ApprovalsAs = Literal["text", "events"]
Attached = Literal["", "whole", "parts"]
Reuse = Literal["off", "asked", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """How agents behave; see docs/settings.md for the meaning and range of each.

    Confidences are 0 to 1, 0 turning the feature off. `reuse` says for which requests answers may be
    given again: none, those that ask for it, or all that do not refuse it.
    """

    router: str = "rules"
    router_model_below_confidence: float = 0.0
    chat_tools_below_confidence: float = 0.6
    documents_above_relevance: float = 0.5
    react_max_iterations: int = 5
    plan_max_rounds: int = 3
    plan_max_steps: int = 12
    public_url: str = "http://127.0.0.1:8000"
    reuse: Reuse = "off"

    def reuses(self, request: TurnRequest) -> bool:
        """Tell whether the answer to a request may be one that was given before."""
        if self.reuse == "off" or request.replaces or request.file_ids or request.remote_servers:
            return False
        return self.reuse == "all" if request.reuse is None else request.reuse


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentParts:
    """What every run of this server works with; without `asking`, what must be asked for is denied."""

    toolbox: Toolbox
    estimate: TokenEstimate
    clock: Clock
    options: AgentOptions
    documents: Documents | None = None
    attaching: Attaching = field(default_factory=Attaching)
    artifacts: Artifacts | None = None
    policy: Policy = field(default_factory=Policy)
    asking: Asking | None = None
    remote: RemoteTools | None = None
    kept_servers: KeptServers = field(default_factory=KeptServers)
    checkpointer: Callable[[], Awaitable[Any]] | None = None
    resumables: ResumableStore | None = None
    graphs: dict[str, Any] = field(default_factory=dict[str, Any])
    watch: Watch = UNWATCHED
    server_id: str = ""

    def bound_to(self, request: TurnRequest) -> AgentParts:
        """Give the parts with the tools that a caller may use."""
        toolbox = self.toolbox
        if request.allowed_tools is not None:
            toolbox = toolbox.bound_to(request.allowed_tools)
        if self.policy.denies:
            caller = Caller(username=request.username, role=request.role)
            toolbox = toolbox.without(self.policy.denied(caller, toolbox.available.values()))
        return self if toolbox is self.toolbox else replace(self, toolbox=toolbox)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """What one request asks for, free of HTTP.

    `key_id` is the API key it came with, empty when somebody who had logged in asked.
    `template` is a ModelRequest that carries model name and sampling, without messages; every model
    call of the turn is made from it. `messages` holds only what is new when `session_id` is given.
    `live` tells that somebody reads the answer as it is said, so that one of a form that is not
    strict need not be held back; `strict_schema` that the answer must fit the template's schema.
    `client_tools` are run by the caller; `server_tools` tells whether ours may run at all, and
    `allowed_tools` which; None means any. With `file_ids`, tools find only these of the caller's
    files, and `passages` bounds what a search brings of them; `reads_documents` tells whether messages may name files at all, `keeps_files` that those that
    come in messages are to stay though there is no session. The first `taken_before` messages were
    taken in by an earlier turn: what is gone of them meanwhile is told to the model, not refused.
    `metadata` is kept with what is stored. `instructions` stand before the history and are not kept
    with it. `tools_named` tells that the caller named the tools of ours it wants, so that its model
    always has them at hand; one of `first_tools` has to be called before it answers, and of all no
    more than `max_tool_calls` are made. `remote_servers` bring tools of their own for this turn.
    `approvals` tells how calls that wait for the user's word are shown: as answer text with a link, or
    by events alone. `replaces` names a message of the session in whose place this turn's stand, as
    another version; with no messages it is an answer, which is given anew. `reuse` tells whether an
    answer may be one that was given before to the very same request; None leaves it to the server.
    """

    user_id: str
    username: str = ""
    role: Role = "user"
    key_id: str = ""
    requested_model: str
    template: ModelRequest
    messages: Sequence[ChatMessage]
    mode: Mode = "auto"
    live: bool = False
    strict_schema: bool = False
    client_tools: Sequence[JsonObject] = ()
    tool_choice: str | JsonObject | None = None
    parallel_tool_calls: bool = True
    server_tools: bool = True
    allowed_tools: frozenset[str] | None = None
    file_ids: tuple[str, ...] | None = None
    passages: PassageBounds = ANY_PASSAGES
    reads_documents: bool = True
    keeps_files: bool = False
    taken_before: int = 0
    metadata: JsonObject = field(default_factory=dict[str, Any])
    instructions: str = ""
    tools_named: bool = False
    first_tools: tuple[str, ...] = ()
    max_tool_calls: int | None = None
    remote_servers: tuple[RemoteServer, ...] = ()
    session_id: str | None = None
    replaces: str | None = None
    reuse: bool | None = None
    store: bool = False
    on_disconnect: OnDisconnect | None = None
    approvals: ApprovalsAs = "text"
    request_id: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class Run:
    """One turn's work in progress. Mutable, owned by one task; readers only look.

    `attached` tells whether the text of attached documents stands in the question's context: all of
    it, or parts; `beside` which citations that brought. `sought` tells that a tool which brings sources was called, found or not; `about_documents` that
    the caller's documents speak of the question. `tainted` tells that text nobody vouches for has
    entered the run, `sources_told` which addresses earlier answers cited. `asks` are the calls that
    wait for the user's word when the run's graph has stopped for them, and `pause` what it goes on
    from. `in_store` tells that it has a row while it runs. `at_end` is called with the run once its end is
    stored, `hold` is what it holds of budgets. `began_s` and `first_shown_s`, when its first words came, are of
    the clock that only grows. `may_reuse` tells that the model alone answers, `cached` whether all it said was
    kept from an earlier request, None when nothing was looked up. `attempts` counts how often it was taken up
    after an interruption, `said_before` is what it had answered until then, and `counted` what of its usage is
    in the user's sums already.
    """

    id: str
    request: TurnRequest
    parts: AgentParts
    provider: ModelProvider
    model: ModelInfo
    started_at_ms: int
    session_id: str | None = None
    in_store: bool = False
    history: Sequence[ChatMessage] = ()
    log: RunLog = field(default_factory=RunLog)
    form: AnswerForm | None = None
    decision: RouteDecision | None = None
    state: RunState = "running"
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)
    citations: list[Citation] = field(default_factory=list[Citation])
    artifacts: list[Artifact] = field(default_factory=list[Artifact])
    attached: Attached = ""
    beside: set[str] = field(default_factory=set[str])
    sought: bool = False
    about_documents: bool = False
    calls_made: int = 0
    tainted: bool = False
    sources_told: frozenset[str] = frozenset()
    asks: Sequence[Ask] = ()
    pause: JsonObject = field(default_factory=dict[str, Any])
    remote: RemoteWork | None = None
    annotations: list[JsonObject] = field(default_factory=list[JsonObject])
    client_calls: tuple[ToolCall, ...] = ()
    transcript: list[ChatMessage] = field(default_factory=list[ChatMessage])
    left_out: tuple[int, int] = (0, 0)
    error: StewardError | None = None
    task: asyncio.Task[None] | None = None
    started: bool = False
    began_s: float = 0.0
    first_shown_s: float | None = None
    replaced: str | None = None
    may_reuse: bool = False
    cached: bool | None = None
    cancel_reason: RunState | None = None
    at_end: AtEnd | None = None
    checkpointed: bool = False
    attempts: int = 0
    said_before: str = ""
    counted: Usage | None = None
    hold: Hold | None = None

    def model_request(self, messages: Sequence[ChatMessage], **changes: Any) -> ModelRequest:  # noqa: ANN401 - fields of ModelRequest
        """Make a model call of this turn's model and sampling."""
        return replace(
            self.request.template,
            model=self.model.id,
            messages=as_text(messages if self.model.can("tools") else plain(messages)),
            context_tokens=self.model.context_tokens,
            asker=Asker(
                user_id=self.request.user_id,
                reuse=self.may_reuse,
                waits=self._waits,
                reused=self._reused,
            ),
            **changes,
        )

    def _waits(self, before: int) -> None:
        """Tell that the model is busy; in words only once."""
        told = any(isinstance(it, TurnEvent) and it.type == "queued" for it in self.log.items[-8:])
        words = "" if told else f"Waiting for the model, {before} before this.\n"
        self.say(TurnEvent(type="queued", text=words, data={"before": before}))

    def _reused(self, hit: int) -> None:
        self.cached = bool(hit) and self.cached is not False

    def inner_request(self, messages: Sequence[ChatMessage], **changes: Any) -> ModelRequest:  # noqa: ANN401 - fields of ModelRequest
        """Make a model call whose text is no answer: nothing the caller wants of answers holds for it.

        Its length is bounded all the same, because models can go on for ever.
        """
        own: JsonObject = {
            "response_schema": None,
            "stop": (),
            "max_output_tokens": self.model.context_tokens // 4,
            "logprobs": None,
        }
        return self.model_request(messages, **(own | changes))

    @property
    def logprobs(self) -> list[JsonObject]:
        """OpenAI's objects, one per token of the answer; empty unless the template asks for them."""
        return self.log.logprobs()

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
        told: JsonObject = {
            "route": decision_object(self.decision) if self.decision else None,
            "requested_model": self.request.requested_model,
            "request_id": self.request.request_id,
            "key_id": self.request.key_id,
            "finish_reason": self.finish_reason,
            "usage": usage_object(self.usage),
            "citations": [citation_object(one) for one in self.citations],
            "transcript": list(self.transcript),
            "tainted": self.tainted,
            "error": self.error.message if self.error else None,
        }
        if self.counted is not None:
            told["usage_counted"] = usage_object(self.counted)
        return told


AtEnd = Callable[[Run], Awaitable[None]]


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
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def citation_object(citation: Citation) -> JsonObject:
    """Render a citation for `x_agent.citations`, leaving out what it does not have."""
    whole: Mapping[str, Any] = {
        "id": citation.id,
        "title": citation.title,
        "url": citation.url,
        "file_id": citation.file_id,
        "filename": citation.filename,
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
