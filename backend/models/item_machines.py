"""Items about screens, shells and patches: what a caller does on its own machine.

Source: OpenAI's OpenAPI document. Not for: translating them (`api.items`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from backend.models.item_parts import Status
from backend.models.maybe import Maybe, MaybeNull, Shape

ClickButtonType = Literal["left", "right", "wheel", "back", "forward"]


class ClickParam(Shape):
    """A click of the mouse."""

    type: Literal["click"] = "click"
    button: ClickButtonType
    x: int
    y: int
    keys: MaybeNull[list[str]] = None


class DoubleClickAction(Shape):
    """A double click of the mouse."""

    type: Literal["double_click"] = "double_click"
    x: int
    y: int
    keys: list[str] | None


class CoordParam(Shape):
    """A point on the screen."""

    x: int
    y: int


class DragParam(Shape):
    """A drag of the mouse along a path."""

    type: Literal["drag"] = "drag"
    path: list[CoordParam]
    keys: MaybeNull[list[str]] = None


class KeyPressAction(Shape):
    """Keys that are pressed together."""

    type: Literal["keypress"] = "keypress"
    keys: list[str]


class MoveParam(Shape):
    """A move of the mouse."""

    type: Literal["move"] = "move"
    x: int
    y: int
    keys: MaybeNull[list[str]] = None


class ScreenshotParam(Shape):
    """A picture taken of the screen."""

    type: Literal["screenshot"] = "screenshot"


class ScrollParam(Shape):
    """A turn of the mouse wheel."""

    type: Literal["scroll"] = "scroll"
    x: int
    y: int
    scroll_x: int
    scroll_y: int
    keys: MaybeNull[list[str]] = None


class TypeParam(Shape):
    """Text that is typed."""

    type: Literal["type"] = "type"
    text: str


class WaitParam(Shape):
    """A pause."""

    type: Literal["wait"] = "wait"


ComputerAction = Annotated[
    ClickParam
    | DoubleClickAction
    | DragParam
    | KeyPressAction
    | MoveParam
    | ScreenshotParam
    | ScrollParam
    | TypeParam
    | WaitParam,
    Field(discriminator="type"),
]

ComputerActionList = list[ComputerAction]


class ComputerCallSafetyCheckParam(Shape):
    """A doubt that somebody must confirm first."""

    id: str
    code: MaybeNull[str] = None
    message: MaybeNull[str] = None


class ComputerToolCall(Shape):
    """Something to be done on a computer's screen."""

    type: Literal["computer_call"] = "computer_call"
    id: str
    call_id: str
    action: Maybe[ComputerAction] = None
    actions: Maybe[ComputerActionList] = None
    pending_safety_checks: list[ComputerCallSafetyCheckParam]
    status: Literal["in_progress", "completed", "incomplete"]


class ComputerScreenshotImage(Shape):
    """The screen after an action."""

    type: Literal["computer_screenshot"] = "computer_screenshot"
    image_url: Maybe[str] = None
    file_id: Maybe[str] = None


ComputerOutcome = Literal["completed", "incomplete", "failed"]


class ComputerToolCallOutputResource(Shape):
    """A kept picture of a screen."""

    type: Literal["computer_call_output"] = "computer_call_output"
    id: str
    call_id: str
    acknowledged_safety_checks: Maybe[list[ComputerCallSafetyCheckParam]] = None
    output: ComputerScreenshotImage
    status: ComputerOutcome
    created_by: Maybe[str] = None


class DirectToolCallCaller(Shape):
    """The model itself has made the call."""

    type: Literal["direct"] = "direct"


class ProgramToolCallCaller(Shape):
    """A program of the model has made the call."""

    type: Literal["program"] = "program"
    caller_id: str


ToolCallCaller = Annotated[
    DirectToolCallCaller | ProgramToolCallCaller, Field(discriminator="type")
]


class FunctionShellAction(Shape):
    """Commands for a shell, and their limits."""

    commands: list[str]
    timeout_ms: int | None
    max_output_length: int | None


class LocalEnvironmentResource(Shape):
    """The caller's own machine, where commands ran."""

    type: Literal["local"] = "local"


class ContainerReferenceResource(Shape):
    """The container in which commands ran."""

    type: Literal["container_reference"] = "container_reference"
    container_id: str


class FunctionShellCall(Shape):
    """A call of a shell."""

    type: Literal["shell_call"] = "shell_call"
    id: str
    call_id: str
    caller: MaybeNull[ToolCallCaller] = None
    action: FunctionShellAction
    status: Status
    environment: (
        Annotated[
            LocalEnvironmentResource | ContainerReferenceResource, Field(discriminator="type")
        ]
        | None
    )
    created_by: Maybe[str] = None


class FunctionShellCallOutputTimeoutOutcome(Shape):
    """A command took too long."""

    type: Literal["timeout"] = "timeout"


class FunctionShellCallOutputExitOutcome(Shape):
    """A command has ended."""

    type: Literal["exit"] = "exit"
    exit_code: int


class FunctionShellCallOutputContent(Shape):
    """What one command has written."""

    stdout: str
    stderr: str
    outcome: Annotated[
        FunctionShellCallOutputTimeoutOutcome | FunctionShellCallOutputExitOutcome,
        Field(discriminator="type"),
    ]
    created_by: Maybe[str] = None


class FunctionShellCallOutput(Shape):
    """What a shell has given."""

    type: Literal["shell_call_output"] = "shell_call_output"
    id: str
    call_id: str
    caller: MaybeNull[ToolCallCaller] = None
    status: Status
    output: list[FunctionShellCallOutputContent]
    max_output_length: int | None
    created_by: Maybe[str] = None


PatchStatus = Literal["in_progress", "completed"]


class ApplyPatchCreateFileOperation(Shape):
    """A new file."""

    type: Literal["create_file"] = "create_file"
    path: str
    diff: str


class ApplyPatchDeleteFileOperation(Shape):
    """A file that goes."""

    type: Literal["delete_file"] = "delete_file"
    path: str


class ApplyPatchUpdateFileOperation(Shape):
    """A file that changes."""

    type: Literal["update_file"] = "update_file"
    path: str
    diff: str


class ApplyPatchToolCall(Shape):
    """A patch to be applied."""

    type: Literal["apply_patch_call"] = "apply_patch_call"
    id: str
    call_id: str
    caller: MaybeNull[ToolCallCaller] = None
    status: PatchStatus
    operation: Annotated[
        ApplyPatchCreateFileOperation
        | ApplyPatchDeleteFileOperation
        | ApplyPatchUpdateFileOperation,
        Field(discriminator="type"),
    ]
    created_by: Maybe[str] = None


PatchOutcome = Literal["completed", "failed"]


class ApplyPatchToolCallOutput(Shape):
    """What became of a patch."""

    type: Literal["apply_patch_call_output"] = "apply_patch_call_output"
    id: str
    call_id: str
    caller: MaybeNull[ToolCallCaller] = None
    status: PatchOutcome
    output: MaybeNull[str] = None
    created_by: Maybe[str] = None


class LocalShellExecAction(Shape):
    """A command for the caller's shell."""

    type: Literal["exec"] = "exec"
    command: list[str]
    timeout_ms: MaybeNull[int] = None
    working_directory: MaybeNull[str] = None
    env: dict[str, str]
    user: MaybeNull[str] = None


class LocalShellToolCall(Shape):
    """A call of the caller's shell."""

    type: Literal["local_shell_call"]
    id: str
    call_id: str
    action: LocalShellExecAction
    status: Literal["in_progress", "completed", "incomplete"]


class LocalShellToolCallOutput(Shape):
    """What the caller's shell has given."""

    type: Literal["local_shell_call_output"]
    id: str
    output: str
    status: MaybeNull[Literal["in_progress", "completed", "incomplete"]] = None
