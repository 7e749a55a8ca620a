"""The frozen values that the core and its adapters pass to each other.

Messages are OpenAI's chat messages as plain dictionaries: the wire is OpenAI's on both sides.
Not for: rows of the database (`stores`), model requests (`models`) or tools (`tools`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, Required, TypedDict

JsonObject = dict[str, Any]
Route = Literal["chat", "react", "plan"]
ChosenBy = Literal["rules", "caller", "documents", "model"]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
# The role of what a session keeps for its owner and tells no model.
KEPT_ITEM = "item"


class FunctionCall(TypedDict):
    """The function part of a tool call; `arguments` is JSON text, as on OpenAI's wire."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """One call a model asks for."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class ChatMessage(TypedDict, total=False):
    """One message in OpenAI's shape; keys this server does not know are kept.

    `item` is what a session's owner added, word for word, where the message alone would lose some
    of it; with the role KEPT_ITEM it is all there is. `call_numbers` are the places that its calls
    had before others were deleted.
    """

    role: Required[str]
    content: str | list[JsonObject] | None
    name: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]
    reasoning_content: NotRequired[str]
    annotations: NotRequired[list[JsonObject]]
    item: NotRequired[JsonObject]
    call_numbers: NotRequired[list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one or several model calls."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    model_calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            model_calls=self.model_calls + other.model_calls,
        )

    def minus(self, other: Usage | None) -> Usage:
        """Give what has come since `other`, which is a part of this."""
        if other is None:
            return self
        names = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "model_calls")
        return Usage(**{name: getattr(self, name) - getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One passage a tool brought and an answer may point at.

    `text` is the passage itself; `start` and `end` are character offsets into the stored text of a
    file, whose name is `filename`. A web source has a `url` and no offsets. `id` is empty until the
    run has numbered it.
    """

    title: str
    text: str = ""
    url: str | None = None
    file_id: str | None = None
    filename: str | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """Which way a turn goes, why, and how sure the router is (0 to 1); `by` sorts the reasons."""

    route: Route
    reason: str
    confidence: float
    by: ChosenBy = field(default="rules", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEvent:
    """One step of a run that is not answer text.

    `text` is the line a person reads (sent as `reasoning_content`, may be empty); `data` is the
    structured event (sent as `x_agent`).
    """

    type: Literal[
        "route",
        "notice",
        "thought",
        "plan",
        "step",
        "tool_call",
        "tool_result",
        "verdict",
        "citations",
        "client_tool_calls",
        "approval",
        "remote_tools",
        "queued",
    ]
    text: str = ""
    data: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether a dependency works, and what to do when it does not.

    `state` says more than `ok` where there is more to say: it is off on purpose, still tries itself, or
    does only a part of what it could.
    """

    ok: bool
    detail: str = ""
    fix: str = ""
    state: Literal["", "off", "checking", "limited"] = ""
