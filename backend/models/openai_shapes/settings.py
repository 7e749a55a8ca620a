"""Settings and names that several shapes share, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from backend.models.metadata import Metadata as Pairs
from backend.models.openai_shapes.base import Shape
from backend.models.shown import OMITTED

Metadata = Pairs | None


class PromptCacheOptionsParam(Shape):
    """`PromptCacheOptionsParam` of the Responses wire."""

    ttl: Literal["30m"] = OMITTED
    mode: Literal["implicit", "explicit"] = OMITTED


ModelIdsShared = (
    str
    | Literal[
        "gpt-5.6-sol",
        "gpt-5.6-terra",
        "gpt-5.6-luna",
        "gpt-5.5",
        "gpt-5.5-2026-04-23",
        "gpt-5.4",
        "gpt-5.4-mini",
        "gpt-5.4-nano",
        "gpt-5.4-mini-2026-03-17",
        "gpt-5.4-nano-2026-03-17",
        "gpt-5.3-chat-latest",
        "gpt-5.2",
        "gpt-5.2-2025-12-11",
        "gpt-5.2-chat-latest",
        "gpt-5.2-pro",
        "gpt-5.2-pro-2025-12-11",
        "gpt-5.1",
        "gpt-5.1-2025-11-13",
        "gpt-5.1-codex",
        "gpt-5.1-mini",
        "gpt-5.1-chat-latest",
        "gpt-5",
        "gpt-5-mini",
        "gpt-5-nano",
        "gpt-5-2025-08-07",
        "gpt-5-mini-2025-08-07",
        "gpt-5-nano-2025-08-07",
        "gpt-5-chat-latest",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "gpt-4.1-2025-04-14",
        "gpt-4.1-mini-2025-04-14",
        "gpt-4.1-nano-2025-04-14",
        "o4-mini",
        "o4-mini-2025-04-16",
        "o3",
        "o3-2025-04-16",
        "o3-mini",
        "o3-mini-2025-01-31",
        "o1",
        "o1-2024-12-17",
        "o1-preview",
        "o1-preview-2024-09-12",
        "o1-mini",
        "o1-mini-2024-09-12",
        "gpt-4o",
        "gpt-4o-2024-11-20",
        "gpt-4o-2024-08-06",
        "gpt-4o-2024-05-13",
        "gpt-4o-audio-preview",
        "gpt-4o-audio-preview-2024-10-01",
        "gpt-4o-audio-preview-2024-12-17",
        "gpt-4o-audio-preview-2025-06-03",
        "gpt-4o-mini-audio-preview",
        "gpt-4o-mini-audio-preview-2024-12-17",
        "gpt-4o-search-preview",
        "gpt-4o-mini-search-preview",
        "gpt-4o-search-preview-2025-03-11",
        "gpt-4o-mini-search-preview-2025-03-11",
        "chatgpt-4o-latest",
        "codex-mini-latest",
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
        "gpt-4-turbo",
        "gpt-4-turbo-2024-04-09",
        "gpt-4-0125-preview",
        "gpt-4-turbo-preview",
        "gpt-4-1106-preview",
        "gpt-4-vision-preview",
        "gpt-4",
        "gpt-4-0314",
        "gpt-4-0613",
        "gpt-4-32k",
        "gpt-4-32k-0314",
        "gpt-4-32k-0613",
        "gpt-3.5-turbo",
        "gpt-3.5-turbo-16k",
        "gpt-3.5-turbo-0301",
        "gpt-3.5-turbo-0613",
        "gpt-3.5-turbo-1106",
        "gpt-3.5-turbo-0125",
        "gpt-3.5-turbo-16k-0613",
    ]
)


ModelIdsResponses = (
    ModelIdsShared
    | Literal[
        "o1-pro",
        "o1-pro-2025-03-19",
        "o3-pro",
        "o3-pro-2025-06-10",
        "o3-deep-research",
        "o3-deep-research-2025-06-26",
        "o4-mini-deep-research",
        "o4-mini-deep-research-2025-06-26",
        "computer-use-preview",
        "computer-use-preview-2025-03-11",
        "gpt-5.5-pro",
        "gpt-5.5-pro-2026-04-23",
        "gpt-5-codex",
        "gpt-5-pro",
        "gpt-5-pro-2025-10-06",
        "gpt-5.1-codex-max",
        "gpt-daybreak-blue-latest",
        "gpt-daybreak-red-latest",
        "gpt-5.6-cyber",
    ]
)


class ResponseFormatText(Shape):
    """`ResponseFormatText` of the Responses wire."""

    type: Literal["text"]


class TextResponseFormatJsonSchema(Shape):
    """`TextResponseFormatJsonSchema` of the Responses wire."""

    type: Literal["json_schema"]
    description: str = OMITTED
    name: str
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = False


class ResponseFormatJsonObject(Shape):
    """`ResponseFormatJsonObject` of the Responses wire."""

    type: Literal["json_object"]


TextResponseFormatConfiguration = (
    ResponseFormatText | TextResponseFormatJsonSchema | ResponseFormatJsonObject
)


Verbosity = Literal["low", "medium", "high"] | None


class HybridSearchOptions(Shape):
    """`HybridSearchOptions` of the Responses wire."""

    embedding_weight: float
    text_weight: float


class ImageGenToolInputImageMask(Shape):
    """`ImageGenToolInputImageMask` of the Responses wire."""

    image_url: str = OMITTED
    file_id: str = OMITTED


class LocalSkillParam(Shape):
    """`LocalSkillParam` of the Responses wire."""

    name: str
    description: str
    path: str


class LocalEnvironmentParam(Shape):
    """`LocalEnvironmentParam` of the Responses wire."""

    type: Literal["local"] = "local"
    skills: list[LocalSkillParam] = OMITTED


class CustomTextFormatParam(Shape):
    """`CustomTextFormatParam` of the Responses wire."""

    type: Literal["text"] = "text"


class CustomGrammarFormatParam(Shape):
    """`CustomGrammarFormatParam` of the Responses wire."""

    type: Literal["grammar"] = "grammar"
    syntax: Literal["lark", "regex"]
    definition: str


class EmptyModelParam(Shape):
    """`EmptyModelParam` of the Responses wire."""


class PromptCacheBreakpointConfig(Shape):
    """`PromptCacheBreakpointConfig` of the Responses wire."""

    mode: Literal["explicit"] = "explicit"


class InputTextContent(Shape):
    """`InputTextContent` of the Responses wire."""

    type: Literal["input_text"] = "input_text"
    text: str
    prompt_cache_breakpoint: PromptCacheBreakpointConfig = OMITTED


class InputImageContent(Shape):
    """`InputImageContent` of the Responses wire."""

    type: Literal["input_image"] = "input_image"
    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["low", "high", "auto", "original"]
    prompt_cache_breakpoint: PromptCacheBreakpointConfig = OMITTED


class InputFileContent(Shape):
    """`InputFileContent` of the Responses wire."""

    type: Literal["input_file"] = "input_file"
    file_id: str | None = None
    filename: str = OMITTED
    file_data: str = OMITTED
    prompt_cache_breakpoint: PromptCacheBreakpointConfig = OMITTED
    file_url: str = OMITTED
    detail: Literal["auto", "low", "high"] = OMITTED


ResponsePromptVariables = (
    dict[str, str | InputTextContent | InputImageContent | InputFileContent] | None
)


class Prompt2(Shape):
    """`Prompt2` of the Responses wire."""

    id: str
    version: str | None = None
    variables: ResponsePromptVariables = OMITTED


Prompt = Prompt2 | None


ServiceTierResponses = (
    Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None
)


VectorStoreFileAttributes = dict[str, str | float | bool] | None
