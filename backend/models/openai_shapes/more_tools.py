"""Tools that a request may bring, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.tools import (
    ApplyPatchToolParam,
    CodeInterpreterTool,
    ComputerTool,
    ComputerUsePreviewTool,
    CustomToolParam,
    FileSearchTool,
    FunctionShellToolParam,
    FunctionTool,
    ImageGenTool,
    LocalShellToolParam,
    MCPTool,
    NamespaceToolParam,
    ProgrammaticToolCallingParam,
    ToolSearchToolParam,
    WebSearchPreviewTool,
    WebSearchTool,
)

Tool = Annotated[
    FunctionTool
    | FileSearchTool
    | ComputerTool
    | ComputerUsePreviewTool
    | WebSearchTool
    | MCPTool
    | CodeInterpreterTool
    | ProgrammaticToolCallingParam
    | ImageGenTool
    | LocalShellToolParam
    | FunctionShellToolParam
    | CustomToolParam
    | NamespaceToolParam
    | ToolSearchToolParam
    | WebSearchPreviewTool
    | ApplyPatchToolParam,
    Field(discriminator="type"),
]


class ContainerFileCitationBody(Shape):
    """`ContainerFileCitationBody` of the Responses wire."""

    type: Literal["container_file_citation"] = "container_file_citation"
    container_id: str
    file_id: str
    start_index: int
    end_index: int
    filename: str


class MCPListToolsTool(Shape):
    """`MCPListToolsTool` of the Responses wire."""

    name: str
    description: str | None = None
    input_schema: dict[str, Any]
    annotations: dict[str, Any] | None = None


class ContainerReferenceResource(Shape):
    """`ContainerReferenceResource` of the Responses wire."""

    type: Literal["container_reference"] = "container_reference"
    container_id: str
