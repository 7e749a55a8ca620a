"""Events about text, reasoning and the whole, as OpenAI's Responses have them."""

from __future__ import annotations

from typing import Literal

from backend.models.openai_shapes.answers import (
    Response,
    ResponseLogProb,
    ResponseReasoningSummaryPartAddedEventPart,
    ResponseReasoningSummaryPartDoneEventPart,
)
from backend.models.openai_shapes.base import Shape
from backend.models.openai_shapes.items import OutputItem
from backend.models.openai_shapes.parts import Annotation, OutputContent
from backend.models.shown import OMITTED


class ResponseAudioDeltaEvent(Shape):
    """`ResponseAudioDeltaEvent` of the Responses wire."""

    type: Literal["response.audio.delta"]
    sequence_number: int
    delta: str


class ResponseAudioDoneEvent(Shape):
    """`ResponseAudioDoneEvent` of the Responses wire."""

    type: Literal["response.audio.done"]
    sequence_number: int


class ResponseAudioTranscriptDeltaEvent(Shape):
    """`ResponseAudioTranscriptDeltaEvent` of the Responses wire."""

    type: Literal["response.audio.transcript.delta"]
    delta: str
    sequence_number: int


class ResponseAudioTranscriptDoneEvent(Shape):
    """`ResponseAudioTranscriptDoneEvent` of the Responses wire."""

    type: Literal["response.audio.transcript.done"]
    sequence_number: int


class ResponseCompletedEvent(Shape):
    """`ResponseCompletedEvent` of the Responses wire."""

    type: Literal["response.completed"]
    response: Response
    sequence_number: int


class ResponseContentPartAddedEvent(Shape):
    """`ResponseContentPartAddedEvent` of the Responses wire."""

    type: Literal["response.content_part.added"]
    item_id: str
    output_index: int
    content_index: int
    part: OutputContent
    sequence_number: int


class ResponseContentPartDoneEvent(Shape):
    """`ResponseContentPartDoneEvent` of the Responses wire."""

    type: Literal["response.content_part.done"]
    item_id: str
    output_index: int
    content_index: int
    sequence_number: int
    part: OutputContent


class ResponseCreatedEvent(Shape):
    """`ResponseCreatedEvent` of the Responses wire."""

    type: Literal["response.created"]
    response: Response
    sequence_number: int


class ResponseErrorEvent(Shape):
    """`ResponseErrorEvent` of the Responses wire."""

    type: Literal["error"]
    code: str | None
    message: str
    param: str | None
    sequence_number: int


class ResponseInProgressEvent(Shape):
    """`ResponseInProgressEvent` of the Responses wire."""

    type: Literal["response.in_progress"]
    response: Response
    sequence_number: int


class ResponseFailedEvent(Shape):
    """`ResponseFailedEvent` of the Responses wire."""

    type: Literal["response.failed"]
    sequence_number: int
    response: Response


class ResponseIncompleteEvent(Shape):
    """`ResponseIncompleteEvent` of the Responses wire."""

    type: Literal["response.incomplete"]
    response: Response
    sequence_number: int


class ResponseOutputItemAddedEvent(Shape):
    """`ResponseOutputItemAddedEvent` of the Responses wire."""

    type: Literal["response.output_item.added"]
    output_index: int
    sequence_number: int
    item: OutputItem


class ResponseOutputItemDoneEvent(Shape):
    """`ResponseOutputItemDoneEvent` of the Responses wire."""

    type: Literal["response.output_item.done"]
    output_index: int
    sequence_number: int
    item: OutputItem


class ResponseReasoningSummaryPartAddedEvent(Shape):
    """`ResponseReasoningSummaryPartAddedEvent` of the Responses wire."""

    type: Literal["response.reasoning_summary_part.added"]
    item_id: str
    output_index: int
    summary_index: int
    sequence_number: int
    part: ResponseReasoningSummaryPartAddedEventPart


class ResponseReasoningSummaryPartDoneEvent(Shape):
    """`ResponseReasoningSummaryPartDoneEvent` of the Responses wire."""

    type: Literal["response.reasoning_summary_part.done"]
    item_id: str
    output_index: int
    summary_index: int
    status: Literal["incomplete"] = OMITTED
    sequence_number: int
    part: ResponseReasoningSummaryPartDoneEventPart


class ResponseReasoningSummaryTextDeltaEvent(Shape):
    """`ResponseReasoningSummaryTextDeltaEvent` of the Responses wire."""

    type: Literal["response.reasoning_summary_text.delta"]
    item_id: str
    output_index: int
    summary_index: int
    delta: str
    sequence_number: int


class ResponseReasoningSummaryTextDoneEvent(Shape):
    """`ResponseReasoningSummaryTextDoneEvent` of the Responses wire."""

    type: Literal["response.reasoning_summary_text.done"]
    item_id: str
    output_index: int
    summary_index: int
    text: str
    sequence_number: int


class ResponseReasoningTextDeltaEvent(Shape):
    """`ResponseReasoningTextDeltaEvent` of the Responses wire."""

    type: Literal["response.reasoning_text.delta"]
    item_id: str
    output_index: int
    content_index: int
    delta: str
    sequence_number: int


class ResponseReasoningTextDoneEvent(Shape):
    """`ResponseReasoningTextDoneEvent` of the Responses wire."""

    type: Literal["response.reasoning_text.done"]
    item_id: str
    output_index: int
    content_index: int
    text: str
    sequence_number: int


class ResponseRefusalDeltaEvent(Shape):
    """`ResponseRefusalDeltaEvent` of the Responses wire."""

    type: Literal["response.refusal.delta"]
    item_id: str
    output_index: int
    content_index: int
    delta: str
    sequence_number: int


class ResponseRefusalDoneEvent(Shape):
    """`ResponseRefusalDoneEvent` of the Responses wire."""

    type: Literal["response.refusal.done"]
    item_id: str
    output_index: int
    content_index: int
    refusal: str
    sequence_number: int


class ResponseTextDeltaEvent(Shape):
    """`ResponseTextDeltaEvent` of the Responses wire."""

    type: Literal["response.output_text.delta"]
    item_id: str
    output_index: int
    content_index: int
    delta: str
    sequence_number: int
    logprobs: list[ResponseLogProb]


class ResponseTextDoneEvent(Shape):
    """`ResponseTextDoneEvent` of the Responses wire."""

    type: Literal["response.output_text.done"]
    item_id: str
    output_index: int
    content_index: int
    text: str
    sequence_number: int
    logprobs: list[ResponseLogProb]


class ResponseOutputTextAnnotationAddedEvent(Shape):
    """`ResponseOutputTextAnnotationAddedEvent` of the Responses wire."""

    type: Literal["response.output_text.annotation.added"]
    item_id: str
    output_index: int
    content_index: int
    annotation_index: int
    sequence_number: int
    annotation: Annotation | None


class ResponseQueuedEvent(Shape):
    """`ResponseQueuedEvent` of the Responses wire."""

    type: Literal["response.queued"]
    response: Response
    sequence_number: int
