"""The documents port narrowed to some files: whoever is given it finds, names and lists no others.

Not for: choosing the files (`vector_stores.scope_of`, `TurnRequest.file_ids`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from backend.ports.documents import (
    CitedPassage,
    Documents,
    DocumentState,
    File,
    Listing,
    Passage,
    SearchAnswer,
    SearchQuery,
    TextPage,
    Upload,
)
from backend.ports.limits import Bound
from backend.ports.stores import Page

UNREADY: tuple[DocumentState, ...] = ("queued", "parsing", "ocr", "embedding")
MOST_COUNTED = 1_000


def within(documents: Documents, file_ids: tuple[str, ...] | None) -> Documents:
    """Narrow documents to these files, none when there are none; None leaves them all."""
    return documents if file_ids is None else _Within(documents, file_ids)


class _Within:
    """The `Documents` port over some of the files; what would add or remove files is passed on."""

    def __init__(self, documents: Documents, file_ids: tuple[str, ...]) -> None:
        self._documents = documents
        self._file_ids = tuple(dict.fromkeys(file_ids))
        self._known = frozenset(file_ids)

    async def add(self, user_id: str, upload: Upload) -> File:
        """Take received bytes in."""
        return await self._documents.add(user_id, upload)

    async def get(self, user_id: str, file_id: str) -> File | None:
        """Find one of the files."""
        return await self._documents.get(user_id, file_id) if file_id in self._known else None

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        """List the files."""
        ids = self._file_ids
        if listing.file_ids is not None:
            ids = tuple(one for one in listing.file_ids if one in self._known)
        if not ids:
            return Page(items=())
        return await self._documents.list(user_id, replace(listing, file_ids=ids))

    async def bounds(self, user_id: str) -> Sequence[Bound]:
        """Tell how much the user may keep, and keeps, in all."""
        return await self._documents.bounds(user_id)

    async def settled(self, user_id: str, file_id: str, *, wait_s: float) -> File | None:
        """Wait for one of the files."""
        if file_id not in self._known:
            return None
        return await self._documents.settled(user_id, file_id, wait_s=wait_s)

    async def delete(self, user_id: str, file_id: str) -> bool:
        """Erase one of the files."""
        return file_id in self._known and await self._documents.delete(user_id, file_id)

    async def stop_reading(self, user_id: str) -> None:
        """Read no more of what a user added."""
        await self._documents.stop_reading(user_id)

    async def forget_user(self, user_id: str) -> None:
        """Erase all of a user."""
        await self._documents.forget_user(user_id)

    async def reindex(self, user_id: str, file_id: str) -> File | None:
        """Read one of the files anew."""
        return await self._documents.reindex(user_id, file_id) if file_id in self._known else None

    async def content(self, user_id: str, file_id: str) -> tuple[File, Path] | None:
        """Give the bytes of one of the files."""
        return await self._documents.content(user_id, file_id) if file_id in self._known else None

    async def text(self, user_id: str, file_id: str, *, number: int | None) -> Sequence[TextPage]:
        """Give the text of one of the files."""
        if file_id not in self._known:
            return ()
        return await self._documents.text(user_id, file_id, number=number)

    async def passages(
        self, user_id: str, file_id: str, *, max_chars: int | None = None
    ) -> Sequence[Passage]:
        """Give the text of one of the files as passages."""
        if file_id not in self._known:
            return ()
        return await self._documents.passages(user_id, file_id, max_chars=max_chars)

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages in the files."""
        ids = query.within.file_ids or self._file_ids
        ids = tuple(one for one in ids if one in self._known)
        if not ids:
            return SearchAnswer(passages=(), relevant=False, searched=0)
        narrowed = replace(query, within=replace(query.within, file_ids=ids))
        found = await self._documents.search(user_id, narrowed)
        if not found.unready:
            return found
        waiting = Listing(states=UNREADY, limit=MOST_COUNTED, file_ids=ids)
        unready = len((await self._documents.list(user_id, waiting)).items)
        return replace(found, unready=unready)

    async def cited(self, user_id: str, citation_id: str) -> CitedPassage | None:
        """Resolve a citation of one of the files."""
        found = await self._documents.cited(user_id, citation_id)
        return found if found is not None and found.citation.file_id in self._known else None

    async def has_any(self, user_id: str) -> bool:
        """Tell whether one of the files is there."""
        if not self._known or not await self._documents.has_any(user_id):
            return False
        return bool((await self.list(user_id, Listing(limit=1))).items)

    async def watch(self, user_id: str, file_id: str) -> AsyncIterator[File]:
        """Follow one of the files."""
        if file_id in self._known:
            async for file in self._documents.watch(user_id, file_id):
                yield file
