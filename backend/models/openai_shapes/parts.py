"""Parts of what is said, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.more_settings import PromptCacheBreakpointParam
from backend.models.openai_shapes.more_tools import ContainerFileCitationBody
from backend.models.openai_shapes.settings import (
    InputFileContent,
    InputImageContent,
    InputTextContent,
)
from backend.models.shown import OMITTED

InputContent = Annotated[
    InputTextContent | InputImageContent | InputFileContent, Field(discriminator="type")
]


class FileCitationBody(Shape):
    """`FileCitationBody` of the Responses wire."""

    type: Literal["file_citation"] = "file_citation"
    file_id: str
    index: int
    filename: str


class UrlCitationBody(Shape):
    """`UrlCitationBody` of the Responses wire."""

    type: Literal["url_citation"] = "url_citation"
    url: str
    start_index: int
    end_index: int
    title: str


class FilePath(Shape):
    """`FilePath` of the Responses wire."""

    type: Literal["file_path"]
    file_id: str
    index: int


Annotation = Annotated[
    FileCitationBody | UrlCitationBody | ContainerFileCitationBody | FilePath,
    Field(discriminator="type"),
]


class TopLogProb(Shape):
    """`TopLogProb` of the Responses wire."""

    token: str
    logprob: float
    bytes: list[int]


class LogProb(Shape):
    """`LogProb` of the Responses wire."""

    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: list[TopLogProb]


class OutputTextContent(Shape):
    """`OutputTextContent` of the Responses wire."""

    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[Annotation]
    logprobs: list[LogProb]


class RefusalContent(Shape):
    """`RefusalContent` of the Responses wire."""

    type: Literal["refusal"] = "refusal"
    refusal: str


OutputMessageContent = Annotated[OutputTextContent | RefusalContent, Field(discriminator="type")]


class InputTextContentParam(Shape):
    """`InputTextContentParam` of the Responses wire."""

    type: Literal["input_text"] = "input_text"
    text: str
    prompt_cache_breakpoint: PromptCacheBreakpointParam | None = None


class InputImageContentParamAutoParam(Shape):
    """`InputImageContentParamAutoParam` of the Responses wire."""

    type: Literal["input_image"] = "input_image"
    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["low", "high", "auto", "original"] | None = None
    prompt_cache_breakpoint: PromptCacheBreakpointParam | None = None


class InputFileContentParam(Shape):
    """`InputFileContentParam` of the Responses wire."""

    type: Literal["input_file"] = "input_file"
    file_id: str | None = None
    filename: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    detail: Literal["auto", "low", "high"] = OMITTED
    prompt_cache_breakpoint: PromptCacheBreakpointParam | None = None


class SummaryTextContent(Shape):
    """`SummaryTextContent` of the Responses wire."""

    type: Literal["summary_text"] = "summary_text"
    text: str


class ReasoningTextContent(Shape):
    """`ReasoningTextContent` of the Responses wire."""

    type: Literal["reasoning_text"] = "reasoning_text"
    text: str


OutputContent = OutputTextContent | RefusalContent | ReasoningTextContent
