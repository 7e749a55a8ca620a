"""Vector stores: named sets of a user's files, searched together, as OpenAI's API knows them.

The files are those of `documents`; nothing is embedded twice. A store only says which of them belong
together, under which attributes. Not for: searching itself (`documents`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from backend.errors import InvalidRequest, QuotaExceeded
from backend.kit.attribute_filters import InvalidFilter, condition_of
from backend.ports.documents import FINAL_STATES, File
from backend.ports.stores import Page
from backend.ports.values import JsonObject

MemberStatus = Literal["in_progress", "completed", "cancelled", "failed"]
DAY_MS = 86_400_000


MOST_PER_USER = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorStore:
    """One named set of files; it expires `expires_after_days` after its last use, if that is given."""

    id: str
    user_id: str
    name: str = ""
    description: str = ""
    metadata: JsonObject = field(default_factory=dict[str, Any])
    expires_after_days: int | None = None
    created_at_ms: int = 0
    last_active_at_ms: int = 0

    @property
    def expires_at_ms(self) -> int | None:
        """When it expires unless it is used before; None for never."""
        days = self.expires_after_days
        return None if days is None else self.last_active_at_ms + days * DAY_MS

    def expired(self, now_ms: int) -> bool:
        """Tell whether it may be searched no more; what it holds can still be listed."""
        return self.expires_at_ms is not None and self.expires_at_ms <= now_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """A file that is put into a vector store, and what is said of it there.

    `chunking` is what the request said about its chunks, kept to be shown. `cancelled` takes it out
    of searches until it is added again: its batch was cancelled.
    """

    file_id: str
    attributes: JsonObject = field(default_factory=dict[str, Any])
    chunking: JsonObject = field(default_factory=dict[str, Any])
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFile:
    """A file in a vector store, as `NewMember` and since when."""

    store_id: str
    file: File
    attributes: JsonObject = field(default_factory=dict[str, Any])
    chunking: JsonObject = field(default_factory=dict[str, Any])
    cancelled: bool = False
    created_at_ms: int = 0

    @property
    def status(self) -> MemberStatus:
        """How far it is: `completed` once searches find it, `failed` when they never will."""
        document = self.file.document
        if self.cancelled:
            return "cancelled"
        if document.revision > 0:
            return "completed"
        return "failed" if document.state in FINAL_STATES else "in_progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBatch:
    """Files that were added to a store together, by id in the order of the request."""

    id: str
    user_id: str
    store_id: str
    file_ids: tuple[str, ...]
    cancelled: bool = False
    created_at_ms: int = 0


class VectorStoreStore(Protocol):
    """Vector stores and which files are in them. Ownership is part of every query.

    A file that has expired or was deleted is in no store.
    """

    most_per_user: int

    async def save(self, store: VectorStore) -> None:
        """Insert or replace one.

        Raises:
            QuotaExceeded: when it is new and the user has `most_per_user` already.
        """
        ...

    async def get(self, user_id: str, store_id: str) -> VectorStore | None:
        """Find one of the user's."""
        ...

    async def list(
        self, user_id: str, *, after: str | None, before: str | None, limit: int, descending: bool
    ) -> Page[VectorStore]:
        """The user's by time of making, between the ids given; `next_cursor` is the last id.

        An id that is none of the user's any more still has its place: ids sort by time. With
        `before` alone the slice ends right in front of it.
        """
        ...

    async def delete(self, user_id: str, store_id: str) -> bool:
        """Forget one; its files stay files."""
        ...

    async def put_files(
        self,
        user_id: str,
        store_id: str,
        members: Sequence[NewMember],
        *,
        at_ms: int,
        batch: FileBatch | None = None,
    ) -> None:
        """Add files, or replace what is said of them; all of it or nothing.

        Raises:
            NotFound: when the store or a file is not the user's.
        """
        ...

    async def files(self, user_id: str, store_id: str) -> Sequence[MemberFile]:
        """All files of one of the user's stores, oldest first."""
        ...

    async def file(self, user_id: str, store_id: str, file_id: str) -> MemberFile | None:
        """Find one file of one of the user's stores."""
        ...

    async def remove_file(self, user_id: str, store_id: str, file_id: str) -> bool:
        """Take a file out; it stays a file."""
        ...

    async def batch(self, user_id: str, store_id: str, batch_id: str) -> FileBatch | None:
        """Find a batch of one of the user's stores."""
        ...

    async def cancel_batch(self, user_id: str, store_id: str, batch_id: str) -> bool:
        """Cancel those files of a batch that are in progress; False when it is not the user's."""
        ...

    async def counts(
        self, user_id: str, store_ids: Sequence[str]
    ) -> Sequence[tuple[str, MemberStatus, int, int]]:
        """How many files, of how many bytes, each store has in each status."""
        ...

    async def touch(self, user_id: str, store_ids: Sequence[str], at_ms: int) -> None:
        """Note that stores were used."""
        ...


def too_many(most: int) -> QuotaExceeded:
    """Make the refusal of one store too many."""
    return QuotaExceeded(f"An account has at most {most} vector stores; delete some first")


def scope_of(
    members: Iterable[MemberFile], filters: object = None, *, place: str = "filters"
) -> tuple[str, ...]:
    """Choose the files of vector stores that a search may look into, each once, in order.

    Raises:
        InvalidRequest: for a filter that cannot be understood, naming where below `place`.
    """
    try:
        fits = condition_of(filters, place=place)
    except InvalidFilter as exc:
        raise InvalidRequest(str(exc), param=exc.place) from exc
    chosen = (one.file.id for one in members if not one.cancelled and fits({**one.attributes}))
    return tuple(dict.fromkeys(chosen))
