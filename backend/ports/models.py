"""The model port: one narrow way to stream from any language model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.ports.values import ChatMessage, FinishReason, Health, JsonObject, ToolCall, Usage

EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What is known of one model.

    `capabilities` holds words such as `tools`, `vision`, `thinking`, `embedding`, `completion`, `extractive` (no knowledge of its own).
    `context_tokens` is the window this server will use, already capped by the settings.
    """

    id: str
    provider: str
    owned_by: str = "library"
    created_s: int = 0
    context_tokens: int = 4096
    capabilities: frozenset[str] = frozenset({"completion"})

    def can(self, capability: str) -> bool:
        """Tell whether the model has a capability."""
        return capability in self.capabilities


def _nothing(_told: int) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """For whom a model is called, and who hears what becomes of the call before its first token.

    `waits` is told how many calls are served before this one, whenever that has changed. With `reuse`
    an answer to the very same call may be given again; `reused` is then told 1, or 0 when there was none.
    """

    user_id: str = ""
    reuse: bool = False
    waits: Callable[[int], None] = _nothing
    reused: Callable[[int], None] = _nothing


NOBODY = Asker()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One call of a language model.

    `tools` are OpenAI function specs. `response_schema` constrains the whole answer: a JSON schema,
    or the word "json" for any object. `reasoning_effort` is none, minimal, low, medium, high, xhigh
    or max; None leaves it to the model. `options` are extra sampling options passed through to a
    provider that knows them (top_k, min_p, keep_alive ...). `logprobs` asks for the log probability
    of each token, and of that many alternatives besides (0 to 20). With `prompt` the model goes on
    from this very text, up to `suffix` if there is one, and `messages` is empty.
    """

    model: str
    messages: Sequence[ChatMessage]
    context_tokens: int = 0
    tools: Sequence[JsonObject] = ()
    tool_choice: str | JsonObject | None = None
    response_schema: JsonObject | str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    stop: Sequence[str] = ()
    reasoning_effort: str | None = None
    logprobs: int | None = None
    prompt: str | None = None
    suffix: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    asker: Asker = field(default=NOBODY, compare=False, repr=False)


@dataclass(slots=True)
class ModelDelta:
    """One piece of a model's stream; the last one carries `finish_reason`, usually with `usage`.

    Tool calls arrive whole, each exactly once, with an id. `logprobs` are OpenAI's objects, one per
    token of `content`. Made per token, hence not frozen.
    """

    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    logprobs: tuple[JsonObject, ...] = ()


class ModelProvider(Protocol):
    """A server, or a program, that runs language models."""

    @property
    def name(self) -> str:
        """Name the provider in logs, settings and `owned_by`."""
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Stream one answer; closing the generator frees the upstream at once.

        Raises: the errors of `backend.errors` (ModelNotFound, UpstreamError, Unavailable ...).
        A stream that ends without `finish_reason` is raised as UpstreamCut.
        """
        ...

    async def models(self) -> Sequence[ModelInfo]:
        """List the models at hand; raise UpstreamUnreachable when the upstream is away."""
        ...

    async def describe(self, model: str) -> ModelInfo:
        """Describe one model; raise ModelNotFound when it is not there."""
        ...

    async def health(self) -> Health:
        """Tell whether the upstream answers; cached for a few seconds."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
