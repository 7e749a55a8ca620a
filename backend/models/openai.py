"""Wire shapes of `/v1/chat/completions` and `/v1/models`.

Every optional field accepts null. Fields this server does not know are kept and ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

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

MAX_MESSAGES = 4096
MAX_TOOLS = 128


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


class ToolCallIn(Wire):
    """A tool call a client echoes back."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCallIn


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

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCallIn] | None = None
    tool_call_id: str | None = None


def _schema_of_an_object(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if not isinstance((value or {}).get("properties", {}), dict):
        raise PydanticCustomError("schema", "'properties' must be an object")
    return value


class FunctionSpec(Wire):
    """A function a client offers."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
    description: str | None = None
    parameters: Annotated[dict[str, Any] | None, AfterValidator(_schema_of_an_object)] = None
    strict: bool | None = None


class ToolSpec(Wire):
    """A tool a client offers."""

    type: Literal["function"]
    function: FunctionSpec


class StreamOptions(Wire):
    """What a stream carries beside the answer."""

    include_usage: bool | None = None


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


class ChatCompletionRequest(Wire):
    """A chat completion request, with Steward's own optional fields at the end."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    messages: list[MessageIn] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1)
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    seed: int | None = None
    n: int | None = Field(default=None, ge=1, le=128)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    logit_bias: dict[str, float] | None = None
    modalities: list[str] | None = None
    audio: dict[str, Any] | None = None
    functions: list[dict[str, Any]] | None = None
    function_call: str | dict[str, Any] | None = None
    tools: Annotated[list[ToolSpec], BeforeValidator(_none_to_empty)] = Field(
        default_factory=list[ToolSpec], max_length=MAX_TOOLS
    )
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    store: bool | None = None
    metadata: Metadata | None = None
    user: str | None = None

    agent_type: Literal["auto", "chat", "react", "plan", "plan_execute"] | None = None
    session_id: Annotated[str, StringConstraints(max_length=128)] | None = None
    on_disconnect: Literal["cancel", "finish"] | None = None
    approvals: Literal["text", "events"] | None = None
    top_k: int | None = None
    min_p: float | None = None
    keep_alive: str | int | None = None
