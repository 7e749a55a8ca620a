"""Items as they are given back: messages, calls, results, thoughts.

Source: OpenAI's OpenAPI document. Not for: translating them (`api.items`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from backend.models.item_machines import ToolCallCaller
from backend.models.item_parts import (
    ComputerScreenshotContent,
    InputFileContent,
    InputImageContent,
    InputTextContent,
    MessagePhase,
    MessageRole,
    OutputTextContent,
    ReasoningTextContent,
    RefusalPart,
    Status,
    SummaryTextContent,
    TextContent,
)
from backend.models.item_tools import Tool, ToolSearchExecutionType
from backend.models.maybe import Maybe, MaybeNull, Shape


class Message(Shape):
    """A message of a conversation."""

    type: Literal["message"] = "message"
    id: str
    status: Status
    role: MessageRole
    content: list[
        Annotated[
            InputTextContent
            | OutputTextContent
            | TextContent
            | SummaryTextContent
            | ReasoningTextContent
            | RefusalPart
            | InputImageContent
            | ComputerScreenshotContent
            | InputFileContent,
            Field(discriminator="type"),
        ]
    ]
    phase: MaybeNull[MessagePhase] = None


class FunctionToolCall(Shape):
    """A call of a function of the caller."""

    id: Maybe[str] = None
    type: Literal["function_call"]
    call_id: str
    caller: MaybeNull[ToolCallCaller] = None
    namespace: Maybe[str] = None
    name: str
    arguments: str
    status: Maybe[Literal["in_progress", "completed", "incomplete"]] = None


class FunctionToolCallResource(Shape):
    """A kept call of a function."""

    id: str
    type: Literal["function_call"]
    call_id: str
    caller: MaybeNull[ToolCallCaller] = None
    namespace: Maybe[str] = None
    name: str
    arguments: str
    status: Status
    created_by: Maybe[str] = None


FunctionAndCustomToolCallOutput = Annotated[
    InputTextContent | InputImageContent | InputFileContent, Field(discriminator="type")
]


class FunctionToolCallOutputResource(Shape):
    """A kept result of a function."""

    id: str
    type: Literal["function_call_output"]
    call_id: Maybe[str] = None
    name: Maybe[str] = None
    namespace: Maybe[str] = None
    caller: MaybeNull[ToolCallCaller] = None
    output: str | list[FunctionAndCustomToolCallOutput]
    status: Status
    created_by: Maybe[str] = None


VectorStoreFileAttributes = (
    dict[str, Annotated[str, StringConstraints(max_length=512)] | float | bool] | None
)


class FileSearchToolCallResults(Shape):
    """One passage that a search in files has found."""

    file_id: Maybe[str] = None
    text: Maybe[str] = None
    filename: Maybe[str] = None
    attributes: Maybe[VectorStoreFileAttributes] = None
    score: Maybe[float] = None


class FileSearchToolCall(Shape):
    """A search in the caller's files."""

    id: str
    type: Literal["file_search_call"]
    status: Literal["in_progress", "searching", "completed", "incomplete", "failed"]
    queries: list[str]
    results: MaybeNull[list[FileSearchToolCallResults]] = None


class WebSearchActionSearchSources(Shape):
    """One address that a search has read."""

    type: Literal["url"]
    url: str


class WebSearchActionSearch(Shape):
    """A search of the web."""

    type: Literal["search"]
    query: Maybe[str] = None
    queries: Maybe[list[str]] = None
    sources: Maybe[list[WebSearchActionSearchSources]] = None


class WebSearchActionOpenPage(Shape):
    """A page that was opened."""

    type: Literal["open_page"]
    url: MaybeNull[str] = None


class WebSearchActionFind(Shape):
    """A word looked for on a page."""

    type: Literal["find_in_page"]
    url: str
    pattern: str


class WebSearchToolCall(Shape):
    """A search of the web, or a step of one."""

    id: str
    type: Literal["web_search_call"]
    status: Literal["in_progress", "searching", "completed", "failed"]
    action: Annotated[
        WebSearchActionSearch | WebSearchActionOpenPage | WebSearchActionFind,
        Field(discriminator="type"),
    ]


class ImageGenToolCall(Shape):
    """An image that was asked for and made."""

    type: Literal["image_generation_call"]
    id: str
    status: Literal["in_progress", "completed", "generating", "failed"]
    result: str | None


class ToolSearchCall(Shape):
    """A search for tools."""

    type: Literal["tool_search_call"] = "tool_search_call"
    id: str
    call_id: str | None
    execution: ToolSearchExecutionType
    arguments: Any
    status: Status
    created_by: Maybe[str] = None


class ToolSearchOutput(Shape):
    """The tools that a search has found."""

    type: Literal["tool_search_output"] = "tool_search_output"
    id: str
    call_id: str | None
    execution: ToolSearchExecutionType
    tools: list[Tool]
    status: Status
    created_by: Maybe[str] = None


class AdditionalTools(Shape):
    """Tools that join a conversation on its way."""

    type: Literal["additional_tools"] = "additional_tools"
    id: str
    role: MessageRole
    tools: list[Tool]


class ReasoningItem(Shape):
    """What a model thought before it went on."""

    type: Literal["reasoning"]
    id: str
    encrypted_content: MaybeNull[str] = None
    summary: list[SummaryTextContent]
    content: Maybe[list[ReasoningTextContent]] = None
    status: Maybe[Literal["in_progress", "completed", "incomplete"]] = None


class Program(Shape):
    """A program of the model that calls tools."""

    type: Literal["program"] = "program"
    id: str
    call_id: str
    code: str
    fingerprint: str


ProgramStatus = Literal["completed", "incomplete"]


class ProgramOutput(Shape):
    """What such a program has given."""

    type: Literal["program_output"] = "program_output"
    id: str
    call_id: str
    result: str
    status: ProgramStatus


class CompactionBody(Shape):
    """A conversation so far, made shorter."""

    type: Literal["compaction"] = "compaction"
    id: str
    encrypted_content: str
    created_by: Maybe[str] = None


class CodeInterpreterOutputLogs(Shape):
    """What code has printed."""

    type: Literal["logs"] = "logs"
    logs: str


class CodeInterpreterOutputImage(Shape):
    """An image that code has made."""

    type: Literal["image"] = "image"
    url: str


class CodeInterpreterToolCall(Shape):
    """Python code that has run, and what came of it."""

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


class MCPListToolsTool(Shape):
    """One tool of an MCP server."""

    name: str
    description: MaybeNull[str] = None
    input_schema: dict[str, Any]
    annotations: MaybeNull[dict[str, Any]] = None


class MCPListTools(Shape):
    """The tools that an MCP server has."""

    type: Literal["mcp_list_tools"]
    id: str
    server_label: str
    tools: list[MCPListToolsTool]
    error: MaybeNull[str] = None


class MCPApprovalRequest(Shape):
    """A call of an MCP tool that waits for somebody's word."""

    type: Literal["mcp_approval_request"]
    id: str
    server_label: str
    name: str
    arguments: str


class MCPApprovalResponseResource(Shape):
    """Somebody's kept word on such a call."""

    type: Literal["mcp_approval_response"]
    id: str
    approval_request_id: str
    approve: bool
    reason: MaybeNull[str] = None


class MCPProtocolError(Shape):
    """An MCP server refused a message."""

    type: Literal["mcp_protocol_error"] = "mcp_protocol_error"
    code: int
    message: str


class MCPToolExecutionError(Shape):
    """A tool of an MCP server failed."""

    type: Literal["mcp_tool_execution_error"] = "mcp_tool_execution_error"
    content: Any


class HTTPError(Shape):
    """An MCP server answered with an error of HTTP."""

    type: Literal["http_error"] = "http_error"
    code: int
    message: str


MCPToolCallError = Annotated[
    MCPProtocolError | MCPToolExecutionError | HTTPError, Field(discriminator="type")
]

CallingStatus = Literal["in_progress", "completed", "incomplete", "calling", "failed"]


class MCPToolCall(Shape):
    """A call of a tool of an MCP server."""

    type: Literal["mcp_call"]
    id: str
    server_label: str
    name: str
    arguments: str
    output: MaybeNull[str] = None
    error: MaybeNull[MCPToolCallError] = None
    status: Maybe[CallingStatus] = None
    approval_request_id: MaybeNull[str] = None


class CustomToolCall(Shape):
    """A call of a tool that takes text."""

    type: Literal["custom_tool_call"]
    id: Maybe[str] = None
    call_id: str
    caller: MaybeNull[ToolCallCaller] = None
    namespace: Maybe[str] = None
    name: str
    input: str


class CustomToolCallOutput(Shape):
    """What such a tool has given."""

    type: Literal["custom_tool_call_output"]
    id: Maybe[str] = None
    call_id: str
    caller: MaybeNull[ToolCallCaller] = None
    output: str | list[FunctionAndCustomToolCallOutput]
