"""What the OpenAPI document says of a chat completion.

Source: https://platform.openai.com/docs/api-reference/chat/object. Not for: making one, which is done
by hand because a token must cost little (`api.openai_wire`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.models.chat_shapes import FunctionCall, ToolCallShape
from backend.models.metadata import Metadata
from backend.models.openai import ServiceTier
from backend.models.shown import OMITTED

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]
Count = Annotated[int, Field(default=0)]


class UrlCitation(BaseModel):
    """Where a stretch of the answer comes from; indices are characters of the content."""

    start_index: int
    end_index: int
    url: str
    title: str


class Annotation(BaseModel):
    """A citation."""

    type: Literal["url_citation"]
    url_citation: UrlCitation


class SpokenAnswer(BaseModel):
    """An answer as sound; this server gives none."""

    id: str
    expires_at: int
    data: str
    transcript: str


class AnswerMessage(BaseModel):
    """What was answered; thoughts of model and agent are in `reasoning_content`."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    annotations: list[Annotation] = OMITTED
    tool_calls: list[ToolCallShape] = OMITTED
    function_call: FunctionCall = OMITTED
    audio: SpokenAnswer | None = None
    reasoning_content: str = OMITTED


class TopLogprob(BaseModel):
    """A token that could have stood there."""

    token: str
    logprob: float
    bytes: list[int] | None


class TokenLogprob(TopLogprob):
    """A token of the answer."""

    top_logprobs: list[TopLogprob]


class Logprobs(BaseModel):
    """The log probability of each token."""

    content: list[TokenLogprob] | None
    refusal: list[TokenLogprob] | None


class Choice(BaseModel):
    """One of the answers."""

    index: int
    message: AnswerMessage
    logprobs: Logprobs | None
    finish_reason: FinishReason


class PromptTokens(BaseModel):
    """What the prompt's tokens were."""

    audio_tokens: Count
    cached_tokens: Count
    text_tokens: int = OMITTED
    image_tokens: int = OMITTED
    cache_write_tokens: Count


class CompletionTokens(BaseModel):
    """What the answer's tokens were."""

    accepted_prediction_tokens: Count
    audio_tokens: Count
    reasoning_tokens: Count
    text_tokens: int = OMITTED
    rejected_prediction_tokens: Count


class CompletionUsage(BaseModel):
    """Tokens of all model calls of the turn."""

    prompt_tokens: Annotated[int, Field(json_schema_extra={"default": 0})]
    completion_tokens: Annotated[int, Field(json_schema_extra={"default": 0})]
    total_tokens: Annotated[int, Field(json_schema_extra={"default": 0})]
    prompt_tokens_details: PromptTokens = OMITTED
    completion_tokens_details: CompletionTokens = OMITTED


class ModerationVerdict(BaseModel):
    """What a moderation model said of one text."""

    type: Literal["moderation_result"] = Field(json_schema_extra={"default": "moderation_result"})
    model: str
    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[Literal["text", "image"]]]


class ModerationResults(BaseModel):
    """What a moderation model said."""

    type: Literal["moderation_results"]
    model: str
    results: list[ModerationVerdict]


class ModerationError(BaseModel):
    """Why a moderation model said nothing."""

    type: Literal["error"]
    code: str
    message: str


class Moderation(BaseModel):
    """What a moderation model said of question and answer; this server asks none."""

    input: ModerationResults | ModerationError
    output: ModerationResults | ModerationError


class ChatCompletion(BaseModel):
    """A chat completion, with what Steward adds under `x_` names."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage = OMITTED
    metadata: Metadata | None = None
    service_tier: ServiceTier | None = Field(default=None, json_schema_extra={"default": "auto"})
    system_fingerprint: str = OMITTED
    moderation: Moderation | None = None
    x_agent: dict[str, Any] = OMITTED
    x_session_id: str = OMITTED


class DeltaFunction(BaseModel):
    """A piece of a call's function."""

    name: str = OMITTED
    arguments: str = OMITTED


class DeltaCall(BaseModel):
    """A piece of a call; `index` counts through the stream."""

    index: int
    id: str = OMITTED
    type: Literal["function"] = OMITTED
    function: DeltaFunction = OMITTED


class Delta(BaseModel):
    """A piece of the answer."""

    role: Literal["developer", "system", "user", "assistant", "tool"] = OMITTED
    content: str | None = None
    refusal: str | None = None
    function_call: DeltaFunction = OMITTED
    tool_calls: list[DeltaCall] = OMITTED
    annotations: list[Annotation] = OMITTED
    reasoning_content: str = OMITTED


class ChunkChoice(BaseModel):
    """A piece of one of the answers."""

    index: int
    delta: Delta
    logprobs: Logprobs | None = None
    finish_reason: FinishReason | None


class ChatCompletionChunk(BaseModel):
    """One event of a streamed chat completion."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: CompletionUsage | None = None
    service_tier: ServiceTier | None = Field(default=None, json_schema_extra={"default": "auto"})
    system_fingerprint: str = OMITTED
    moderation: Moderation | None = None
    obfuscation: str = OMITTED
    x_agent: dict[str, Any] = OMITTED
    x_session_id: str = OMITTED
