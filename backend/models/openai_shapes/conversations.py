"""Conversations and their items, as OpenAI has them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.more_settings import PromptCacheBreakpointParam
from backend.models.openai_shapes.more_tool_items import (
    AdditionalTools,
    CompactionBody,
    ComputerToolCallOutputResource,
    FunctionToolCallResource,
    MCPApprovalResponseResource,
    MessageRole,
    Program,
    ProgramOutput,
    ToolSearchCall,
    ToolSearchOutput,
)
from backend.models.openai_shapes.parts import (
    OutputTextContent,
    ReasoningTextContent,
    RefusalContent,
    SummaryTextContent,
)
from backend.models.openai_shapes.settings import (
    InputFileContent,
    InputImageContent,
    InputTextContent,
)
from backend.models.openai_shapes.shell import (
    ApplyPatchToolCall,
    ApplyPatchToolCallOutput,
    FunctionShellCall,
    FunctionShellCallOutput,
    LocalShellToolCall,
    LocalShellToolCallOutput,
)
from backend.models.openai_shapes.tool_items import (
    CodeInterpreterToolCall,
    ComputerToolCall,
    CustomToolCall,
    CustomToolCallOutput,
    FileSearchToolCall,
    FunctionToolCallOutputResource,
    ImageGenToolCall,
    MCPApprovalRequest,
    MCPListTools,
    MCPToolCall,
    ReasoningItem,
    WebSearchToolCall,
)
from backend.models.shown import OMITTED


class TextContent(Shape):
    """`TextContent` of the Conversations wire."""

    type: Literal["text"] = "text"
    text: str


class ComputerScreenshotContent(Shape):
    """`ComputerScreenshotContent` of the Conversations wire."""

    type: Literal["computer_screenshot"] = "computer_screenshot"
    image_url: str | None
    file_id: str | None
    detail: Literal["low", "high", "auto", "original"]
    prompt_cache_breakpoint: PromptCacheBreakpointParam = OMITTED


class Message(Shape):
    """`Message` of the Conversations wire."""

    type: Literal["message"] = "message"
    id: str
    status: Literal["in_progress", "completed", "incomplete"]
    role: MessageRole
    content: list[
        Annotated[
            InputTextContent
            | OutputTextContent
            | TextContent
            | SummaryTextContent
            | ReasoningTextContent
            | RefusalContent
            | InputImageContent
            | ComputerScreenshotContent
            | InputFileContent,
            Field(discriminator="type"),
        ]
    ]
    phase: Literal["commentary", "final_answer"] | None = None


ConversationItem = Annotated[
    Message
    | FunctionToolCallResource
    | FunctionToolCallOutputResource
    | FileSearchToolCall
    | WebSearchToolCall
    | ImageGenToolCall
    | ComputerToolCall
    | ComputerToolCallOutputResource
    | ToolSearchCall
    | ToolSearchOutput
    | AdditionalTools
    | ReasoningItem
    | Program
    | ProgramOutput
    | CompactionBody
    | CodeInterpreterToolCall
    | LocalShellToolCall
    | LocalShellToolCallOutput
    | FunctionShellCall
    | FunctionShellCallOutput
    | ApplyPatchToolCall
    | ApplyPatchToolCallOutput
    | MCPListTools
    | MCPApprovalRequest
    | MCPApprovalResponseResource
    | MCPToolCall
    | CustomToolCall
    | CustomToolCallOutput,
    Field(discriminator="type"),
]


class ConversationResource(Shape):
    """`ConversationResource` of the Conversations wire."""

    id: str
    object: Literal["conversation"] = "conversation"
    metadata: Any
    created_at: int


class ConversationDeleted(Shape):
    """`DeletedConversationResource` of the Conversations wire."""

    object: Literal["conversation.deleted"] = "conversation.deleted"
    deleted: bool
    id: str


class ConversationItemList(Shape):
    """`ConversationItemList` of the Conversations wire."""

    object: Literal["list"]
    data: list[ConversationItem]
    has_more: bool
    first_id: str
    last_id: str
