"""Tools that a request may bring, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.settings import (
    CustomGrammarFormatParam,
    CustomTextFormatParam,
    EmptyModelParam,
    HybridSearchOptions,
    ImageGenToolInputImageMask,
    LocalEnvironmentParam,
)
from backend.models.shown import OMITTED


class FunctionTool(Shape):
    """`FunctionTool` of the Responses wire."""

    type: Literal["function"] = "function"
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None
    output_schema: dict[str, Any] | None = None
    strict: bool | None
    defer_loading: bool = OMITTED
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None


class RankingOptions(Shape):
    """`RankingOptions` of the Responses wire."""

    ranker: Literal["auto", "default-2024-11-15"] = OMITTED
    score_threshold: float = OMITTED
    hybrid_search: HybridSearchOptions = OMITTED


class ComparisonFilter(Shape):
    """`ComparisonFilter` of the Responses wire."""

    type: Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"] = "eq"
    key: str
    value: str | float | bool | list[str | float]


class CompoundFilter(Shape):
    """`CompoundFilter` of the Responses wire."""

    type: Literal["and", "or"]
    filters: list[ComparisonFilter | Any]


Filters = ComparisonFilter | CompoundFilter


class FileSearchTool(Shape):
    """`FileSearchTool` of the Responses wire."""

    type: Literal["file_search"] = "file_search"
    vector_store_ids: list[str]
    max_num_results: int = OMITTED
    ranking_options: RankingOptions = OMITTED
    filters: Filters | None = None


class ComputerTool(Shape):
    """`ComputerTool` of the Responses wire."""

    type: Literal["computer"] = "computer"


class ComputerUsePreviewTool(Shape):
    """`ComputerUsePreviewTool` of the Responses wire."""

    type: Literal["computer_use_preview"] = "computer_use_preview"
    environment: Literal["windows", "mac", "linux", "ubuntu", "browser"]
    display_width: int
    display_height: int


class WebSearchToolFilters(Shape):
    """`WebSearchToolFilters` of the Responses wire."""

    allowed_domains: list[str] | None = Field(default_factory=list)


class WebSearchApproximateLocation2(Shape):
    """`WebSearchApproximateLocation2` of the Responses wire."""

    type: Literal["approximate"] = "approximate"
    country: str | None = None
    region: str | None = None
    city: str | None = None
    timezone: str | None = None


WebSearchApproximateLocation = WebSearchApproximateLocation2 | None


class WebSearchTool(Shape):
    """`WebSearchTool` of the Responses wire."""

    type: Literal["web_search", "web_search_2025_08_26"] = "web_search"
    external_web_access: bool = True
    filters: WebSearchToolFilters | None = None
    user_location: WebSearchApproximateLocation = OMITTED
    search_context_size: Literal["low", "medium", "high"] = "medium"


class MCPToolFilter(Shape):
    """`MCPToolFilter` of the Responses wire."""

    tool_names: list[str] = OMITTED
    read_only: bool = OMITTED


class MCPToolRequireApproval(Shape):
    """`MCPToolRequireApproval` of the Responses wire."""

    always: MCPToolFilter = OMITTED
    never: MCPToolFilter = OMITTED


class MCPTool(Shape):
    """`MCPTool` of the Responses wire."""

    type: Literal["mcp"]
    server_label: str
    server_url: str = OMITTED
    connector_id: Literal[
        "connector_dropbox",
        "connector_gmail",
        "connector_googlecalendar",
        "connector_googledrive",
        "connector_microsoftteams",
        "connector_outlookcalendar",
        "connector_outlookemail",
        "connector_sharepoint",
    ] = OMITTED
    tunnel_id: str = OMITTED
    authorization: str = OMITTED
    server_description: str = OMITTED
    headers: dict[str, str] | None = None
    allowed_tools: list[str] | MCPToolFilter | None = None
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None
    require_approval: MCPToolRequireApproval | Literal["always", "never"] | None = "always"
    defer_loading: bool = OMITTED


class ContainerNetworkPolicyDisabledParam(Shape):
    """`ContainerNetworkPolicyDisabledParam` of the Responses wire."""

    type: Literal["disabled"] = "disabled"


class ContainerNetworkPolicyDomainSecretParam(Shape):
    """`ContainerNetworkPolicyDomainSecretParam` of the Responses wire."""

    domain: str
    name: str
    value: str


class ContainerNetworkPolicyAllowlistParam(Shape):
    """`ContainerNetworkPolicyAllowlistParam` of the Responses wire."""

    type: Literal["allowlist"] = "allowlist"
    allowed_domains: list[str]
    domain_secrets: list[ContainerNetworkPolicyDomainSecretParam] = OMITTED


class AutoCodeInterpreterToolParam(Shape):
    """`AutoCodeInterpreterToolParam` of the Responses wire."""

    type: Literal["auto"] = "auto"
    file_ids: list[str] = OMITTED
    memory_limit: Literal["1g", "4g", "16g", "64g"] | None = None
    network_policy: ContainerNetworkPolicyDisabledParam | ContainerNetworkPolicyAllowlistParam = (
        OMITTED
    )


class CodeInterpreterTool(Shape):
    """`CodeInterpreterTool` of the Responses wire."""

    type: Literal["code_interpreter"]
    container: str | AutoCodeInterpreterToolParam
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None


class ProgrammaticToolCallingParam(Shape):
    """`ProgrammaticToolCallingParam` of the Responses wire."""

    type: Literal["programmatic_tool_calling"] = "programmatic_tool_calling"


class ImageGenTool(Shape):
    """`ImageGenTool` of the Responses wire."""

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
    ) = "gpt-image-1"
    quality: Literal["low", "medium", "high", "auto"] = "auto"
    size: str | Literal["1024x1024", "1024x1536", "1536x1024", "auto"] = "auto"
    output_format: Literal["png", "webp", "jpeg"] = "png"
    output_compression: Annotated[int, Field(ge=0, le=100)] = 100
    moderation: Literal["auto", "low"] = "auto"
    background: Literal["transparent", "opaque", "auto"] = "auto"
    input_fidelity: Literal["high", "low"] | None = None
    input_image_mask: ImageGenToolInputImageMask = OMITTED
    partial_images: Annotated[int, Field(ge=0, le=3)] = 0
    action: Literal["generate", "edit", "auto"] = OMITTED


class LocalShellToolParam(Shape):
    """`LocalShellToolParam` of the Responses wire."""

    type: Literal["local_shell"] = "local_shell"


class SkillReferenceParam(Shape):
    """`SkillReferenceParam` of the Responses wire."""

    type: Literal["skill_reference"] = "skill_reference"
    skill_id: str
    version: str = OMITTED


class InlineSkillSourceParam(Shape):
    """`InlineSkillSourceParam` of the Responses wire."""

    type: Literal["base64"] = "base64"
    media_type: Literal["application/zip"] = "application/zip"
    data: str


class InlineSkillParam(Shape):
    """`InlineSkillParam` of the Responses wire."""

    type: Literal["inline"] = "inline"
    name: str
    description: str
    source: InlineSkillSourceParam


class ContainerAutoParam(Shape):
    """`ContainerAutoParam` of the Responses wire."""

    type: Literal["container_auto"] = "container_auto"
    file_ids: list[str] = OMITTED
    memory_limit: Literal["1g", "4g", "16g", "64g"] | None = None
    network_policy: ContainerNetworkPolicyDisabledParam | ContainerNetworkPolicyAllowlistParam = (
        OMITTED
    )
    skills: list[SkillReferenceParam | InlineSkillParam] = OMITTED


class ContainerReferenceParam(Shape):
    """`ContainerReferenceParam` of the Responses wire."""

    type: Literal["container_reference"] = "container_reference"
    container_id: str


class FunctionShellToolParam(Shape):
    """`FunctionShellToolParam` of the Responses wire."""

    type: Literal["shell"] = "shell"
    environment: ContainerAutoParam | LocalEnvironmentParam | ContainerReferenceParam | None = None
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None


class CustomToolParam(Shape):
    """`CustomToolParam` of the Responses wire."""

    type: Literal["custom"] = "custom"
    name: str
    description: str = OMITTED
    format: CustomTextFormatParam | CustomGrammarFormatParam = OMITTED
    defer_loading: bool = OMITTED
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None


class FunctionToolParam(Shape):
    """`FunctionToolParam` of the Responses wire."""

    name: str
    description: str | None = None
    parameters: EmptyModelParam | None = None
    strict: bool | None = None
    type: Literal["function"] = "function"
    output_schema: dict[str, Any] | None = None
    defer_loading: bool = OMITTED
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None


class NamespaceToolParam(Shape):
    """`NamespaceToolParam` of the Responses wire."""

    type: Literal["namespace"] = "namespace"
    name: str
    description: str
    tools: list[FunctionToolParam | CustomToolParam]


class ToolSearchToolParam(Shape):
    """`ToolSearchToolParam` of the Responses wire."""

    type: Literal["tool_search"] = "tool_search"
    execution: Literal["server", "client"] = OMITTED
    description: str | None = None
    parameters: EmptyModelParam | None = None


class ApproximateLocation(Shape):
    """`ApproximateLocation` of the Responses wire."""

    type: Literal["approximate"] = "approximate"
    country: str | None = None
    region: str | None = None
    city: str | None = None
    timezone: str | None = None


class WebSearchPreviewTool(Shape):
    """`WebSearchPreviewTool` of the Responses wire."""

    type: Literal["web_search_preview", "web_search_preview_2025_03_11"] = "web_search_preview"
    user_location: ApproximateLocation | None = None
    search_context_size: Literal["low", "medium", "high"] = OMITTED
    search_content_types: list[Literal["text", "image"]] = OMITTED


class ApplyPatchToolParam(Shape):
    """`ApplyPatchToolParam` of the Responses wire."""

    type: Literal["apply_patch"] = "apply_patch"
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None
