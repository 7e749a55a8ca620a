"""Wire shapes of `/v1/conversations`. Not for: the page's own `/api/conversations` (`sessions`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field, SkipValidation
from pydantic_core import PydanticCustomError

from backend.models.items import ConversationItem, InputItem
from backend.models.maybe import MaybeNull, Shape
from backend.models.metadata import Metadata
from backend.models.openai import Wire

MAX_ITEMS = 20


def _object(given: object) -> object:
    if not isinstance(given, dict):
        raise PydanticCustomError("item", "An item is a JSON object")
    return cast("object", given)


# Which fields an item needs is told by who reads it, in words that help: a union of thirty shapes
# would list what is missing for each of them.
Given = Annotated[InputItem, SkipValidation, AfterValidator(_object)]
Items = Annotated[list[Given], Field(max_length=MAX_ITEMS)]


class ConversationNew(Wire):
    """A conversation to be made, with what it starts from."""

    metadata: MaybeNull[Metadata] = None
    items: MaybeNull[Items] = None


class ConversationMetadata(Wire):
    """The metadata that a conversation has from now on."""

    metadata: Metadata | None


class ConversationItems(Wire):
    """Items to be added to a conversation."""

    items: Items


class ConversationResource(Shape):
    """A kept conversation."""

    id: str
    object: Literal["conversation"] = "conversation"
    metadata: Any
    created_at: int


class ConversationDeleted(Shape):
    """A conversation that is not there any more."""

    object: Literal["conversation.deleted"] = "conversation.deleted"
    deleted: bool
    id: str


class ConversationItemList(Shape):
    """A slice of a conversation's items."""

    object: Literal["list"]
    data: list[ConversationItem]
    has_more: bool
    first_id: str
    last_id: str
