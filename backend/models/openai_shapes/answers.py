"""Whole requests and answers, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from backend.models.openai import IncludeEnum
from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.items import InputItem, InputParam, ItemResource, OutputItem
from backend.models.openai_shapes.more_settings import (
    ContextManagementParam,
    ConversationParam,
    PersonalityEnum,
    PromptCacheOptions,
)
from backend.models.openai_shapes.more_tools import Tool
from backend.models.openai_shapes.settings import (
    Metadata,
    ModelIdsResponses,
    Prompt,
    PromptCacheOptionsParam,
    ServiceTierResponses,
    TextResponseFormatConfiguration,
    Verbosity,
)
from backend.models.openai_shapes.tool_choice import ToolChoiceParam
from backend.models.openai_shapes.tool_items import Reasoning
from backend.models.shown import OMITTED


class ResponseTextParam(Shape):
    """`ResponseTextParam` of the Responses wire."""

    format: TextResponseFormatConfiguration = OMITTED
    verbosity: Verbosity = "medium"


class ModerationConfigParam(Shape):
    """`ModerationConfigParam` of the Responses wire."""

    mode: Literal["score", "block"]


class ModerationPolicyParam(Shape):
    """`ModerationPolicyParam` of the Responses wire."""

    input: ModerationConfigParam | None = None
    output: ModerationConfigParam | None = None


class ModerationParam(Shape):
    """`ModerationParam` of the Responses wire."""

    model: str
    policy: ModerationPolicyParam | None = None


class ResponseStreamOptions2(Shape):
    """`ResponseStreamOptions2` of the Responses wire."""

    include_obfuscation: bool = OMITTED


ResponseStreamOptions = ResponseStreamOptions2 | None


class CreateResponse(Shape):
    """`CreateResponse` of the Responses wire."""

    metadata: Metadata = OMITTED
    top_logprobs: Annotated[int, Field(ge=0, le=20)] = OMITTED
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 1
    top_p: Annotated[float, Field(ge=0, le=1)] | None = 1
    user: str = OMITTED
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    prompt_cache_options: PromptCacheOptionsParam = OMITTED
    previous_response_id: str | None = None
    model: ModelIdsResponses = OMITTED
    background: bool | None = False
    max_tool_calls: int | None = None
    text: ResponseTextParam = OMITTED
    tools: list[Tool] = OMITTED
    tool_choice: ToolChoiceParam = OMITTED
    prompt: Prompt = OMITTED
    service_tier: ServiceTierResponses = "auto"
    truncation: Literal["auto", "disabled"] | None = "disabled"
    reasoning: Reasoning | None = None
    input: InputParam = OMITTED
    include: list[IncludeEnum] | None = None
    parallel_tool_calls: bool | None = True
    store: bool | None = True
    instructions: str | None = None
    moderation: ModerationParam | None = None
    stream: bool | None = False
    stream_options: ResponseStreamOptions = OMITTED
    conversation: ConversationParam | None = None
    context_management: list[ContextManagementParam] | None = None
    max_output_tokens: Annotated[int, Field(ge=16)] | None = None


ResponseErrorCode = Literal[
    "server_error",
    "rate_limit_exceeded",
    "invalid_prompt",
    "data_residency_mismatch",
    "bio_policy",
    "vector_store_timeout",
    "invalid_image",
    "invalid_image_format",
    "invalid_base64_image",
    "invalid_image_url",
    "image_too_large",
    "image_too_small",
    "image_parse_error",
    "image_content_policy_violation",
    "invalid_image_mode",
    "image_file_too_large",
    "unsupported_image_media_type",
    "empty_image_file",
    "failed_to_download_image",
    "image_file_not_found",
]


class ResponseError2(Shape):
    """`ResponseError2` of the Responses wire."""

    code: ResponseErrorCode
    message: str


ResponseError = ResponseError2 | None


class ResponseIncompleteDetails(Shape):
    """`ResponseIncompleteDetails` of the Responses wire."""

    reason: Literal["max_output_tokens", "content_filter"] = OMITTED


class ResponseUsageInputTokensDetails(Shape):
    """`ResponseUsageInputTokensDetails` of the Responses wire."""

    cached_tokens: int
    cache_write_tokens: int


class ResponseUsageOutputTokensDetails(Shape):
    """`ResponseUsageOutputTokensDetails` of the Responses wire."""

    reasoning_tokens: int


class ResponseUsage(Shape):
    """`ResponseUsage` of the Responses wire."""

    input_tokens: int
    input_tokens_details: ResponseUsageInputTokensDetails
    output_tokens: int
    output_tokens_details: ResponseUsageOutputTokensDetails
    total_tokens: int


class ModerationResultBody(Shape):
    """`ModerationResultBody` of the Responses wire."""

    type: Literal["moderation_result"] = "moderation_result"
    model: str
    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[Literal["text", "image"]]]


class ModerationErrorBody(Shape):
    """`ModerationErrorBody` of the Responses wire."""

    type: Literal["error"] = "error"
    code: str
    message: str


class Moderation(Shape):
    """`Moderation` of the Responses wire."""

    input: ModerationResultBody | ModerationErrorBody
    output: ModerationResultBody | ModerationErrorBody


class ResponseConversation(Shape):
    """`ResponseConversation` of the Responses wire."""

    id: str


class Response(Shape):
    """`Response` of the Responses wire."""

    metadata: Metadata
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 1
    top_p: Annotated[float, Field(ge=0, le=1)] | None = 1
    user: str = OMITTED
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    previous_response_id: str | None = None
    model: ModelIdsResponses
    background: bool | None = False
    max_tool_calls: int | None = None
    text: ResponseTextParam = OMITTED
    tools: list[Tool]
    tool_choice: ToolChoiceParam
    prompt: Prompt = OMITTED
    service_tier: ServiceTierResponses = "auto"
    truncation: Literal["auto", "disabled"] | None = "disabled"
    id: str
    object: Literal["response"]
    status: Literal["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"] = (
        OMITTED
    )
    created_at: float
    completed_at: float | None = None
    error: ResponseError
    incomplete_details: ResponseIncompleteDetails | None
    output: list[OutputItem]
    reasoning: Reasoning | None = None
    instructions: str | list[InputItem] | None
    output_text: str | None = None
    usage: ResponseUsage = OMITTED
    prompt_cache_options: PromptCacheOptions = OMITTED
    moderation: Moderation | None = None
    parallel_tool_calls: bool = True
    conversation: ResponseConversation | None = None
    max_output_tokens: int | None = None


class TokenCountsBody(Shape):
    """`TokenCountsBody` of the Responses wire."""

    model: str | None = None
    input: str | list[InputItem] | None = None
    previous_response_id: str | None = None
    tools: list[Tool] | None = None
    text: ResponseTextParam | None = None
    reasoning: Reasoning | None = None
    truncation: Literal["auto", "disabled"] = OMITTED
    instructions: str | None = None
    personality: PersonalityEnum = OMITTED
    conversation: ConversationParam | None = None
    tool_choice: ToolChoiceParam | None = None
    parallel_tool_calls: bool | None = None


class TokenCountsResource(Shape):
    """`TokenCountsResource` of the Responses wire."""

    object: Literal["response.input_tokens"] = "response.input_tokens"
    input_tokens: int


class CompactBody(Shape):
    """`CompactResponseMethodPublicBody` of the Responses wire."""

    model: str | None
    input: str | list[InputItem] | None = OMITTED
    previous_response_id: str | None = OMITTED
    instructions: str | None = OMITTED
    prompt_cache_key: Annotated[str, StringConstraints(max_length=64)] | None = OMITTED
    prompt_cache_retention: Literal["in_memory", "24h"] | None = OMITTED
    service_tier: Literal["auto", "default", "fast", "flex", "priority"] | None = OMITTED


class CompactResource(Shape):
    """`CompactResource` of the Responses wire."""

    id: str
    object: Literal["response.compaction"] = "response.compaction"
    output: list[ItemResource]
    created_at: int
    usage: ResponseUsage


class ResponseItemList(Shape):
    """`ResponseItemList` of the Responses wire."""

    object: Literal["list"]
    data: list[ItemResource]
    has_more: bool
    first_id: str
    last_id: str


class ResponseReasoningSummaryPartAddedEventPart(Shape):
    """`ResponseReasoningSummaryPartAddedEventPart` of the Responses wire."""

    type: Literal["summary_text"]
    text: str


class ResponseReasoningSummaryPartDoneEventPart(Shape):
    """`ResponseReasoningSummaryPartDoneEventPart` of the Responses wire."""

    type: Literal["summary_text"]
    text: str


class ResponseLogProbTopLogprobsEntry(Shape):
    """`ResponseLogProbTopLogprobsEntry` of the Responses wire."""

    token: str = OMITTED
    logprob: float = OMITTED


class ResponseLogProb(Shape):
    """`ResponseLogProb` of the Responses wire."""

    token: str
    logprob: float
    top_logprobs: list[ResponseLogProbTopLogprobsEntry] = OMITTED
