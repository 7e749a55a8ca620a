"""Items of any kind, as OpenAI's Responses have them."""

from __future__ import annotations

from backend.models.openai_shapes.more_tool_items import (
    AdditionalTools,
    CompactionBody,
    ComputerToolCallOutputResource,
    CustomToolCallOutputResource,
    CustomToolCallResource,
    FunctionToolCallResource,
    InputMessageResource,
    MCPApprovalResponseResource,
    Program,
    ProgramOutput,
    ToolSearchCall,
    ToolSearchOutput,
)
from backend.models.openai_shapes.shell import (
    ApplyPatchToolCall,
    ApplyPatchToolCallItemParam,
    ApplyPatchToolCallOutput,
    ApplyPatchToolCallOutputItemParam,
    FunctionShellCall,
    FunctionShellCallItemParam,
    FunctionShellCallOutput,
    FunctionShellCallOutputItemParam,
    LocalShellToolCall,
    LocalShellToolCallOutput,
)
from backend.models.openai_shapes.tool_items import (
    AdditionalToolsItemParam,
    CodeInterpreterToolCall,
    CompactionSummaryItemParam,
    CompactionTriggerItemParam,
    ComputerCallOutputItemParam,
    ComputerToolCall,
    CustomToolCall,
    CustomToolCallOutput,
    EasyInputMessage,
    FileSearchToolCall,
    FunctionCallOutputItemParam,
    FunctionToolCall,
    FunctionToolCallOutputResource,
    ImageGenToolCall,
    InputMessage,
    ItemReferenceParam,
    MCPApprovalRequest,
    MCPApprovalResponse,
    MCPListTools,
    MCPToolCall,
    OutputMessage,
    ProgramItemParam,
    ProgramOutputItemParam,
    ReasoningItem,
    ToolSearchCallItemParam,
    ToolSearchOutputItemParam,
    WebSearchToolCall,
)

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


InputParam = str | list[InputItem]


OutputItem = (
    OutputMessage
    | FileSearchToolCall
    | FunctionToolCall
    | FunctionToolCallOutputResource
    | WebSearchToolCall
    | ComputerToolCall
    | ComputerToolCallOutputResource
    | ReasoningItem
    | Program
    | ProgramOutput
    | ToolSearchCall
    | ToolSearchOutput
    | AdditionalTools
    | CompactionBody
    | ImageGenToolCall
    | CodeInterpreterToolCall
    | LocalShellToolCall
    | LocalShellToolCallOutput
    | FunctionShellCall
    | FunctionShellCallOutput
    | ApplyPatchToolCall
    | ApplyPatchToolCallOutput
    | MCPToolCall
    | MCPListTools
    | MCPApprovalRequest
    | MCPApprovalResponseResource
    | CustomToolCall
    | CustomToolCallOutputResource
)


ItemResource = (
    InputMessageResource
    | OutputMessage
    | FileSearchToolCall
    | ComputerToolCall
    | ComputerToolCallOutputResource
    | WebSearchToolCall
    | FunctionToolCallResource
    | FunctionToolCallOutputResource
    | ToolSearchCall
    | ToolSearchOutput
    | AdditionalTools
    | ReasoningItem
    | Program
    | ProgramOutput
    | CompactionBody
    | ImageGenToolCall
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
    | CustomToolCallResource
    | CustomToolCallOutputResource
)
