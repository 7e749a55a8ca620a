"""Wire shapes of what `/v1/conversations` takes. Not for: the page's own `/api/conversations` (`sessions`)."""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from backend.models.maybe import MaybeNull
from backend.models.metadata import Metadata
from backend.models.openai import Wire
from backend.models.shown import Shown

MAX_ITEMS = 20


def _object(given: object) -> object:
    if not isinstance(given, dict):
        raise PydanticCustomError("item", "An item is a JSON object")
    return cast("object", given)


# Which fields an item needs is told by who reads it, in words that help: a union of thirty shapes
# would list what is missing for each of them.
Given = Annotated[Any, AfterValidator(_object), Shown("openai_shapes.items:InputItem")]
Items = Annotated[list[Given], Field(max_length=MAX_ITEMS)]


class ConversationNew(Wire):
    """A conversation to be made, with what it starts from."""

    metadata: MaybeNull[Metadata] = None
    items: MaybeNull[Items] = None


class ConversationItems(Wire):
    """Items to be added to a conversation."""

    items: Items
