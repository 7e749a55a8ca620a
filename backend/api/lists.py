"""Lists as OpenAI gives them: a slice behind an id, in either order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query

from backend.errors import InvalidRequest
from backend.models.maybe import Maybe
from backend.ports.values import JsonObject

Order = Literal["asc", "desc"]
MOST_LISTED = 100
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED)]
AnyLimit = Annotated[int, Query(ge=1)]
After = Annotated[Maybe[str], Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list is asked for: up to `limit` entries behind the one with the id `after`."""

    limit: int
    order: Order
    after: str | None


async def newest_first(limit: Limit = 20, order: Maybe[Order] = None, after: After = None) -> Slice:
    """Read the part of a list that begins with its newest entry unless told otherwise."""
    return Slice(limit, order or "desc", after or None)


async def oldest_first(limit: AnyLimit = 20, order: Order = "asc", after: After = None) -> Slice:
    """Read the part of a list that begins with its oldest entry unless told otherwise.

    OpenAI's document names no bound for these lists: whoever asks for more gets as many as there may be.
    """
    return Slice(min(limit, MOST_LISTED), order, after or None)


NewestFirst = Annotated[Slice, Depends(newest_first)]
OldestFirst = Annotated[Slice, Depends(oldest_first)]


def list_object(data: Sequence[JsonObject], *, has_more: bool = False) -> JsonObject:
    """Render one slice; the ids of an empty one are empty."""
    return {
        "object": "list",
        "data": list(data),
        "first_id": data[0]["id"] if data else "",
        "last_id": data[-1]["id"] if data else "",
        "has_more": has_more,
    }


def sliced(whole: Sequence[JsonObject], part: Slice) -> JsonObject:
    """Render the part of a whole list that is asked for; `whole` has its oldest entry first.

    Raises:
        InvalidRequest: when no entry has the id `after`.
    """
    ordered = list(reversed(whole)) if part.order == "desc" else list(whole)
    start = 0
    if part.after:
        start = 1 + next((at for at, one in enumerate(ordered) if one["id"] == part.after), -1)
        if start == 0:
            raise no_such_entry(part.after)
    end = start + part.limit
    return list_object(ordered[start:end], has_more=len(ordered) > end)


def no_such_entry(after: str) -> InvalidRequest:
    """Make the refusal of an `after` that names nothing."""
    msg = f"No entry of this list has the id '{after[:80]}'"
    return InvalidRequest(msg, param="after")
