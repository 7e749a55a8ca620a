"""What the OpenAPI document says of kept chat completions.

Source: OpenAI's OpenAPI document. Not for: the completions themselves (`chat_answers`).
"""

from __future__ import annotations

from typing import Literal

from backend.models.chat_answers import AnswerMessage, ChatCompletion
from backend.models.chat_shapes import ImagePart, TextPart
from backend.models.shown import Answer


class ChatCompletionList(Answer):
    """A slice of the kept chat completions."""

    object: Literal["list"] = "list"
    data: list[ChatCompletion]
    first_id: str
    last_id: str
    has_more: bool


class ChatCompletionDeleted(Answer):
    """A chat completion that is not kept any more."""

    object: Literal["chat.completion.deleted"]
    id: str
    deleted: bool


class StoredMessage(AnswerMessage):
    """One message of the request that a kept completion answers.

    OpenAI's document has the role of an answer here; what is given has its own.
    """

    id: str
    content_parts: list[TextPart | ImagePart] | None = None


class StoredMessageList(Answer):
    """A slice of the messages that a kept completion answers."""

    object: Literal["list"] = "list"
    data: list[StoredMessage]
    first_id: str
    last_id: str
    has_more: bool
