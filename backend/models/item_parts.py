"""The parts that items of Responses and Conversations are made of: text, images, files, citations.

Source: OpenAI's OpenAPI document. Not for: translating them (`api.items`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from backend.models.maybe import Maybe, MaybeNull, Shape


class FileCitationBody(Shape):
    """A citation of one of the caller's files."""

    type: Literal["file_citation"] = "file_citation"
    file_id: str
    index: int
    filename: str


class UrlCitationBody(Shape):
    """A citation of a web page, with the characters of the text that rest on it."""

    type: Literal["url_citation"] = "url_citation"
    url: str
    start_index: int
    end_index: int
    title: str


class ContainerFileCitationBody(Shape):
    """A citation of a file that code has made."""

    type: Literal["container_file_citation"] = "container_file_citation"
    container_id: str
    file_id: str
    start_index: int
    end_index: int
    filename: str


class FilePath(Shape):
    """A file that stands in the text."""

    type: Literal["file_path"]
    file_id: str
    index: int


Annotation = Annotated[
    FileCitationBody | UrlCitationBody | ContainerFileCitationBody | FilePath,
    Field(discriminator="type"),
]


class TopLogProb(Shape):
    """A token that might have stood there instead, and its log probability."""

    token: str
    logprob: float
    bytes: list[int]


class LogProb(Shape):
    """A token of the text with its log probability."""

    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: list[TopLogProb]


class OutputTextContent(Shape):
    """Text that a model has said."""

    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[Annotation]
    logprobs: list[LogProb]


class TextContent(Shape):
    """Text."""

    type: Literal["text"] = "text"
    text: str


class SummaryTextContent(Shape):
    """A summary of what a model has thought so far."""

    type: Literal["summary_text"] = "summary_text"
    text: str


class ReasoningTextContent(Shape):
    """What a model has thought."""

    type: Literal["reasoning_text"] = "reasoning_text"
    text: str


class RefusalPart(Shape):
    """Why a model does not answer."""

    type: Literal["refusal"] = "refusal"
    refusal: str


ImageDetail = Literal["low", "high", "auto", "original"]


class PromptCacheBreakpointConfig(Shape):
    """Where a cached prompt may end."""

    mode: Literal["explicit"] = "explicit"


class InputImageContent(Shape):
    """An image, by its address or as a file."""

    type: Literal["input_image"] = "input_image"
    image_url: MaybeNull[str] = None
    file_id: MaybeNull[str] = None
    detail: ImageDetail
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpointConfig] = None


FileDetail = Literal["auto", "low", "high"]


class InputFileContent(Shape):
    """A file: its id, its address or its bytes."""

    type: Literal["input_file"] = "input_file"
    file_id: MaybeNull[str] = None
    filename: Maybe[str] = None
    file_data: Maybe[str] = None
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpointConfig] = None
    file_url: Maybe[str] = None
    detail: Maybe[FileDetail] = None


class InputTextContent(Shape):
    """Text that a caller says."""

    type: Literal["input_text"] = "input_text"
    text: str
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpointConfig] = None


class ComputerScreenshotContent(Shape):
    """A picture of a screen."""

    type: Literal["computer_screenshot"] = "computer_screenshot"
    image_url: str | None
    file_id: str | None
    detail: ImageDetail
    prompt_cache_breakpoint: Maybe[PromptCacheBreakpointConfig] = None


MessagePhase = Literal["commentary", "final_answer"]

MessageRole = Literal[
    "unknown", "user", "assistant", "system", "critic", "discriminator", "developer", "tool"
]

IncludeEnum = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]

Status = Literal["in_progress", "completed", "incomplete"]
