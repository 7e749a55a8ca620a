"""Answers that are kept because a client asked for it, to be read again by their id.

Not for: runs, which are kept anyway for their trace (`stores`), or the messages of a session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from backend.ports.stores import Page
from backend.ports.values import JsonObject

MAX_CHAIN = 1_000
AnswerKind = Literal["response", "chat.completion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """One answer as its client saw it, with what had been asked.

    `body` is the object of the wire, `input` what the request brought: input items of a response,
    messages of a chat completion. `context` are the chat messages that it adds to those of the
    response `previous_id`, this answer included. `id` names the run: `resp_...`, `chatcmpl-...`.
    `file_ids` are the user's files that it quotes; when one is deleted, its passages go from the answer.
    """

    id: str
    user_id: str
    kind: AnswerKind
    run_id: str
    model: str
    body: JsonObject
    input: Sequence[JsonObject] = ()
    context: Sequence[JsonObject] = ()
    metadata: JsonObject = field(default_factory=dict[str, Any])
    conversation_id: str | None = None
    previous_id: str | None = None
    created_at_ms: int = 0
    file_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerListing:
    """Which kept answers: of one kind, of one model and with every given metadata pair, if given.

    They begin after the one with the id `after`.
    """

    kind: AnswerKind
    model: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    after: str | None = None
    limit: int = 20
    descending: bool = False


class AnswerStore(Protocol):
    """Kept answers. Ownership is part of every query."""

    async def save(self, answer: StoredAnswer) -> None:
        """Insert or replace one; Conflict when its user or conversation does not exist any more."""
        ...

    async def get(self, user_id: str, answer_id: str) -> StoredAnswer | None:
        """Find one of the user's."""
        ...

    async def list(self, user_id: str, listing: AnswerListing) -> Page[StoredAnswer]:
        """A slice of the user's by time of making; `next_cursor` is the id of its last one."""
        ...

    async def change_metadata(
        self, user_id: str, answer_id: str, metadata: JsonObject
    ) -> StoredAnswer | None:
        """Replace the metadata, in `body` too."""
        ...

    async def context(self, user_id: str, answer_id: str) -> Sequence[JsonObject]:
        """The messages that a response after this one goes on from, oldest first.

        They are those of the answer and of all before it (`previous_id`) that are still kept, of the
        newest MAX_CHAIN of them.
        """
        ...

    async def prune(self, before_ms: int) -> int:
        """Forget all that were made before then; tell how many."""
        ...

    async def delete(self, user_id: str, answer_id: str) -> bool:
        """Forget one; what goes on from it goes on from the one before it."""
        ...
