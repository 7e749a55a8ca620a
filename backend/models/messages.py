"""Wire shapes of `/v1/messages`, Anthropic's way of asking.

Source: https://docs.anthropic.com/en/api/messages. Fields this server does not know are kept and ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from backend.models.openai import MAX_MESSAGES, MAX_TOOLS, ToolName, Wire

Blocks = list[dict[str, Any]]


class MessageParam(Wire):
    """One message: text, or blocks of text, images, documents, calls and their results."""

    role: Literal["user", "assistant", "system"]
    content: str | Blocks


class MessageTool(Wire):
    """A tool the caller carries out. Tools that Anthropic carries out have another type and are refused."""

    name: ToolName
    type: str | None = None
    description: str | None = None
    input_schema: dict[str, Any] | None = None


class MessageToolChoice(Wire):
    """Whether a tool must be called."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(Wire):
    """Whether the model thinks before it answers; budgets are without effect."""

    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = None


class MessageFormat(Wire):
    """The JSON schema that the text of the answer keeps to."""

    type: Literal["json_schema"]
    schema_: dict[str, Any] = Field(alias="schema")


class OutputConfig(Wire):
    """The form of the answer, and how hard the model thinks about it."""

    effort: str | None = None
    format: MessageFormat | None = None


class CountRequest(Wire):
    """A conversation whose tokens are to be counted."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    messages: list[MessageParam] = Field(min_length=1, max_length=MAX_MESSAGES)
    system: str | Blocks | None = None
    tools: list[MessageTool] | None = Field(default=None, max_length=MAX_TOOLS)
    tool_choice: MessageToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: MessageFormat | None = None


class MessagesRequest(CountRequest):
    """A request for a message, with Steward's own optional fields at the end."""

    max_tokens: int = Field(ge=1)
    stream: bool | None = None
    temperature: float | None = Field(default=None, ge=0, le=1)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    stop_sequences: list[str] | None = None
    metadata: dict[str, Any] | None = None
    service_tier: str | None = None
    thread: dict[str, Any] | None = None

    agent_type: Literal["auto", "chat", "react", "plan", "plan_execute"] | None = None
    x_cache: bool | None = None
    session_id: Annotated[str, StringConstraints(max_length=128)] | None = None


class MessageUsage(BaseModel):
    """Tokens of all model calls of the turn."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int


class MessageAnswer(BaseModel):
    """A message."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: Blocks
    stop_reason: Literal["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal"] | None
    stop_sequence: str | None
    usage: MessageUsage


class MessageTokens(BaseModel):
    """How many tokens a conversation has, estimated."""

    input_tokens: int
