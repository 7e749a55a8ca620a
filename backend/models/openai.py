"""Wire shapes of `/v1/chat/completions` and `/v1/models`.

Every optional field accepts null. Fields this server does not know are kept and ignored.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from backend.models.metadata import Metadata
from backend.models.shown import OMITTED, Shown

MAX_MESSAGES = 4096
MAX_TOOLS = 128
MAX_FILES = 100
ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
# What may be asked for beside the items of a response or a conversation.
IncludeEnum = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]
ServiceTier = Literal["auto", "default", "flex", "scale", "priority", "fast"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


def _none_to_empty(value: object) -> object:
    return [] if value is None else value


class Wire(BaseModel):
    """Base of incoming shapes."""

    model_config = ConfigDict(extra="allow")


class ErrorDetail(BaseModel):
    """What went wrong; `param` names the field, `code` is for programs."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorOut(BaseModel):
    """Every error of this server."""

    error: ErrorDetail


class FunctionCallIn(Wire):
    """The function of an echoed tool call."""

    name: str
    arguments: str = ""


def _custom_as_function(value: object) -> object:
    """Read a custom tool's call as that of a function with one argument."""
    if not isinstance(value, dict):
        return value
    call = cast("dict[str, Any]", value)
    custom = call.get("custom")
    if call.get("type") != "custom" or not isinstance(custom, dict):
        return call
    given = cast("dict[str, Any]", custom)
    arguments = json.dumps({"input": given.get("input", "")})
    function = {"name": given.get("name"), "arguments": arguments}
    return {"id": call.get("id"), "type": "function", "function": function}


class ToolCallIn(Wire):
    """A tool call a client echoes back."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCallIn


EchoedCall = Annotated[ToolCallIn, BeforeValidator(_custom_as_function)]


class ContentPart(Wire):
    """One part of a message; which types a model takes is checked by its provider."""

    type: str
    text: str | None = None

    @model_validator(mode="after")
    def _has_text(self) -> Self:
        if self.type == "text" and self.text is None:
            msg = "a text part needs text"
            raise ValueError(msg)
        return self


class MessageIn(Wire):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[EchoedCall] | None = None
    tool_call_id: str | None = None
    function_call: FunctionCallIn | None = None


def _schema_of_an_object(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if not isinstance((value or {}).get("properties", {}), dict):
        raise PydanticCustomError("schema", "'properties' must be an object")
    return value


class FunctionSpec(Wire):
    """A function a client offers."""

    name: ToolName
    description: str | None = None
    parameters: Annotated[dict[str, Any] | None, AfterValidator(_schema_of_an_object)] = None
    strict: bool | None = None


class CustomFormat(Wire):
    """What a custom tool's input looks like."""

    type: Literal["text", "grammar"]


class CustomSpec(Wire):
    """A tool that takes free text."""

    name: ToolName
    description: str | None = None
    format: CustomFormat | None = None


class ToolSpec(Wire):
    """A tool a client offers; which of the two it holds is checked where it is read."""

    type: Literal["function", "custom"]
    function: FunctionSpec | None = None
    custom: CustomSpec | None = None


class StreamOptions(Wire):
    """What a stream carries beside the answer."""

    include_usage: Annotated[bool | None, Shown(bool)] = None
    include_obfuscation: Annotated[bool | None, Shown(bool)] = None


class JsonSchemaFormat(Wire):
    """A named JSON schema for the answer."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None
    description: str | None = None


class ResponseFormat(Wire):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaFormat | None = None


class NamedFunction(Wire):
    """A function by its name."""

    name: str


class Location(Wire):
    """Roughly where the user is."""

    country: str = OMITTED
    region: str = OMITTED
    city: str = OMITTED
    timezone: str = OMITTED


class UserLocation(Wire):
    """Roughly where the user is."""

    type: Literal["approximate"]
    approximate: Location


class WebSearchOptions(Wire):
    """Have the web searched."""

    user_location: UserLocation | None = None
    search_context_size: Annotated[
        Literal["low", "medium", "high"] | None, Shown(Literal["low", "medium", "high"])
    ] = Field(default=None, json_schema_extra={"default": "medium"})


class PromptCacheOptions(Wire):
    """How a prompt is cached."""

    ttl: Literal["30m"] = OMITTED
    mode: Literal["implicit", "explicit"] = OMITTED


class Prediction(Wire):
    """Text that the answer is expected to resemble."""

    type: Literal["content"]
    content: Annotated[str | list[ContentPart], Shown("chat_shapes:Content")]


class ModerationMode(Wire):
    """What is done with what a moderation model says."""

    mode: Literal["block", "score"]


class ModerationPolicy(Wire):
    """Which side is moderated."""

    input: ModerationMode | None = None
    output: ModerationMode | None = None


class ModerationIn(Wire):
    """Which model moderates."""

    model: str
    policy: ModerationPolicy | None = None


class AudioOut(Wire):
    """How an answer is to sound; refused by this server."""

    voice: Annotated[str | dict[str, Any], Shown("chat_shapes:Voice")]
    format: Literal["wav", "aac", "mp3", "flac", "opus", "pcm16"]


class ChatCompletionRequest(Wire):
    """A chat completion request, with Steward's own optional fields at the end."""

    model: Annotated[
        str,
        StringConstraints(min_length=1, max_length=256),
        Shown("openai_shapes.settings:ModelIdsShared"),
    ]
    messages: Annotated[list[MessageIn], Shown("chat_shapes:Messages")] = Field(
        max_length=MAX_MESSAGES
    )
    stream: bool | None = Field(default=None, json_schema_extra={"default": False})
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    presence_penalty: float | None = Field(
        default=None, ge=-2, le=2, json_schema_extra={"default": 0}
    )
    frequency_penalty: float | None = Field(
        default=None, ge=-2, le=2, json_schema_extra={"default": 0}
    )
    max_completion_tokens: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1)
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    seed: int | None = None
    n: int | None = Field(default=None, ge=1, le=128, json_schema_extra={"default": 1})
    logprobs: bool | None = Field(default=None, json_schema_extra={"default": False})
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    logit_bias: dict[str, int] | None = None
    modalities: list[Literal["text", "audio"]] | None = None
    audio: AudioOut | None = None
    functions: Annotated[list[FunctionSpec] | None, Shown("chat_shapes:LegacyFunctions")] = Field(
        default=None, max_length=MAX_TOOLS
    )
    function_call: Annotated[
        str | NamedFunction | None, Shown("chat_shapes:FunctionCallChoice")
    ] = None
    tools: Annotated[
        list[ToolSpec],
        BeforeValidator(_none_to_empty),
        Shown("chat_shapes:Tools"),
    ] = Field(default_factory=list[ToolSpec], max_length=MAX_TOOLS)
    tool_choice: Annotated[str | dict[str, Any] | None, Shown("chat_shapes:ToolChoiceShape")] = None
    parallel_tool_calls: Annotated[bool | None, Shown(bool)] = Field(
        default=None, json_schema_extra={"default": True}
    )
    response_format: Annotated[ResponseFormat | None, Shown("chat_shapes:ResponseFormatShape")] = (
        None
    )
    reasoning_effort: Effort | None = None
    web_search_options: Annotated[WebSearchOptions | None, Shown(WebSearchOptions)] = None
    store: bool | None = Field(default=None, json_schema_extra={"default": False})
    metadata: Metadata | None = None
    user: Annotated[str | None, Shown(str)] = None
    safety_identifier: str | None = Field(default=None, max_length=64)
    service_tier: ServiceTier | None = Field(default=None, json_schema_extra={"default": "auto"})
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    prompt_cache_options: Annotated[PromptCacheOptions | None, Shown(PromptCacheOptions)] = None
    verbosity: Literal["low", "medium", "high"] | None = Field(
        default=None, json_schema_extra={"default": "medium"}
    )
    prediction: Prediction | None = None
    moderation: ModerationIn | None = None

    agent_type: Literal["auto", "chat", "react", "plan", "plan_execute"] | None = None
    session_id: Annotated[str, StringConstraints(max_length=128)] | None = None
    replaces: Annotated[str, StringConstraints(max_length=128)] | None = None
    on_disconnect: Literal["cancel", "finish"] | None = None
    x_cache: bool | None = None
    approvals: Literal["text", "events"] | None = None
    file_ids: (
        Annotated[
            list[Annotated[str, StringConstraints(min_length=1, max_length=100)]],
            Field(max_length=MAX_FILES),
        ]
        | None
    ) = None
    top_k: int | None = None
    min_p: float | None = None
    keep_alive: str | int | None = None
