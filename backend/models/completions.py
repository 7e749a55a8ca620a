"""Wire shapes of `/v1/completions`, OpenAI's old way to complete a text.

Source: https://platform.openai.com/docs/api-reference/completions
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from backend.models.embeddings import Token
from backend.models.openai import Wire

START_OF_TEXT = "<|endoftext|>"
MAX_PROMPTS = 2048
ModelName = (
    Annotated[str, StringConstraints(min_length=1, max_length=256)]
    | Literal["gpt-3.5-turbo-instruct", "davinci-002", "babbage-002"]
)


class CompletionStreamOptions(Wire):
    """What a stream carries beside the text; `include_obfuscation` has no effect."""

    include_usage: bool | SkipJsonSchema[None] = None
    include_obfuscation: bool | SkipJsonSchema[None] = None


class CompletionRequest(Wire):
    """A text to go on from, and how; `user` has no effect."""

    model: ModelName
    prompt: (
        str
        | Annotated[list[str], Field(min_length=1, max_length=MAX_PROMPTS)]
        | Annotated[list[Token], Field(min_length=1)]
        | Annotated[
            list[Annotated[list[Token], Field(min_length=1)]],
            Field(min_length=1, max_length=MAX_PROMPTS),
        ]
        | None
    ) = START_OF_TEXT
    best_of: Annotated[int, Field(ge=0, le=20)] | None = 1
    echo: bool | None = False
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = 0
    logit_bias: dict[str, int] | None = None
    logprobs: Annotated[int, Field(ge=0, le=5)] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = 16
    n: Annotated[int, Field(ge=1, le=128)] | None = 1
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = 0
    seed: int | None = None
    stop: str | Annotated[list[str], Field(min_length=1, max_length=4)] | None = None
    stream: bool | None = False
    stream_options: CompletionStreamOptions | None = None
    suffix: str | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 1
    top_p: Annotated[float, Field(ge=0, le=1)] | None = 1
    user: str | SkipJsonSchema[None] = None


class CompletionLogprobs(BaseModel):
    """Log probabilities, one entry per token in each list."""

    text_offset: list[int] = Field(default_factory=list[int])
    token_logprobs: list[float] = Field(default_factory=list[float])
    tokens: list[str] = Field(default_factory=list[str])
    top_logprobs: list[dict[str, float]] = Field(default_factory=list[dict[str, float]])


class CompletionChoice(BaseModel):
    """One completion."""

    finish_reason: Literal["stop", "length", "content_filter"]
    index: int
    logprobs: CompletionLogprobs | None
    text: str


class CompletionTokensDetails(BaseModel):
    """What the completion's tokens were."""

    accepted_prediction_tokens: int = 0
    audio_tokens: int = 0
    reasoning_tokens: int = 0
    text_tokens: int | SkipJsonSchema[None] = None
    rejected_prediction_tokens: int = 0


class PromptTokensDetails(BaseModel):
    """What the prompt's tokens were."""

    audio_tokens: int = 0
    cached_tokens: int = 0
    text_tokens: int | SkipJsonSchema[None] = None
    image_tokens: int | SkipJsonSchema[None] = None
    cache_write_tokens: int = 0


class CompletionUsage(BaseModel):
    """Tokens of one request."""

    model_config = ConfigDict(
        json_schema_extra={"required": ["prompt_tokens", "completion_tokens", "total_tokens"]}
    )

    completion_tokens: int = 0
    prompt_tokens: int = 0
    total_tokens: int = 0
    completion_tokens_details: CompletionTokensDetails | SkipJsonSchema[None] = None
    prompt_tokens_details: PromptTokensDetails | SkipJsonSchema[None] = None


class CompletionOut(BaseModel):
    """A completion, and each chunk of a streamed one."""

    id: str
    choices: list[CompletionChoice]
    created: int
    model: str
    system_fingerprint: str | SkipJsonSchema[None] = None
    object: Literal["text_completion"]
    usage: CompletionUsage | SkipJsonSchema[None] = None
