"""Vector stores: named sets of a user's files, searched together, as OpenAI's API knows them.

The files are those of `documents`; nothing is embedded twice. A store only says which of them belong
together, under which attributes. Not for: searching itself (`documents`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.ports.documents import DocumentState, File
from backend.ports.stores import Page
from backend.ports.values import JsonObject


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFile:
    """A file in a vector store; `chunking` is what the request said about it, kept to be shown."""

    store_id: str
    file: File
    attributes: JsonObject = field(default_factory=dict[str, Any])
    chunking: JsonObject = field(default_factory=dict[str, Any])
    batch_id: str | None = None
    created_at_ms: int = 0


class VectorStoreStore(Protocol):
    """Vector stores and which files are in them. Ownership is part of every query."""

    async def save(self, store: VectorStore) -> None:
        """Insert or replace one."""
        ...

    async def get(self, user_id: str, store_id: str) -> VectorStore | None:
        """Find one of the user's."""
        ...

    async def list(
        self, user_id: str, *, after: str | None, before: str | None, limit: int, descending: bool
    ) -> Page[VectorStore]:
        """The user's by time of making, between the ids given; `next_cursor` is the last id."""
        ...

    async def delete(self, user_id: str, store_id: str) -> bool:
        """Forget one; its files stay files."""
        ...

    async def put_file(self, user_id: str, member: MemberFile) -> bool:
        """Add a file, or replace what is said of it; False when store or file is not the user's."""
        ...

    async def files(self, user_id: str, store_id: str) -> Sequence[MemberFile]:
        """All files of one of the user's stores, oldest first."""
        ...

    async def remove_file(self, user_id: str, store_id: str, file_id: str) -> bool:
        """Take a file out; it stays a file."""
        ...

    async def counts(
        self, user_id: str, store_ids: Sequence[str]
    ) -> Sequence[tuple[str, DocumentState, int, int]]:
        """How many files, of how many bytes, each store has in each state."""
        ...

    async def touch(self, user_id: str, store_ids: Sequence[str], at_ms: int) -> None:
        """Note that stores were used."""
        ...
