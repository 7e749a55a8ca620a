"""Items, the language of Responses and Conversations: every kind there is.

Source: OpenAI's OpenAPI document. Not for: translating them (`api.items`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from backend.models.item_kinds import (
    AdditionalTools,
    CodeInterpreterToolCall,
    CompactionBody,
    CustomToolCall,
    CustomToolCallOutput,
    FileSearchToolCall,
    FunctionToolCall,
    FunctionToolCallOutputResource,
    FunctionToolCallResource,
    ImageGenToolCall,
    MCPApprovalRequest,
    MCPApprovalResponseResource,
    MCPListTools,
    MCPToolCall,
    Message,
    Program,
    ProgramOutput,
    ReasoningItem,
    ToolSearchCall,
    ToolSearchOutput,
    WebSearchToolCall,
)
from backend.models.item_machines import (
    ApplyPatchToolCall,
    ApplyPatchToolCallOutput,
    ComputerToolCall,
    ComputerToolCallOutputResource,
    FunctionShellCall,
    FunctionShellCallOutput,
    LocalShellToolCall,
    LocalShellToolCallOutput,
)
from backend.models.item_params import (
    AdditionalToolsItemParam,
    ApplyPatchToolCallItemParam,
    ApplyPatchToolCallOutputItemParam,
    CompactionSummaryItemParam,
    CompactionTriggerItemParam,
    ComputerCallOutputItemParam,
    EasyInputMessage,
    FunctionCallOutputItemParam,
    FunctionShellCallItemParam,
    FunctionShellCallOutputItemParam,
    InputMessage,
    ItemReferenceParam,
    MCPApprovalResponse,
    OutputMessage,
    ProgramItemParam,
    ProgramOutputItemParam,
    ToolSearchCallItemParam,
    ToolSearchOutputItemParam,
)

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

Item = (
    InputMessage
    | OutputMessage
    | FileSearchToolCall
    | ComputerToolCall
    | ComputerCallOutputItemParam
    | WebSearchToolCall
    | FunctionToolCall
    | FunctionCallOutputItemParam
    | ToolSearchCallItemParam
    | ToolSearchOutputItemParam
    | AdditionalToolsItemParam
    | ReasoningItem
    | CompactionSummaryItemParam
    | ImageGenToolCall
    | CodeInterpreterToolCall
    | LocalShellToolCall
    | LocalShellToolCallOutput
    | FunctionShellCallItemParam
    | FunctionShellCallOutputItemParam
    | ApplyPatchToolCallItemParam
    | ApplyPatchToolCallOutputItemParam
    | MCPListTools
    | MCPApprovalRequest
    | MCPApprovalResponse
    | MCPToolCall
    | CustomToolCallOutput
    | CustomToolCall
)

InputItem = (
    EasyInputMessage
    | Item
    | CompactionTriggerItemParam
    | ItemReferenceParam
    | ProgramItemParam
    | ProgramOutputItemParam
)
