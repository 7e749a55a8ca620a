"""Wire shapes of `/v1/responses`: what requests bring. Every optional field accepts null.

What stands inside `input`, `tools` and `tool_choice` is read item by item (`backend.api.responses`),
so that a refusal names the very place; their shapes are declared for the document alone. Fields this
server does not know are kept and ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from backend.models.openai import IncludeEnum, Wire
from backend.models.openai_shapes.base import shown_with

MAX_ITEMS = 4096
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Summary = Literal["auto", "concise", "detailed"]
INCLUDES = {"type": "array", "items": {"type": "string", "enum": [*get_args(IncludeEnum)]}}
Id = Annotated[str, StringConstraints(max_length=256)]


class ReasoningIn(Wire):
    """How a model thinks, and whether a summary of it is shown."""

    effort: Effort | None = None
    summary: Summary | None = None
    generate_summary: Summary | None = None


class TextFormat(Wire):
    """The form of the answer; a JSON schema stands here itself, not one level below."""

    type: Literal["text", "json_object", "json_schema"]
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None
    description: str | None = None


class TextIn(Wire):
    """What is wanted of the answer's text."""

    format: TextFormat | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class ResponseStreamOptions(Wire):
    """What a stream carries beside the answer."""

    include_obfuscation: bool | None = None


class ResponseInput(Wire):
    """What counting and answering have in common."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    input: str | Annotated[list[dict[str, Any]], Field(max_length=MAX_ITEMS)] | None = None
    instructions: str | None = None
    previous_response_id: Id | None = None
    conversation: Id | dict[str, Any] | None = None
    tools: Annotated[list[dict[str, Any]], Field(max_length=128)] | None = None
    tool_choice: str | dict[str, Any] | None = None
    text: TextIn | None = None
    reasoning: ReasoningIn | None = None
    parallel_tool_calls: bool | None = None
    truncation: Literal["auto", "disabled"] | None = None


class TokenCountRequest(ResponseInput):
    """A request whose tokens are to be counted."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Show OpenAI's shape of it."""
        return shown_with(core_schema, handler, shape="openai_shapes.answers:TokenCountsBody")


class ResponseRequest(ResponseInput):
    """A request for a response, with Steward's own optional fields at the end."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Show OpenAI's shape of it, and the fields that are ours beside it."""
        return shown_with(core_schema, handler, shape="openai_shapes.answers:CreateResponse")

    stream: bool | None = None
    stream_options: ResponseStreamOptions | None = None
    background: bool | None = None
    store: bool | None = None
    metadata: (
        Annotated[
            dict[
                Annotated[str, StringConstraints(max_length=64)],
                Annotated[str, StringConstraints(max_length=512)],
            ],
            Field(max_length=16),
        ]
        | None
    ) = None
    include: list[str] | None = None
    max_output_tokens: int | None = Field(default=None, ge=16)
    max_tool_calls: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    prompt: dict[str, Any] | None = None
    service_tier: (
        Literal["auto", "default", "fast", "flex", "scale", "priority", "ultrafast"] | None
    ) = None
    safety_identifier: Annotated[str, StringConstraints(max_length=64)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    user: str | None = None
    context_management: list[dict[str, Any]] | None = None
    moderation: dict[str, Any] | None = None

    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    agent_type: Literal["auto", "chat", "react", "plan", "plan_execute"] | None = None
    on_disconnect: Literal["cancel", "finish"] | None = None
    x_cache: bool | None = None
    approvals: Literal["text", "events"] | None = None
    top_k: int | None = None
    min_p: float | None = None
    keep_alive: str | int | None = None


class ReadAgain(BaseModel):
    """How a response is read again; clients write lists with brackets or without."""

    model_config = ConfigDict(populate_by_name=True)

    include: Annotated[list[str], WithJsonSchema(INCLUDES)] = Field(default_factory=list[str])
    include_in_brackets: list[str] = Field(default_factory=list[str], alias="include[]")
    stream: bool = False
    starting_after: int | None = Field(default=None, ge=0)
    include_obfuscation: bool | None = None

    @property
    def included(self) -> frozenset[str]:
        """Give what is to be included."""
        return frozenset({*self.include, *self.include_in_brackets})


class ResponseDeleted(BaseModel):
    """A response that is kept no longer."""

    id: str
    object: Literal["response"] = "response"
    deleted: bool = True


class CompactRequest(ResponseInput):
    """A request whose conversation is to be made short."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Show OpenAI's shape of it."""
        return shown_with(core_schema, handler, shape="openai_shapes.answers:CompactBody")


class InputTokens(BaseModel):
    """How many tokens a request comes to."""

    object: Literal["response.input_tokens"] = "response.input_tokens"
    input_tokens: int
