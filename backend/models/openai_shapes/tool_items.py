"""Items of single kinds, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.models.openai_shapes.actions import (
    ComputerAction,
    ComputerCallSafetyCheckParam,
    ComputerScreenshotImage,
    WebSearchActionFind,
    WebSearchActionOpenPage,
    WebSearchActionSearch,
)
from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.more_settings import (
    CodeInterpreterOutputImage,
    CodeInterpreterOutputLogs,
    HTTPError,
)
from backend.models.openai_shapes.more_tools import MCPListToolsTool, Tool
from backend.models.openai_shapes.parts import (
    InputContent,
    InputFileContentParam,
    InputImageContentParamAutoParam,
    InputTextContentParam,
    OutputMessageContent,
    ReasoningTextContent,
    SummaryTextContent,
)
from backend.models.openai_shapes.settings import (
    EmptyModelParam,
    InputFileContent,
    InputImageContent,
    InputTextContent,
    VectorStoreFileAttributes,
)
from backend.models.openai_shapes.shell import ToolCallCaller, ToolCallCallerParam
from backend.models.shown import OMITTED

ReasoningModeEnum = str | Literal["standard", "pro"]


ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None


class Reasoning(Shape):
    """`Reasoning` of the Responses wire."""

    mode: ReasoningModeEnum = OMITTED
    effort: ReasoningEffort = "medium"
    summary: Literal["auto", "concise", "detailed"] | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None


class EasyInputMessage(Shape):
    """`EasyInputMessage` of the Responses wire."""

    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[InputContent]
    phase: Literal["commentary", "final_answer"] | None = None
    type: Literal["message"] = OMITTED


class InputMessage(Shape):
    """`InputMessage` of the Responses wire."""

    type: Literal["message"] = OMITTED
    role: Literal["user", "system", "developer"]
    status: Literal["in_progress", "completed", "incomplete"] = OMITTED
    content: list[InputContent]


class OutputMessage(Shape):
    """`OutputMessage` of the Responses wire."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    content: list[OutputMessageContent]
    phase: Literal["commentary", "final_answer"] | None = None
    status: Literal["in_progress", "completed", "incomplete"]


class FileSearchToolCallResultsEntry(Shape):
    """`FileSearchToolCallResultsEntry` of the Responses wire."""

    file_id: str = OMITTED
    text: str = OMITTED
    filename: str = OMITTED
    attributes: VectorStoreFileAttributes = OMITTED
    score: float = OMITTED


class FileSearchToolCall(Shape):
    """`FileSearchToolCall` of the Responses wire."""

    id: str
    type: Literal["file_search_call"]
    status: Literal["in_progress", "searching", "completed", "incomplete", "failed"]
    queries: list[str]
    results: list[FileSearchToolCallResultsEntry] | None = None


class ComputerToolCall(Shape):
    """`ComputerToolCall` of the Responses wire."""

    type: Literal["computer_call"] = "computer_call"
    id: str
    call_id: str
    action: ComputerAction = OMITTED
    actions: list[ComputerAction] = OMITTED
    pending_safety_checks: list[ComputerCallSafetyCheckParam]
    status: Literal["in_progress", "completed", "incomplete"]


class ComputerCallOutputItemParam(Shape):
    """`ComputerCallOutputItemParam` of the Responses wire."""

    id: str | None = None
    call_id: str
    type: Literal["computer_call_output"] = "computer_call_output"
    output: ComputerScreenshotImage
    acknowledged_safety_checks: list[ComputerCallSafetyCheckParam] | None = None
    status: Literal["in_progress", "completed", "incomplete"] | None = None


class WebSearchToolCall(Shape):
    """`WebSearchToolCall` of the Responses wire."""

    id: str
    type: Literal["web_search_call"]
    status: Literal["in_progress", "searching", "completed", "failed"]
    action: Annotated[
        WebSearchActionSearch | WebSearchActionOpenPage | WebSearchActionFind,
        Field(discriminator="type"),
    ]


class FunctionToolCall(Shape):
    """`FunctionToolCall` of the Responses wire."""

    id: str = OMITTED
    type: Literal["function_call"]
    call_id: str
    caller: ToolCallCaller | None = None
    namespace: str = OMITTED
    name: str
    arguments: str
    status: Literal["in_progress", "completed", "incomplete"] = OMITTED


class FunctionCallOutputItemParam(Shape):
    """`FunctionCallOutputItemParam` of the Responses wire."""

    id: str | None = None
    call_id: str | None = None
    type: Literal["function_call_output"] = "function_call_output"
    output: (
        str | list[InputTextContentParam | InputImageContentParamAutoParam | InputFileContentParam]
    )
    name: str | None = None
    namespace: str | None = None
    caller: ToolCallCallerParam | None = None
    status: Literal["in_progress", "completed", "incomplete"] | None = None


class ToolSearchCallItemParam(Shape):
    """`ToolSearchCallItemParam` of the Responses wire."""

    id: str | None = None
    call_id: str | None = None
    type: Literal["tool_search_call"] = "tool_search_call"
    execution: Literal["server", "client"] = OMITTED
    arguments: EmptyModelParam
    status: Literal["in_progress", "completed", "incomplete"] | None = None


class ToolSearchOutputItemParam(Shape):
    """`ToolSearchOutputItemParam` of the Responses wire."""

    id: str | None = None
    call_id: str | None = None
    type: Literal["tool_search_output"] = "tool_search_output"
    execution: Literal["server", "client"] = OMITTED
    tools: list[Tool]
    status: Literal["in_progress", "completed", "incomplete"] | None = None


class AdditionalToolsItemParam(Shape):
    """`AdditionalToolsItemParam` of the Responses wire."""

    id: str | None = None
    type: Literal["additional_tools"] = "additional_tools"
    role: Literal["developer"] = "developer"
    tools: list[Tool]


class ReasoningItem(Shape):
    """`ReasoningItem` of the Responses wire."""

    type: Literal["reasoning"]
    id: str
    encrypted_content: str | None = None
    summary: list[SummaryTextContent]
    content: list[ReasoningTextContent] = OMITTED
    status: Literal["in_progress", "completed", "incomplete"] = OMITTED


class CompactionSummaryItemParam(Shape):
    """`CompactionSummaryItemParam` of the Responses wire."""

    id: str | None = None
    type: Literal["compaction"] = "compaction"
    encrypted_content: str


class ImageGenToolCall(Shape):
    """`ImageGenToolCall` of the Responses wire."""

    type: Literal["image_generation_call"]
    id: str
    status: Literal["in_progress", "completed", "generating", "failed"]
    result: str | None


class CodeInterpreterToolCall(Shape):
    """`CodeInterpreterToolCall` of the Responses wire."""

    type: Literal["code_interpreter_call"] = "code_interpreter_call"
    id: str
    status: Literal["in_progress", "completed", "incomplete", "interpreting", "failed"]
    container_id: str
    code: str | None
    outputs: (
        list[
            Annotated[
                CodeInterpreterOutputLogs | CodeInterpreterOutputImage, Field(discriminator="type")
            ]
        ]
        | None
    )


class MCPListTools(Shape):
    """`MCPListTools` of the Responses wire."""

    type: Literal["mcp_list_tools"]
    id: str
    server_label: str
    tools: list[MCPListToolsTool]
    error: str | None = None


class MCPApprovalRequest(Shape):
    """`MCPApprovalRequest` of the Responses wire."""

    type: Literal["mcp_approval_request"]
    id: str
    server_label: str
    name: str
    arguments: str


class MCPApprovalResponse(Shape):
    """`MCPApprovalResponse` of the Responses wire."""

    type: Literal["mcp_approval_response"]
    id: str | None = None
    approval_request_id: str
    approve: bool
    reason: str | None = None


class MCPProtocolError(Shape):
    """`MCPProtocolError` of the Responses wire."""

    type: Literal["mcp_protocol_error"] = "mcp_protocol_error"
    code: int
    message: str


class MCPToolExecutionError(Shape):
    """`MCPToolExecutionError` of the Responses wire."""

    type: Literal["mcp_tool_execution_error"] = "mcp_tool_execution_error"
    content: Any


MCPToolCallError = Annotated[
    MCPProtocolError | MCPToolExecutionError | HTTPError, Field(discriminator="type")
]


MCPToolCallStatus = Literal["in_progress", "completed", "incomplete", "calling", "failed"]


class MCPToolCall(Shape):
    """`MCPToolCall` of the Responses wire."""

    type: Literal["mcp_call"]
    id: str
    server_label: str
    name: str
    arguments: str
    output: str | None = None
    error: MCPToolCallError | None = None
    status: MCPToolCallStatus = OMITTED
    approval_request_id: str | None = None


FunctionAndCustomToolCallOutput = Annotated[
    InputTextContent | InputImageContent | InputFileContent, Field(discriminator="type")
]


class CustomToolCallOutput(Shape):
    """`CustomToolCallOutput` of the Responses wire."""

    type: Literal["custom_tool_call_output"]
    id: str = OMITTED
    call_id: str
    caller: ToolCallCallerParam | None = None
    output: str | list[FunctionAndCustomToolCallOutput]


class CustomToolCall(Shape):
    """`CustomToolCall` of the Responses wire."""

    type: Literal["custom_tool_call"]
    id: str = OMITTED
    call_id: str
    caller: ToolCallCaller | None = None
    namespace: str = OMITTED
    name: str
    input: str


class CompactionTriggerItemParam(Shape):
    """`CompactionTriggerItemParam` of the Responses wire."""

    type: Literal["compaction_trigger"] = "compaction_trigger"


class ItemReferenceParam(Shape):
    """`ItemReferenceParam` of the Responses wire."""

    type: Literal["item_reference"] | None = "item_reference"
    id: str


class ProgramItemParam(Shape):
    """`ProgramItemParam` of the Responses wire."""

    id: str
    type: Literal["program"] = "program"
    call_id: str
    code: str
    fingerprint: str


class ProgramOutputItemParam(Shape):
    """`ProgramOutputItemParam` of the Responses wire."""

    id: str
    type: Literal["program_output"] = "program_output"
    call_id: str
    result: str
    status: Literal["completed", "incomplete"]


class FunctionToolCallOutputResource(Shape):
    """`FunctionToolCallOutputResource` of the Responses wire."""

    id: str
    type: Literal["function_call_output"]
    call_id: str = OMITTED
    name: str = OMITTED
    namespace: str = OMITTED
    caller: ToolCallCallerParam | None = None
    output: str | list[FunctionAndCustomToolCallOutput]
    status: Literal["in_progress", "completed", "incomplete"]
    created_by: str = OMITTED
