"""What the routes of vector stores share: finding what is one's own, slices of listings, merged results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Query

from backend.errors import InvalidRequest, NotFound
from backend.kit.ids import made_at
from backend.models.maybe import Maybe
from backend.ports.documents import Passage
from backend.ports.vector_stores import MemberFile, MemberStatus, VectorStore, VectorStoreStore

# Clients look again after so long while a file is being read.
POLL_HEADERS = {"openai-poll-after-ms": "300"}
MostShown = Annotated[int, Query(ge=1, le=100)]
Order = Literal["asc", "desc"]
GivenId = Annotated[Maybe[str], Query(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which slice of a listing: behind and in front of the ids given."""

    limit: int
    descending: bool
    after: str | None
    before: str | None


async def asked_slice(
    limit: MostShown = 20, order: Order = "desc", after: GivenId = None, before: GivenId = None
) -> Slice:
    """Read the query of a listing."""
    return Slice(
        limit=limit, descending=order == "desc", after=after or None, before=before or None
    )


async def owned_store(stores: VectorStoreStore, user_id: str, store_id: str) -> VectorStore:
    """Find one of the user's stores; raise NotFound when it is none of them."""
    store = await stores.get(user_id, store_id)
    if store is None:
        msg = f"No vector store found with id '{store_id[:100]}'."
        raise NotFound(msg, param="vector_store_id")
    return store


async def owned_member(
    stores: VectorStoreStore, user_id: str, store_id: str, file_id: str
) -> MemberFile:
    """Find a file of one of the user's stores; raise NotFound when store or file is not there."""
    member = await stores.file(user_id, store_id, file_id)
    if member is None:
        await owned_store(stores, user_id, store_id)
        msg = f"No file found with id '{file_id[:100]}' in vector store '{store_id[:100]}'."
        raise NotFound(msg, param="file_id")
    return member


def sliced(
    members: Sequence[MemberFile], asked: Slice, *, status: MemberStatus | None
) -> tuple[Sequence[MemberFile], bool]:
    """Cut what a listing asks for out of all files, oldest first; tell whether more follow."""
    descending = asked.descending
    ordered = list(reversed(members)) if descending else list(members)
    start = 0 if asked.after is None else _place(ordered, asked.after, descending, behind=True)
    end = len(ordered)
    if asked.before is not None:
        end = _place(ordered, asked.before, descending, behind=False)
    found = [one for one in ordered[start:end] if status in {None, one.status}]
    if asked.before is not None and asked.after is None:
        return found[-asked.limit :], len(found) > asked.limit
    return found[: asked.limit], len(found) > asked.limit


def _place(ordered: Sequence[MemberFile], file_id: str, descending: bool, *, behind: bool) -> int:  # noqa: FBT001 - an order
    """Say where a file stands, or stood: one that is gone is placed by its id, which begins with its time."""
    ids = [one.file.id for one in ordered]
    if file_id in ids:
        return ids.index(file_id) + int(behind)
    if made_at(file_id) is None:
        name = "after" if behind else "before"
        msg = f"There is no file '{file_id[:100]}' in this listing"
        raise InvalidRequest(msg, param=name)
    return sum((one > file_id) == descending for one in ids)


def merged(found: Sequence[Sequence[Passage]], *, least: float, limit: int) -> list[Passage]:
    """Put the passages of several questions into one order, best first.

    Where passages overlap, the best of them stays.
    """
    every = [one for passages in found for one in passages if one.relevance >= least]
    every.sort(key=lambda one: -one.relevance)
    kept: list[Passage] = []
    for one in every:
        if len(kept) < limit and not any(_overlap(one, other) for other in kept):
            kept.append(one)
    return kept


def _overlap(one: Passage, other: Passage) -> bool:
    same = one.document_id == other.document_id
    return same and one.start < other.end and other.start < one.end
