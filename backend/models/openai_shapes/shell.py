"""Shells, patches and skills, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.more_settings import LocalEnvironmentResource
from backend.models.openai_shapes.more_tools import ContainerReferenceResource
from backend.models.openai_shapes.settings import LocalEnvironmentParam
from backend.models.openai_shapes.tools import ContainerReferenceParam
from backend.models.shown import OMITTED


class DirectToolCallCaller(Shape):
    """`DirectToolCallCaller` of the Responses wire."""

    type: Literal["direct"] = "direct"


class ProgramToolCallCaller(Shape):
    """`ProgramToolCallCaller` of the Responses wire."""

    type: Literal["program"] = "program"
    caller_id: str


ToolCallCaller = Annotated[
    DirectToolCallCaller | ProgramToolCallCaller, Field(discriminator="type")
]


class DirectToolCallCallerParam(Shape):
    """`DirectToolCallCallerParam` of the Responses wire."""

    type: Literal["direct"] = "direct"


class ProgramToolCallCallerParam(Shape):
    """`ProgramToolCallCallerParam` of the Responses wire."""

    type: Literal["program"] = "program"
    caller_id: str


ToolCallCallerParam = Annotated[
    DirectToolCallCallerParam | ProgramToolCallCallerParam, Field(discriminator="type")
]


class LocalShellExecAction(Shape):
    """`LocalShellExecAction` of the Responses wire."""

    type: Literal["exec"] = "exec"
    command: list[str]
    timeout_ms: int | None = None
    working_directory: str | None = None
    env: dict[str, str]
    user: str | None = None


class LocalShellToolCall(Shape):
    """`LocalShellToolCall` of the Responses wire."""

    type: Literal["local_shell_call"]
    id: str
    call_id: str
    action: LocalShellExecAction
    status: Literal["in_progress", "completed", "incomplete"]


class LocalShellToolCallOutput(Shape):
    """`LocalShellToolCallOutput` of the Responses wire."""

    type: Literal["local_shell_call_output"]
    id: str
    output: str
    status: Literal["in_progress", "completed", "incomplete"] | None = None


class FunctionShellActionParam(Shape):
    """`FunctionShellActionParam` of the Responses wire."""

    commands: list[str]
    timeout_ms: int | None = None
    max_output_length: int | None = None


class FunctionShellCallItemParam(Shape):
    """`FunctionShellCallItemParam` of the Responses wire."""

    id: str | None = None
    call_id: str
    caller: ToolCallCallerParam | None = None
    type: Literal["shell_call"] = "shell_call"
    action: FunctionShellActionParam
    status: Literal["in_progress", "completed", "incomplete"] | None = None
    environment: LocalEnvironmentParam | ContainerReferenceParam | None = None


class FunctionShellCallOutputTimeoutOutcomeParam(Shape):
    """`FunctionShellCallOutputTimeoutOutcomeParam` of the Responses wire."""

    type: Literal["timeout"] = "timeout"


class FunctionShellCallOutputExitOutcomeParam(Shape):
    """`FunctionShellCallOutputExitOutcomeParam` of the Responses wire."""

    type: Literal["exit"] = "exit"
    exit_code: int


FunctionShellCallOutputOutcomeParam = (
    FunctionShellCallOutputTimeoutOutcomeParam | FunctionShellCallOutputExitOutcomeParam
)


class FunctionShellCallOutputContentParam(Shape):
    """`FunctionShellCallOutputContentParam` of the Responses wire."""

    stdout: str
    stderr: str
    outcome: FunctionShellCallOutputOutcomeParam


class FunctionShellCallOutputItemParam(Shape):
    """`FunctionShellCallOutputItemParam` of the Responses wire."""

    id: str | None = None
    call_id: str
    caller: ToolCallCallerParam | None = None
    type: Literal["shell_call_output"] = "shell_call_output"
    output: list[FunctionShellCallOutputContentParam]
    status: Literal["in_progress", "completed", "incomplete"] | None = None
    max_output_length: int | None = None


class ApplyPatchCreateFileOperationParam(Shape):
    """`ApplyPatchCreateFileOperationParam` of the Responses wire."""

    type: Literal["create_file"] = "create_file"
    path: str
    diff: str


class ApplyPatchDeleteFileOperationParam(Shape):
    """`ApplyPatchDeleteFileOperationParam` of the Responses wire."""

    type: Literal["delete_file"] = "delete_file"
    path: str


class ApplyPatchUpdateFileOperationParam(Shape):
    """`ApplyPatchUpdateFileOperationParam` of the Responses wire."""

    type: Literal["update_file"] = "update_file"
    path: str
    diff: str


ApplyPatchOperationParam = (
    ApplyPatchCreateFileOperationParam
    | ApplyPatchDeleteFileOperationParam
    | ApplyPatchUpdateFileOperationParam
)


class ApplyPatchToolCallItemParam(Shape):
    """`ApplyPatchToolCallItemParam` of the Responses wire."""

    type: Literal["apply_patch_call"] = "apply_patch_call"
    id: str | None = None
    call_id: str
    caller: ToolCallCallerParam | None = None
    status: Literal["in_progress", "completed"]
    operation: ApplyPatchOperationParam


class ApplyPatchToolCallOutputItemParam(Shape):
    """`ApplyPatchToolCallOutputItemParam` of the Responses wire."""

    type: Literal["apply_patch_call_output"] = "apply_patch_call_output"
    id: str | None = None
    call_id: str
    caller: ToolCallCallerParam | None = None
    status: Literal["completed", "failed"]
    output: str | None = None


class FunctionShellAction(Shape):
    """`FunctionShellAction` of the Responses wire."""

    commands: list[str]
    timeout_ms: int | None
    max_output_length: int | None


class FunctionShellCall(Shape):
    """`FunctionShellCall` of the Responses wire."""

    type: Literal["shell_call"] = "shell_call"
    id: str
    call_id: str
    caller: ToolCallCaller | None = None
    action: FunctionShellAction
    status: Literal["in_progress", "completed", "incomplete"]
    environment: (
        Annotated[
            LocalEnvironmentResource | ContainerReferenceResource, Field(discriminator="type")
        ]
        | None
    )
    created_by: str = OMITTED


class FunctionShellCallOutputTimeoutOutcome(Shape):
    """`FunctionShellCallOutputTimeoutOutcome` of the Responses wire."""

    type: Literal["timeout"] = "timeout"


class FunctionShellCallOutputExitOutcome(Shape):
    """`FunctionShellCallOutputExitOutcome` of the Responses wire."""

    type: Literal["exit"] = "exit"
    exit_code: int


class FunctionShellCallOutputContent(Shape):
    """`FunctionShellCallOutputContent` of the Responses wire."""

    stdout: str
    stderr: str
    outcome: Annotated[
        FunctionShellCallOutputTimeoutOutcome | FunctionShellCallOutputExitOutcome,
        Field(discriminator="type"),
    ]
    created_by: str = OMITTED


class FunctionShellCallOutput(Shape):
    """`FunctionShellCallOutput` of the Responses wire."""

    type: Literal["shell_call_output"] = "shell_call_output"
    id: str
    call_id: str
    caller: ToolCallCaller | None = None
    status: Literal["in_progress", "completed", "incomplete"]
    output: list[FunctionShellCallOutputContent]
    max_output_length: int | None
    created_by: str = OMITTED


class ApplyPatchCreateFileOperation(Shape):
    """`ApplyPatchCreateFileOperation` of the Responses wire."""

    type: Literal["create_file"] = "create_file"
    path: str
    diff: str


class ApplyPatchDeleteFileOperation(Shape):
    """`ApplyPatchDeleteFileOperation` of the Responses wire."""

    type: Literal["delete_file"] = "delete_file"
    path: str


class ApplyPatchUpdateFileOperation(Shape):
    """`ApplyPatchUpdateFileOperation` of the Responses wire."""

    type: Literal["update_file"] = "update_file"
    path: str
    diff: str


class ApplyPatchToolCall(Shape):
    """`ApplyPatchToolCall` of the Responses wire."""

    type: Literal["apply_patch_call"] = "apply_patch_call"
    id: str
    call_id: str
    caller: ToolCallCaller | None = None
    status: Literal["in_progress", "completed"]
    operation: Annotated[
        ApplyPatchCreateFileOperation
        | ApplyPatchDeleteFileOperation
        | ApplyPatchUpdateFileOperation,
        Field(discriminator="type"),
    ]
    created_by: str = OMITTED


class ApplyPatchToolCallOutput(Shape):
    """`ApplyPatchToolCallOutput` of the Responses wire."""

    type: Literal["apply_patch_call_output"] = "apply_patch_call_output"
    id: str
    call_id: str
    caller: ToolCallCaller | None = None
    status: Literal["completed", "failed"]
    output: str | None = None
    created_by: str = OMITTED


class ShellCallOutputDelta(Shape):
    """`ShellCallOutputDelta` of the Responses wire."""

    stdout: str = OMITTED
    stderr: str = OMITTED
