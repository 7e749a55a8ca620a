"""Vector stores in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from backend.errors import Conflict, NotFound
from backend.kit.json_values import clean_text, copy_json
from backend.ports.stores import Page
from backend.ports.vector_stores import (
    MOST_PER_USER,
    FileBatch,
    MemberFile,
    MemberStatus,
    NewMember,
    VectorStore,
    too_many,
)
from backend.storage.memory.shelves import Shelves


class MemoryVectorStoreStore:
    """The `VectorStoreStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._papers = shelves.papers
        self.most_per_user = MOST_PER_USER

    async def save(self, store: VectorStore) -> None:
        """Insert or replace one.

        Raises:
            QuotaExceeded: when it is new and the user has `most_per_user` already.
        """
        self._shelves.require_user(store.user_id)
        known = self._papers.stores.get(store.id)
        owners = [one.user_id for one in self._papers.stores.values()]
        if known is None and owners.count(store.user_id) >= self.most_per_user:
            raise too_many(self.most_per_user)
        if known is None or known.user_id == store.user_id:
            name, description = clean_text(store.name), clean_text(store.description)
            kept = replace(store, name=name, description=description)
            self._papers.stores[store.id] = _detached(kept)

    async def get(self, user_id: str, store_id: str) -> VectorStore | None:
        """Find one of the user's."""
        store = self._papers.stores.get(store_id)
        return _detached(store) if store is not None and store.user_id == user_id else None

    async def list(
        self, user_id: str, *, after: str | None, before: str | None, limit: int, descending: bool
    ) -> Page[VectorStore]:
        """The user's by time of making, between the ids given."""
        first, last = (before, after) if descending else (after, before)
        found = [
            it
            for it in self._papers.stores.values()
            if it.user_id == user_id
            and (first is None or it.id > first)
            and (last is None or it.id < last)
        ]
        backwards = before is not None and after is None
        found.sort(key=lambda it: it.id, reverse=descending != backwards)
        kept = tuple(_detached(it) for it in found[:limit][:: -1 if backwards else 1])
        return Page(items=kept, next_cursor=kept[-1].id if len(found) > limit else None)

    async def delete(self, user_id: str, store_id: str) -> bool:
        """Forget one; its files stay files."""
        if await self.get(user_id, store_id) is None:
            return False
        self._papers.erase_store(store_id)
        return True

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
        if await self.get(user_id, store_id) is None:
            msg = f"There is no vector store '{store_id[:100]}'"
            raise NotFound(msg, param="vector_store_id")
        for one in members:
            if self._papers.file(user_id, one.file_id) is None:
                msg = f"There is no file '{one.file_id[:100]}'"
                raise NotFound(msg, param="file_id")
        if batch is not None and batch.id in self._papers.batches:
            raise Conflict
        for one in members:
            self._papers.members[store_id, one.file_id] = MemberFile(
                store_id=store_id,
                file=self._papers.files[one.file_id],
                attributes=copy_json(one.attributes),
                chunking=copy_json(one.chunking),
                cancelled=one.cancelled,
                created_at_ms=at_ms,
            )
        if batch is not None:
            self._papers.batches[batch.id] = batch

    async def files(self, user_id: str, store_id: str) -> Sequence[MemberFile]:
        """All files of one of the user's stores, oldest first."""
        own = await self.get(user_id, store_id)
        keys = [key for key in self._papers.members if own is not None and key[0] == own.id]
        found = [self._member(user_id, *key) for key in keys]
        there = [one for one in found if one is not None]
        return sorted(there, key=lambda it: (it.created_at_ms, it.file.id))

    async def file(self, user_id: str, store_id: str, file_id: str) -> MemberFile | None:
        """Find one file of one of the user's stores."""
        return self._member(user_id, store_id, file_id)

    async def remove_file(self, user_id: str, store_id: str, file_id: str) -> bool:
        """Take a file out; it stays a file."""
        if self._member(user_id, store_id, file_id) is None:
            return False
        del self._papers.members[store_id, file_id]
        return True

    async def batch(self, user_id: str, store_id: str, batch_id: str) -> FileBatch | None:
        """Find a batch of one of the user's stores."""
        found = self._papers.batches.get(batch_id)
        known = found is not None and (found.user_id, found.store_id) == (user_id, store_id)
        return found if known else None

    async def cancel_batch(self, user_id: str, store_id: str, batch_id: str) -> bool:
        """Cancel those files of a batch that are in progress; False when it is not the user's."""
        batch = await self.batch(user_id, store_id, batch_id)
        if batch is None:
            return False
        for file_id in batch.file_ids:
            member = self._member(user_id, store_id, file_id)
            if member is not None and member.status == "in_progress":
                self._papers.members[store_id, file_id] = replace(member, cancelled=True)
        self._papers.batches[batch_id] = replace(batch, cancelled=True)
        return True

    async def counts(
        self, user_id: str, store_ids: Sequence[str]
    ) -> Sequence[tuple[str, MemberStatus, int, int]]:
        """How many files, of how many bytes, each store has in each status."""
        found: defaultdict[tuple[str, MemberStatus], list[int]] = defaultdict(list)
        for store_id in store_ids:
            for one in await self.files(user_id, store_id):
                found[store_id, one.status].append(one.file.document.size_bytes)
        return [(*key, len(sizes), sum(sizes)) for key, sizes in found.items()]

    async def touch(self, user_id: str, store_ids: Sequence[str], at_ms: int) -> None:
        """Note that stores were used."""
        for store_id in store_ids:
            store = await self.get(user_id, store_id)
            if store is not None and store.last_active_at_ms < at_ms:
                self._papers.stores[store_id] = replace(store, last_active_at_ms=at_ms)

    def _member(self, user_id: str, store_id: str, file_id: str) -> MemberFile | None:
        member = self._papers.members.get((store_id, file_id))
        file = self._papers.file(user_id, file_id)
        if member is None or file is None:
            return None
        attributes, chunking = copy_json(member.attributes), copy_json(member.chunking)
        return replace(member, file=file, attributes=attributes, chunking=chunking)


def _detached(store: VectorStore) -> VectorStore:
    return replace(store, metadata=copy_json(store.metadata))
