"""Answers that clients keep, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict
from backend.kit.json_values import copy_json
from backend.ports.answers import MAX_CHAIN, AnswerListing, StoredAnswer
from backend.ports.stores import Page
from backend.ports.values import JsonObject
from backend.storage.listing import checked_limit
from backend.storage.memory.shelves import Shelves
from backend.storage.scrubbing import scrubbed_answer


class MemoryAnswerStore:
    """The `AnswerStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def save(self, answer: StoredAnswer) -> None:
        """Insert or replace one; another user's answer of the same id stays as it is."""
        self._shelves.require_user(answer.user_id)
        if answer.conversation_id not in {None, *self._shelves.conversations}:
            raise Conflict
        known = self._shelves.answers.get(answer.id)
        if known is None or known.user_id == answer.user_id:
            named = tuple(sorted(set(answer.file_ids)))
            papers = self._shelves.papers
            gone = {one for one in named if papers.file(answer.user_id, one) is None}
            kept = scrubbed_answer(_detached(replace(answer, file_ids=named)), gone)
            self._shelves.answers[answer.id] = kept

    async def get(self, user_id: str, answer_id: str) -> StoredAnswer | None:
        """Find one of the user's."""
        it = self._shelves.answers.get(answer_id)
        return _detached(it) if it is not None and it.user_id == user_id else None

    async def list(self, user_id: str, listing: AnswerListing) -> Page[StoredAnswer]:
        """A slice of the user's by time of making; one that begins after nothing known is empty.

        Raises:
            InvalidRequest: for a limit outside 1 to 1,000.
        """
        size = checked_limit(listing.limit)
        whole = [it for it in self._shelves.answers.values() if _fits(it, user_id, listing)]
        whole.sort(key=lambda it: (it.created_at_ms, it.id), reverse=listing.descending)
        if listing.after is not None:
            last = await self.get(user_id, listing.after)
            if last is None:
                return Page(items=())
            mark = (last.created_at_ms, last.id)
            down = listing.descending
            whole = [
                it
                for it in whole
                if ((it.created_at_ms, it.id) < mark if down else (it.created_at_ms, it.id) > mark)
            ]
        items = tuple(map(_detached, whole[:size]))
        return Page(items=items, next_cursor=items[-1].id if len(whole) > size else None)

    async def change_metadata(
        self, user_id: str, answer_id: str, metadata: JsonObject
    ) -> StoredAnswer | None:
        """Replace the metadata, in `body` too."""
        it = await self.get(user_id, answer_id)
        if it is None:
            return None
        changed = replace(it, metadata=metadata, body={**it.body, "metadata": metadata})
        self._shelves.answers[answer_id] = _detached(changed)
        return await self.get(user_id, answer_id)

    async def context(self, user_id: str, answer_id: str) -> Sequence[JsonObject]:
        """The messages of an answer and of those before it, oldest first."""
        chain: list[StoredAnswer] = []
        it = await self.get(user_id, answer_id)
        while it is not None and len(chain) < MAX_CHAIN:
            chain.append(it)
            it = await self.get(user_id, it.previous_id) if it.previous_id else None
        return [message for one in reversed(chain) for message in one.context]

    async def prune(self, before_ms: int) -> int:
        """Forget all that were made before then; tell how many."""
        old = [it.id for it in self._shelves.answers.values() if it.created_at_ms < before_ms]
        for answer_id in old:
            del self._shelves.answers[answer_id]
        return len(old)

    async def delete(self, user_id: str, answer_id: str) -> bool:
        """Forget one; what goes on from it goes on from the one before it."""
        known = await self.get(user_id, answer_id)
        if known is None:
            return False
        for it in list(self._shelves.answers.values()):
            if it.previous_id == answer_id and it.user_id == user_id:
                self._shelves.answers[it.id] = replace(it, previous_id=known.previous_id)
        del self._shelves.answers[answer_id]
        return True


def _fits(it: StoredAnswer, user_id: str, listing: AnswerListing) -> bool:
    return (
        it.user_id == user_id
        and it.kind == listing.kind
        and listing.model in {None, it.model}
        and listing.metadata.items() <= it.metadata.items()
    )


def _detached(it: StoredAnswer) -> StoredAnswer:
    """Copy an answer's JSON, so that nobody changes what is stored from outside."""
    return replace(
        it,
        body=copy_json(it.body),
        input=tuple(copy_json(list(it.input))),
        context=tuple(copy_json(list(it.context))),
        metadata=copy_json(it.metadata),
    )
