"""Items as a caller may give them, where they differ from what is given back.

Source: OpenAI's OpenAPI document. Not for: translating them (`api.items`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from backend.models.item_containers import ContainerReferenceParam, LocalEnvironmentParam
from backend.models.item_kinds import ProgramStatus
from backend.models.item_machines import (
    ApplyPatchCreateFileOperation,
    ApplyPatchDeleteFileOperation,
    ApplyPatchUpdateFileOperation,
    ComputerCallSafetyCheckParam,
    ComputerScreenshotImage,
    FunctionShellCallOutputExitOutcome,
    FunctionShellCallOutputTimeoutOutcome,
    PatchOutcome,
    PatchStatus,
    ToolCallCaller,
)
from backend.models.item_parts import (
    FileDetail,
    ImageDetail,
    InputFileContent,
    InputImageContent,
    InputTextContent,
    MessagePhase,
    OutputTextContent,
    PromptCacheBreakpointConfig,
    RefusalPart,
    Status,
)
from backend.models.item_tools import EmptyModelParam, Tool, ToolSearchExecutionType
from backend.models.maybe import Maybe, MaybeNull, Shape

InputContent = Annotated[
    InputTextContent | InputImageContent | InputFileContent, Field(discriminator="type")
]

InputMessageContentList = list[InputContent]


class EasyInputMessage(Shape):
    """A message to be added, in short."""

    role: Literal["user", "assistant", "system", "developer"]
    content: str | InputMessageContentList
    phase: MaybeNull[MessagePhase] = None
    type: Maybe[Literal["message"]] = None


class InputMessage(Shape):
    """A message to be added."""

    type: Maybe[Literal["message"]] = None
    role: Literal["user", "system", "developer"]
    status: Maybe[Literal["in_progress", "completed", "incomplete"]] = None
    content: InputMessageContentList


OutputMessageContent = Annotated[OutputTextContent | RefusalPart, Field(discriminator="type")]


class OutputMessage(Shape):
    """An answer of a model to be added."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    content: list[OutputMessageContent]
    phase: MaybeNull[MessagePhase] = None
    status: Literal["in_progress", "completed", "incomplete"]


class ComputerCallOutputItemParam(Shape):
    """A picture of a screen to be added."""

    id: MaybeNull[str] = None
    call_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    type: Literal["computer_call_output"] = "computer_call_output"
    output: ComputerScreenshotImage
    acknowledged_safety_checks: MaybeNull[list[ComputerCallSafetyCheckParam]] = None
    status: MaybeNull[Status] = None


class InputTextContentParam(Shape):
    """Text within the result of a function."""

    type: Literal["input_text"] = "input_text"
    text: Annotated[str, StringConstraints(max_length=10_485_760)]
    prompt_cache_breakpoint: MaybeNull[PromptCacheBreakpointConfig] = None


class InputImageContentParamAutoParam(Shape):
    """An image within the result of a function."""

    type: Literal["input_image"] = "input_image"
    image_url: MaybeNull[Annotated[str, StringConstraints(max_length=20_971_520)]] = None
    file_id: MaybeNull[str] = None
    detail: MaybeNull[ImageDetail] = None
    prompt_cache_breakpoint: MaybeNull[PromptCacheBreakpointConfig] = None


class InputFileContentParam(Shape):
    """A file within the result of a function."""

    type: Literal["input_file"] = "input_file"
    file_id: MaybeNull[str] = None
    filename: MaybeNull[str] = None
    file_data: MaybeNull[Annotated[str, StringConstraints(max_length=73_400_320)]] = None
    file_url: MaybeNull[str] = None
    detail: Maybe[FileDetail] = None
    prompt_cache_breakpoint: MaybeNull[PromptCacheBreakpointConfig] = None


class FunctionCallOutputItemParam(Shape):
    """The result of a function to be added."""

    id: MaybeNull[str] = None
    call_id: MaybeNull[Annotated[str, StringConstraints(min_length=1, max_length=64)]] = None
    type: Literal["function_call_output"] = "function_call_output"
    output: (
        Annotated[str, StringConstraints(max_length=10_485_760)]
        | list[
            Annotated[
                InputTextContentParam | InputImageContentParamAutoParam | InputFileContentParam,
                Field(discriminator="type"),
            ]
        ]
    )
    name: MaybeNull[Annotated[str, StringConstraints(min_length=1, max_length=128)]] = None
    namespace: MaybeNull[
        Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")]
    ] = None
    caller: MaybeNull[ToolCallCaller] = None
    status: MaybeNull[Status] = None


class ToolSearchCallItemParam(Shape):
    """A search for tools to be added."""

    id: MaybeNull[str] = None
    call_id: MaybeNull[Annotated[str, StringConstraints(min_length=1, max_length=64)]] = None
    type: Literal["tool_search_call"] = "tool_search_call"
    execution: Maybe[ToolSearchExecutionType] = None
    arguments: EmptyModelParam
    status: MaybeNull[Status] = None


class ToolSearchOutputItemParam(Shape):
    """Found tools to be added."""

    id: MaybeNull[str] = None
    call_id: MaybeNull[Annotated[str, StringConstraints(min_length=1, max_length=64)]] = None
    type: Literal["tool_search_output"] = "tool_search_output"
    execution: Maybe[ToolSearchExecutionType] = None
    tools: list[Tool]
    status: MaybeNull[Status] = None


class AdditionalToolsItemParam(Shape):
    """Tools to be added."""

    id: MaybeNull[str] = None
    type: Literal["additional_tools"] = "additional_tools"
    role: Literal["developer"] = "developer"
    tools: list[Tool]


class CompactionSummaryItemParam(Shape):
    """A shortened conversation to be added."""

    id: MaybeNull[str] = None
    type: Literal["compaction"] = "compaction"
    encrypted_content: Annotated[str, StringConstraints(max_length=20_971_520)]


class FunctionShellActionParam(Shape):
    """Commands for a shell to be added."""

    commands: list[str]
    timeout_ms: MaybeNull[int] = None
    max_output_length: MaybeNull[int] = None


class FunctionShellCallItemParam(Shape):
    """A call of a shell to be added."""

    id: MaybeNull[str] = None
    call_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    caller: MaybeNull[ToolCallCaller] = None
    type: Literal["shell_call"] = "shell_call"
    action: FunctionShellActionParam
    status: MaybeNull[Status] = None
    environment: MaybeNull[
        Annotated[LocalEnvironmentParam | ContainerReferenceParam, Field(discriminator="type")]
    ] = None


FunctionShellCallOutputOutcomeParam = Annotated[
    FunctionShellCallOutputTimeoutOutcome | FunctionShellCallOutputExitOutcome,
    Field(discriminator="type"),
]


class FunctionShellCallOutputContentParam(Shape):
    """What one command has written, to be added."""

    stdout: Annotated[str, StringConstraints(max_length=10_485_760)]
    stderr: Annotated[str, StringConstraints(max_length=10_485_760)]
    outcome: FunctionShellCallOutputOutcomeParam


class FunctionShellCallOutputItemParam(Shape):
    """What a shell has given, to be added."""

    id: MaybeNull[str] = None
    call_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    caller: MaybeNull[ToolCallCaller] = None
    type: Literal["shell_call_output"] = "shell_call_output"
    output: list[FunctionShellCallOutputContentParam]
    status: MaybeNull[Status] = None
    max_output_length: MaybeNull[int] = None


ApplyPatchOperationParam = Annotated[
    ApplyPatchCreateFileOperation | ApplyPatchDeleteFileOperation | ApplyPatchUpdateFileOperation,
    Field(discriminator="type"),
]


class ApplyPatchToolCallItemParam(Shape):
    """A patch to be added."""

    type: Literal["apply_patch_call"] = "apply_patch_call"
    id: MaybeNull[str] = None
    call_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    caller: MaybeNull[ToolCallCaller] = None
    status: PatchStatus
    operation: ApplyPatchOperationParam


class ApplyPatchToolCallOutputItemParam(Shape):
    """What became of a patch, to be added."""

    type: Literal["apply_patch_call_output"] = "apply_patch_call_output"
    id: MaybeNull[str] = None
    call_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    caller: MaybeNull[ToolCallCaller] = None
    status: PatchOutcome
    output: MaybeNull[Annotated[str, StringConstraints(max_length=10_485_760)]] = None


class MCPApprovalResponse(Shape):
    """Somebody's word on a call of an MCP tool, to be added."""

    type: Literal["mcp_approval_response"]
    id: MaybeNull[str] = None
    approval_request_id: str
    approve: bool
    reason: MaybeNull[str] = None


class CompactionTriggerItemParam(Shape):
    """The wish to make a conversation shorter."""

    type: Literal["compaction_trigger"] = "compaction_trigger"


class ItemReferenceParam(Shape):
    """An item that is kept already."""

    type: MaybeNull[Literal["item_reference"]] = None
    id: str


class ProgramItemParam(Shape):
    """A program of the model to be added."""

    id: str
    type: Literal["program"] = "program"
    call_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    code: Annotated[str, StringConstraints(max_length=10_485_760)]
    fingerprint: Annotated[str, StringConstraints(max_length=10_485_760)]


class ProgramOutputItemParam(Shape):
    """What such a program has given, to be added."""

    id: str
    type: Literal["program_output"] = "program_output"
    call_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    result: Annotated[str, StringConstraints(max_length=10_485_760)]
    status: ProgramStatus
