"""Events about calls, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Literal

from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.shell import FunctionShellCallOutputContent, ShellCallOutputDelta
from backend.models.shown import OMITTED


class ResponseCodeInterpreterCallCodeDeltaEvent(Shape):
    """`ResponseCodeInterpreterCallCodeDeltaEvent` of the Responses wire."""

    type: Literal["response.code_interpreter_call_code.delta"]
    output_index: int
    item_id: str
    delta: str
    sequence_number: int


class ResponseCodeInterpreterCallCodeDoneEvent(Shape):
    """`ResponseCodeInterpreterCallCodeDoneEvent` of the Responses wire."""

    type: Literal["response.code_interpreter_call_code.done"]
    output_index: int
    item_id: str
    code: str
    sequence_number: int


class ResponseCodeInterpreterCallCompletedEvent(Shape):
    """`ResponseCodeInterpreterCallCompletedEvent` of the Responses wire."""

    type: Literal["response.code_interpreter_call.completed"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseCodeInterpreterCallInProgressEvent(Shape):
    """`ResponseCodeInterpreterCallInProgressEvent` of the Responses wire."""

    type: Literal["response.code_interpreter_call.in_progress"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseCodeInterpreterCallInterpretingEvent(Shape):
    """`ResponseCodeInterpreterCallInterpretingEvent` of the Responses wire."""

    type: Literal["response.code_interpreter_call.interpreting"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseFileSearchCallCompletedEvent(Shape):
    """`ResponseFileSearchCallCompletedEvent` of the Responses wire."""

    type: Literal["response.file_search_call.completed"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseFileSearchCallInProgressEvent(Shape):
    """`ResponseFileSearchCallInProgressEvent` of the Responses wire."""

    type: Literal["response.file_search_call.in_progress"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseFileSearchCallSearchingEvent(Shape):
    """`ResponseFileSearchCallSearchingEvent` of the Responses wire."""

    type: Literal["response.file_search_call.searching"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseFunctionCallArgumentsDeltaEvent(Shape):
    """`ResponseFunctionCallArgumentsDeltaEvent` of the Responses wire."""

    type: Literal["response.function_call_arguments.delta"]
    item_id: str
    output_index: int
    sequence_number: int
    delta: str


class ResponseFunctionCallArgumentsDoneEvent(Shape):
    """`ResponseFunctionCallArgumentsDoneEvent` of the Responses wire."""

    type: Literal["response.function_call_arguments.done"]
    item_id: str
    name: str
    output_index: int
    sequence_number: int
    arguments: str


class ResponseShellCallCommandAddedStreamingEvent(Shape):
    """`ResponseShellCallCommandAddedStreamingEvent` of the Responses wire."""

    type: Literal["response.shell_call_command.added"] = "response.shell_call_command.added"
    sequence_number: int
    output_index: int
    command_index: int
    command: str


class ResponseShellCallCommandDeltaStreamingEvent(Shape):
    """`ResponseShellCallCommandDeltaStreamingEvent` of the Responses wire."""

    type: Literal["response.shell_call_command.delta"] = "response.shell_call_command.delta"
    sequence_number: int
    output_index: int
    command_index: int
    delta: str
    obfuscation: str = OMITTED


class ResponseShellCallCommandDoneStreamingEvent(Shape):
    """`ResponseShellCallCommandDoneStreamingEvent` of the Responses wire."""

    type: Literal["response.shell_call_command.done"] = "response.shell_call_command.done"
    sequence_number: int
    output_index: int
    command_index: int
    command: str


class ResponseShellCallOutputContentDeltaStreamingEvent(Shape):
    """`ResponseShellCallOutputContentDeltaStreamingEvent` of the Responses wire."""

    type: Literal["response.shell_call_output_content.delta"] = (
        "response.shell_call_output_content.delta"
    )
    sequence_number: int
    item_id: str
    output_index: int
    command_index: int
    delta: ShellCallOutputDelta


class ResponseShellCallOutputContentDoneStreamingEvent(Shape):
    """`ResponseShellCallOutputContentDoneStreamingEvent` of the Responses wire."""

    type: Literal["response.shell_call_output_content.done"] = (
        "response.shell_call_output_content.done"
    )
    sequence_number: int
    item_id: str
    output_index: int
    command_index: int
    output: list[FunctionShellCallOutputContent]


class ResponseWebSearchCallCompletedEvent(Shape):
    """`ResponseWebSearchCallCompletedEvent` of the Responses wire."""

    type: Literal["response.web_search_call.completed"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseWebSearchCallInProgressEvent(Shape):
    """`ResponseWebSearchCallInProgressEvent` of the Responses wire."""

    type: Literal["response.web_search_call.in_progress"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseWebSearchCallSearchingEvent(Shape):
    """`ResponseWebSearchCallSearchingEvent` of the Responses wire."""

    type: Literal["response.web_search_call.searching"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseImageGenCallCompletedEvent(Shape):
    """`ResponseImageGenCallCompletedEvent` of the Responses wire."""

    type: Literal["response.image_generation_call.completed"]
    output_index: int
    sequence_number: int
    item_id: str


class ResponseImageGenCallGeneratingEvent(Shape):
    """`ResponseImageGenCallGeneratingEvent` of the Responses wire."""

    type: Literal["response.image_generation_call.generating"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseImageGenCallInProgressEvent(Shape):
    """`ResponseImageGenCallInProgressEvent` of the Responses wire."""

    type: Literal["response.image_generation_call.in_progress"]
    output_index: int
    item_id: str
    sequence_number: int


class ResponseImageGenCallPartialImageEvent(Shape):
    """`ResponseImageGenCallPartialImageEvent` of the Responses wire."""

    type: Literal["response.image_generation_call.partial_image"]
    output_index: int
    item_id: str
    sequence_number: int
    partial_image_index: int
    partial_image_b64: str
    size: str = OMITTED
    quality: str = OMITTED
    background: str = OMITTED
    output_format: str = OMITTED


class ResponseMCPCallArgumentsDeltaEvent(Shape):
    """`ResponseMCPCallArgumentsDeltaEvent` of the Responses wire."""

    type: Literal["response.mcp_call_arguments.delta"]
    output_index: int
    item_id: str
    delta: str
    sequence_number: int


class ResponseMCPCallArgumentsDoneEvent(Shape):
    """`ResponseMCPCallArgumentsDoneEvent` of the Responses wire."""

    type: Literal["response.mcp_call_arguments.done"]
    output_index: int
    item_id: str
    arguments: str
    sequence_number: int


class ResponseMCPCallCompletedEvent(Shape):
    """`ResponseMCPCallCompletedEvent` of the Responses wire."""

    type: Literal["response.mcp_call.completed"]
    item_id: str
    output_index: int
    sequence_number: int


class ResponseMCPCallFailedEvent(Shape):
    """`ResponseMCPCallFailedEvent` of the Responses wire."""

    type: Literal["response.mcp_call.failed"]
    item_id: str
    output_index: int
    sequence_number: int


class ResponseMCPCallInProgressEvent(Shape):
    """`ResponseMCPCallInProgressEvent` of the Responses wire."""

    type: Literal["response.mcp_call.in_progress"]
    sequence_number: int
    output_index: int
    item_id: str


class ResponseMCPListToolsCompletedEvent(Shape):
    """`ResponseMCPListToolsCompletedEvent` of the Responses wire."""

    type: Literal["response.mcp_list_tools.completed"]
    item_id: str
    output_index: int
    sequence_number: int


class ResponseMCPListToolsFailedEvent(Shape):
    """`ResponseMCPListToolsFailedEvent` of the Responses wire."""

    type: Literal["response.mcp_list_tools.failed"]
    item_id: str
    output_index: int
    sequence_number: int


class ResponseMCPListToolsInProgressEvent(Shape):
    """`ResponseMCPListToolsInProgressEvent` of the Responses wire."""

    type: Literal["response.mcp_list_tools.in_progress"]
    item_id: str
    output_index: int
    sequence_number: int


class ResponseCustomToolCallInputDeltaEvent(Shape):
    """`ResponseCustomToolCallInputDeltaEvent` of the Responses wire."""

    type: Literal["response.custom_tool_call_input.delta"]
    sequence_number: int
    output_index: int
    item_id: str
    delta: str


class ResponseCustomToolCallInputDoneEvent(Shape):
    """`ResponseCustomToolCallInputDoneEvent` of the Responses wire."""

    type: Literal["response.custom_tool_call_input.done"]
    sequence_number: int
    output_index: int
    item_id: str
    input: str
