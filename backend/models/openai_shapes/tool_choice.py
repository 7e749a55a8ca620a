"""How tools are chosen, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Any, Literal

from backend.models.openai_shapes.base import Shape


class ToolChoiceAllowed(Shape):
    """`ToolChoiceAllowed` of the Responses wire."""

    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: list[dict[str, Any]]


class ToolChoiceTypes(Shape):
    """`ToolChoiceTypes` of the Responses wire."""

    type: Literal[
        "file_search",
        "web_search_preview",
        "computer",
        "computer_use_preview",
        "computer_use",
        "web_search_preview_2025_03_11",
        "image_generation",
        "code_interpreter",
    ]


class ToolChoiceFunction(Shape):
    """`ToolChoiceFunction` of the Responses wire."""

    type: Literal["function"]
    name: str


class ToolChoiceMCP(Shape):
    """`ToolChoiceMCP` of the Responses wire."""

    type: Literal["mcp"]
    server_label: str
    name: str | None = None


class ToolChoiceCustom(Shape):
    """`ToolChoiceCustom` of the Responses wire."""

    type: Literal["custom"]
    name: str


class SpecificProgrammaticToolCallingParam(Shape):
    """`SpecificProgrammaticToolCallingParam` of the Responses wire."""

    type: Literal["programmatic_tool_calling"] = "programmatic_tool_calling"


class SpecificApplyPatchParam(Shape):
    """`SpecificApplyPatchParam` of the Responses wire."""

    type: Literal["apply_patch"] = "apply_patch"


class SpecificFunctionShellParam(Shape):
    """`SpecificFunctionShellParam` of the Responses wire."""

    type: Literal["shell"] = "shell"


ToolChoiceParam = (
    Literal["none", "auto", "required"]
    | ToolChoiceAllowed
    | ToolChoiceTypes
    | ToolChoiceFunction
    | ToolChoiceMCP
    | ToolChoiceCustom
    | SpecificProgrammaticToolCallingParam
    | SpecificApplyPatchParam
    | SpecificFunctionShellParam
)
