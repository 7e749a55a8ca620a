"""The tools that items may name, in the words of Responses.

Source: OpenAI's OpenAPI document. Not for: translating them (`api.items`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from backend.models.item_containers import (
    CallableToolAllowedCaller,
    CodeInterpreterTool,
    FunctionShellToolParam,
)
from backend.models.maybe import Maybe, MaybeNull, Shape


class WebSearchLocation(Shape):
    """Roughly where the user is."""

    type: Literal["approximate"] | SkipJsonSchema[None] = "approximate"
    country: MaybeNull[str] = None
    region: MaybeNull[str] = None
    city: MaybeNull[str] = None
    timezone: MaybeNull[str] = None


class FunctionTool(Shape):
    """A function that a caller offers."""

    type: Literal["function"] = "function"
    name: str
    description: MaybeNull[str] = None
    parameters: dict[str, Any] | None
    output_schema: MaybeNull[dict[str, Any]] = None
    strict: bool | None
    defer_loading: Maybe[bool] = None
    allowed_callers: MaybeNull[list[CallableToolAllowedCaller]] = None


RankerVersionType = Literal["auto", "default-2024-11-15"]


class HybridSearchOptions(Shape):
    """How much meaning and words weigh in a search."""

    embedding_weight: float
    text_weight: float


class RankingOptions(Shape):
    """How found passages are ordered."""

    ranker: Maybe[RankerVersionType] = None
    score_threshold: Maybe[float] = None
    hybrid_search: Maybe[HybridSearchOptions] = None


class ComparisonFilter(Shape):
    """A comparison of one attribute of a file."""

    type: Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"] = "eq"
    key: str
    value: str | float | bool | list[str | float]


class CompoundFilter(Shape):
    """Several filters, joined by and or or."""

    type: Literal["and", "or"]
    filters: list[Annotated[ComparisonFilter | CompoundFilter, Field(discriminator="type")]]


Filters = ComparisonFilter | CompoundFilter


class FileSearchTool(Shape):
    """Search in the caller's files."""

    type: Literal["file_search"] = "file_search"
    vector_store_ids: list[str]
    max_num_results: Maybe[int] = None
    ranking_options: Maybe[RankingOptions] = None
    filters: MaybeNull[Filters] = None


class ComputerTool(Shape):
    """A computer's screen."""

    type: Literal["computer"] = "computer"


ComputerEnvironment = Literal["windows", "mac", "linux", "ubuntu", "browser"]


class ComputerUsePreviewTool(Shape):
    """A computer's screen, in the form of the preview."""

    type: Literal["computer_use_preview"] = "computer_use_preview"
    environment: ComputerEnvironment
    display_width: int
    display_height: int


WebSearchApproximateLocation = WebSearchLocation | None


class WebSearchToolFilters(Shape):
    """Where a search may look."""

    allowed_domains: list[str] | None = Field(
        default_factory=list[str], json_schema_extra={"default": []}
    )


class WebSearchTool(Shape):
    """Search of the web."""

    type: Literal["web_search", "web_search_2025_08_26"] = "web_search"
    external_web_access: bool | SkipJsonSchema[None] = True
    filters: MaybeNull[WebSearchToolFilters] = None
    user_location: Maybe[WebSearchApproximateLocation] = None
    search_context_size: Literal["low", "medium", "high"] | SkipJsonSchema[None] = "medium"


class MCPToolFilter(Shape):
    """Some of the tools of an MCP server."""

    tool_names: Maybe[list[str]] = None
    read_only: Maybe[bool] = None


class MCPToolRequireApproval(Shape):
    """Which tools of an MCP server somebody must approve."""

    always: Maybe[MCPToolFilter] = None
    never: Maybe[MCPToolFilter] = None


class MCPTool(Shape):
    """The tools of an MCP server."""

    type: Literal["mcp"]
    server_label: str
    server_url: Maybe[str] = None
    connector_id: Maybe[
        Literal[
            "connector_dropbox",
            "connector_gmail",
            "connector_googlecalendar",
            "connector_googledrive",
            "connector_microsoftteams",
            "connector_outlookcalendar",
            "connector_outlookemail",
            "connector_sharepoint",
        ]
    ] = None
    tunnel_id: Maybe[Annotated[str, StringConstraints(pattern=r"^tunnel_[a-z0-9]{32}$")]] = None
    authorization: Maybe[str] = None
    server_description: Maybe[str] = None
    headers: MaybeNull[dict[str, str]] = None
    allowed_tools: MaybeNull[list[str] | MCPToolFilter] = None
    allowed_callers: MaybeNull[Annotated[list[CallableToolAllowedCaller], Field(min_length=1)]] = (
        None
    )
    require_approval: MCPToolRequireApproval | Literal["always", "never"] | None = "always"
    defer_loading: Maybe[bool] = None


class ProgrammaticToolCallingParam(Shape):
    """Tools called by a program of the model."""

    type: Literal["programmatic_tool_calling"] = "programmatic_tool_calling"


InputFidelity = Literal["high", "low"]

ImageGenActionEnum = Literal["generate", "edit", "auto"]


class ImageGenToolInputImageMask(Shape):
    """The part of an image that is painted anew."""

    image_url: Maybe[str] = None
    file_id: Maybe[str] = None


class ImageGenTool(Shape):
    """Images that are made."""

    type: Literal["image_generation"]
    model: (
        str
        | Literal[
            "gpt-image-1",
            "gpt-image-1-mini",
            "gpt-image-1.5",
            "gpt-image-2",
            "gpt-image-2-2026-04-21",
        ]
        | SkipJsonSchema[None]
    ) = "gpt-image-1"
    quality: Literal["low", "medium", "high", "auto"] | SkipJsonSchema[None] = "auto"
    size: str | Literal["1024x1024", "1024x1536", "1536x1024", "auto"] | SkipJsonSchema[None] = (
        "auto"
    )
    output_format: Literal["png", "webp", "jpeg"] | SkipJsonSchema[None] = "png"
    output_compression: Annotated[int, Field(ge=0, le=100)] | SkipJsonSchema[None] = 100
    moderation: Literal["auto", "low"] | SkipJsonSchema[None] = "auto"
    background: Literal["transparent", "opaque", "auto"] | SkipJsonSchema[None] = "auto"
    input_fidelity: MaybeNull[InputFidelity] = None
    input_image_mask: Maybe[ImageGenToolInputImageMask] = None
    partial_images: Annotated[int, Field(ge=0, le=3)] | SkipJsonSchema[None] = 0
    action: Maybe[ImageGenActionEnum] = None


class LocalShellToolParam(Shape):
    """A shell of the caller."""

    type: Literal["local_shell"] = "local_shell"


class CustomTextFormatParam(Shape):
    """Any text."""

    type: Literal["text"] = "text"


GrammarSyntax = Literal["lark", "regex"]


class CustomGrammarFormatParam(Shape):
    """Text that a grammar allows."""

    type: Literal["grammar"] = "grammar"
    syntax: GrammarSyntax
    definition: str


class CustomToolParam(Shape):
    """A tool that takes text."""

    type: Literal["custom"] = "custom"
    name: str
    description: Maybe[str] = None
    format: Maybe[
        Annotated[CustomTextFormatParam | CustomGrammarFormatParam, Field(discriminator="type")]
    ] = None
    defer_loading: Maybe[bool] = None
    allowed_callers: MaybeNull[Annotated[list[CallableToolAllowedCaller], Field(min_length=1)]] = (
        None
    )


EmptyModelParam = dict[str, Any]


class FunctionToolParam(Shape):
    """A function within a group of tools."""

    name: Annotated[
        str, StringConstraints(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9_-]+$")
    ]
    description: MaybeNull[str] = None
    parameters: MaybeNull[EmptyModelParam] = None
    strict: MaybeNull[bool] = None
    type: Literal["function"] = "function"
    output_schema: MaybeNull[dict[str, Any]] = None
    defer_loading: Maybe[bool] = None
    allowed_callers: MaybeNull[Annotated[list[CallableToolAllowedCaller], Field(min_length=1)]] = (
        None
    )


class NamespaceToolParam(Shape):
    """A group of tools under one name."""

    type: Literal["namespace"] = "namespace"
    name: Annotated[str, StringConstraints(min_length=1)]
    description: str
    tools: Annotated[
        list[Annotated[FunctionToolParam | CustomToolParam, Field(discriminator="type")]],
        Field(min_length=1),
    ]


ToolSearchExecutionType = Literal["server", "client"]


class ToolSearchToolParam(Shape):
    """A search for tools that are loaded later."""

    type: Literal["tool_search"] = "tool_search"
    execution: Maybe[ToolSearchExecutionType] = None
    description: MaybeNull[str] = None
    parameters: MaybeNull[EmptyModelParam] = None


class ApproximateLocation(Shape):
    """Roughly where the user is."""

    type: Literal["approximate"] = "approximate"
    country: MaybeNull[str] = None
    region: MaybeNull[str] = None
    city: MaybeNull[str] = None
    timezone: MaybeNull[str] = None


SearchContextSize = Literal["low", "medium", "high"]

SearchContentType = Literal["text", "image"]


class WebSearchPreviewTool(Shape):
    """Search of the web, in the form of the preview."""

    type: Literal["web_search_preview", "web_search_preview_2025_03_11"] = "web_search_preview"
    user_location: MaybeNull[ApproximateLocation] = None
    search_context_size: Maybe[SearchContextSize] = None
    search_content_types: Maybe[list[SearchContentType]] = None


class ApplyPatchToolParam(Shape):
    """Patches to files."""

    type: Literal["apply_patch"] = "apply_patch"
    allowed_callers: MaybeNull[Annotated[list[CallableToolAllowedCaller], Field(min_length=1)]] = (
        None
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
