"""Wire shapes of kept chat completions.

Source: OpenAI's OpenAPI document.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from backend.models.maybe import Maybe, MaybeNull, Shape
from backend.models.metadata import Metadata


class ChatCompletionMessageToolCallFunction(Shape):
    """The function of a call."""

    name: str
    arguments: str


class ChatCompletionMessageToolCall(Shape):
    """A call of a function that the model asks for."""

    id: str
    type: Literal["function"]
    function: ChatCompletionMessageToolCallFunction


class ChatCompletionMessageCustomToolCallCustom(Shape):
    """The tool of such a call, and the text for it."""

    name: str
    input: str


class ChatCompletionMessageCustomToolCall(Shape):
    """A call of a tool that takes text."""

    id: str
    type: Literal["custom"]
    custom: ChatCompletionMessageCustomToolCallCustom


ChatCompletionMessageToolCalls = list[
    Annotated[
        ChatCompletionMessageToolCall | ChatCompletionMessageCustomToolCall,
        Field(discriminator="type"),
    ]
]


class ChatCompletionResponseMessageAnnotationsUrlCitation(Shape):
    """Where a passage of an answer is from."""

    end_index: int
    start_index: int
    url: str
    title: str


class ChatCompletionResponseMessageAnnotations(Shape):
    """What an answer rests on."""

    type: Literal["url_citation"]
    url_citation: ChatCompletionResponseMessageAnnotationsUrlCitation


class ChatCompletionResponseMessageFunctionCall(Shape):
    """A call in the old form."""

    arguments: str
    name: str


class ChatCompletionResponseMessageAudio(Shape):
    """An answer as sound."""

    id: str
    expires_at: int
    data: str
    transcript: str


class ChatCompletionResponseMessage(Shape):
    """The answer of a model."""

    content: str | None
    refusal: str | None
    tool_calls: Maybe[ChatCompletionMessageToolCalls] = None
    annotations: Maybe[list[ChatCompletionResponseMessageAnnotations]] = None
    role: Literal["assistant"]
    function_call: Maybe[ChatCompletionResponseMessageFunctionCall] = None
    audio: MaybeNull[ChatCompletionResponseMessageAudio] = None


class ChatCompletionTokenLogprobTopLogprobs(Shape):
    """A token that might have stood there instead."""

    token: str
    logprob: float
    bytes: list[int] | None


class ChatCompletionTokenLogprob(Shape):
    """A token of an answer with its log probability."""

    token: str
    logprob: float
    bytes: list[int] | None
    top_logprobs: list[ChatCompletionTokenLogprobTopLogprobs]


ServiceTier = Literal["auto", "default", "flex", "scale", "priority", "fast"] | None


class CompletionUsageCompletionTokensDetails(Shape):
    """What the tokens of an answer were."""

    accepted_prediction_tokens: int | SkipJsonSchema[None] = 0
    audio_tokens: int | SkipJsonSchema[None] = 0
    reasoning_tokens: int | SkipJsonSchema[None] = 0
    text_tokens: Maybe[int] = None
    rejected_prediction_tokens: int | SkipJsonSchema[None] = 0


class CompletionUsagePromptTokensDetails(Shape):
    """What the tokens of a prompt were."""

    audio_tokens: int | SkipJsonSchema[None] = 0
    cached_tokens: int | SkipJsonSchema[None] = 0
    text_tokens: Maybe[int] = None
    image_tokens: Maybe[int] = None
    cache_write_tokens: int | SkipJsonSchema[None] = 0


class CompletionUsage(Shape):
    """How many tokens a request took."""

    completion_tokens: int = 0
    prompt_tokens: int = 0
    total_tokens: int = 0
    completion_tokens_details: Maybe[CompletionUsageCompletionTokensDetails] = None
    prompt_tokens_details: Maybe[CompletionUsagePromptTokensDetails] = None


ModerationInputType = Literal["text", "image"]


class ModerationResultBody(Shape):
    """What a check of one text or image found."""

    type: Literal["moderation_result"] = "moderation_result"
    model: str
    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[ModerationInputType]]


class ChatCompletionModerationResults(Shape):
    """What a check found."""

    type: Literal["moderation_results"]
    model: str
    results: list[ModerationResultBody]


class ChatCompletionModerationError(Shape):
    """Why a check failed."""

    type: Literal["error"]
    code: str
    message: str


class ChatCompletionModeration(Shape):
    """Checks of a request and its answer."""

    input: Annotated[
        ChatCompletionModerationResults | ChatCompletionModerationError, Field(discriminator="type")
    ]
    output: Annotated[
        ChatCompletionModerationResults | ChatCompletionModerationError, Field(discriminator="type")
    ]


class CreateChatCompletionResponseChoicesLogprobs(Shape):
    """The log probabilities of an answer."""

    content: list[ChatCompletionTokenLogprob] | None
    refusal: list[ChatCompletionTokenLogprob] | None


class CreateChatCompletionResponseChoices(Shape):
    """One of the answers."""

    finish_reason: Literal["stop", "length", "tool_calls", "content_filter", "function_call"]
    index: int
    message: ChatCompletionResponseMessage
    logprobs: CreateChatCompletionResponseChoicesLogprobs | None


class CreateChatCompletionResponse(Shape):
    """A chat completion."""

    id: str
    choices: list[CreateChatCompletionResponseChoices]
    created: int
    model: str
    metadata: MaybeNull[Metadata] = None
    service_tier: ServiceTier = "auto"
    system_fingerprint: Maybe[str] = None
    object: Literal["chat.completion"]
    usage: Maybe[CompletionUsage] = None
    moderation: MaybeNull[ChatCompletionModeration] = None


class ChatCompletionList(Shape):
    """A slice of the kept chat completions."""

    object: Literal["list"] = "list"
    data: list[CreateChatCompletionResponse]
    first_id: str
    last_id: str
    has_more: bool


class ChatCompletionDeleted(Shape):
    """A chat completion that is not kept any more."""

    object: Literal["chat.completion.deleted"]
    id: str
    deleted: bool


class PromptCacheBreakpointParam(Shape):
    """Where a cached prompt may end."""

    mode: Literal["explicit"] = "explicit"


class ChatCompletionRequestMessageContentPartText(Shape):
    """A text part of a message."""

    type: Literal["text"]
    text: str
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpointParam] = None


class ChatCompletionRequestMessageContentPartImageImageUrl(Shape):
    """The address of an image."""

    url: str
    detail: Literal["auto", "low", "high"] | SkipJsonSchema[None] = "auto"


class ChatCompletionRequestMessageContentPartImage(Shape):
    """An image part of a message."""

    type: Literal["image_url"]
    image_url: ChatCompletionRequestMessageContentPartImageImageUrl
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpointParam] = None


class StoredMessage(ChatCompletionResponseMessage):
    """One message of the request that a kept completion answers.

    OpenAI's document has the role of an answer here; what is given has its own.
    """

    id: str
    content_parts: MaybeNull[
        list[
            Annotated[
                ChatCompletionRequestMessageContentPartText
                | ChatCompletionRequestMessageContentPartImage,
                Field(discriminator="type"),
            ]
        ]
    ] = None


class StoredMessageList(Shape):
    """A slice of the messages that a kept completion answers."""

    object: Literal["list"] = "list"
    data: list[StoredMessage]
    first_id: str
    last_id: str
    has_more: bool
