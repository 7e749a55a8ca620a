"""Items of single kinds, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Any, Literal

from backend.models.openai_shapes.actions import (
    ComputerCallSafetyCheckParam,
    ComputerScreenshotImage,
)
from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.more_tools import Tool
from backend.models.openai_shapes.parts import InputContent
from backend.models.openai_shapes.shell import ToolCallCaller, ToolCallCallerParam
from backend.models.openai_shapes.tool_items import FunctionAndCustomToolCallOutput
from backend.models.shown import OMITTED


class ComputerToolCallOutputResource(Shape):
    """`ComputerToolCallOutputResource` of the Responses wire."""

    type: Literal["computer_call_output"] = "computer_call_output"
    id: str
    call_id: str
    acknowledged_safety_checks: list[ComputerCallSafetyCheckParam] = OMITTED
    output: ComputerScreenshotImage
    status: Literal["completed", "incomplete", "failed"]
    created_by: str = OMITTED


class Program(Shape):
    """`Program` of the Responses wire."""

    type: Literal["program"] = "program"
    id: str
    call_id: str
    code: str
    fingerprint: str


class ProgramOutput(Shape):
    """`ProgramOutput` of the Responses wire."""

    type: Literal["program_output"] = "program_output"
    id: str
    call_id: str
    result: str
    status: Literal["completed", "incomplete"]


class ToolSearchCall(Shape):
    """`ToolSearchCall` of the Responses wire."""

    type: Literal["tool_search_call"] = "tool_search_call"
    id: str
    call_id: str | None
    execution: Literal["server", "client"]
    arguments: Any
    status: Literal["in_progress", "completed", "incomplete"]
    created_by: str = OMITTED


class ToolSearchOutput(Shape):
    """`ToolSearchOutput` of the Responses wire."""

    type: Literal["tool_search_output"] = "tool_search_output"
    id: str
    call_id: str | None
    execution: Literal["server", "client"]
    tools: list[Tool]
    status: Literal["in_progress", "completed", "incomplete"]
    created_by: str = OMITTED


MessageRole = Literal[
    "unknown", "user", "assistant", "system", "critic", "discriminator", "developer", "tool"
]


class AdditionalTools(Shape):
    """`AdditionalTools` of the Responses wire."""

    type: Literal["additional_tools"] = "additional_tools"
    id: str
    role: MessageRole
    tools: list[Tool]


class CompactionBody(Shape):
    """`CompactionBody` of the Responses wire."""

    type: Literal["compaction"] = "compaction"
    id: str
    encrypted_content: str
    created_by: str = OMITTED


class MCPApprovalResponseResource(Shape):
    """`MCPApprovalResponseResource` of the Responses wire."""

    type: Literal["mcp_approval_response"]
    id: str
    approval_request_id: str
    approve: bool
    reason: str | None = None


class CustomToolCallOutputResource(Shape):
    """`CustomToolCallOutputResource` of the Responses wire."""

    type: Literal["custom_tool_call_output"]
    id: str
    call_id: str
    caller: ToolCallCallerParam | None = None
    output: str | list[FunctionAndCustomToolCallOutput]
    status: Literal["in_progress", "completed", "incomplete"]
    created_by: str = OMITTED


class InputMessageResource(Shape):
    """`InputMessageResource` of the Responses wire."""

    type: Literal["message"]
    role: Literal["user", "system", "developer"]
    status: Literal["in_progress", "completed", "incomplete"] = OMITTED
    content: list[InputContent]
    id: str


class FunctionToolCallResource(Shape):
    """`FunctionToolCallResource` of the Responses wire."""

    id: str
    type: Literal["function_call"]
    call_id: str
    caller: ToolCallCaller | None = None
    namespace: str = OMITTED
    name: str
    arguments: str
    status: Literal["in_progress", "completed", "incomplete"]
    created_by: str = OMITTED


class CustomToolCallResource(Shape):
    """`CustomToolCallResource` of the Responses wire."""

    type: Literal["custom_tool_call"]
    id: str
    call_id: str
    caller: ToolCallCaller | None = None
    namespace: str = OMITTED
    name: str
    input: str
    status: Literal["in_progress", "completed", "incomplete"]
    created_by: str = OMITTED
