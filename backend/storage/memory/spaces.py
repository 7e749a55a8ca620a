"""Which embedding spaces have vectors, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from backend.ports.documents import Document
from backend.storage.memory.document_shelves import detached_document
from backend.storage.memory.shelves import Shelves


class MemorySpaceStore:
    """The `SpaceStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._papers = shelves.papers

    async def active(self) -> str | None:
        """The space that searches use; None before the first document."""
        spaces = self._papers.spaces.items()
        return next((space for space, state in spaces if state == "active"), None)

    async def begin(self, space: str, *, dimensions: int) -> None:  # noqa: ARG002 - a row of its own in a database
        """Note that a space is to become the active one; at once when there is none yet.

        A space that was begun before and has not become active is given up, its vectors forgotten.
        """
        active = await self.active()
        self._forget_all_but({space, active})
        self._papers.spaces[space] = "active" if active in {None, space} else "building"

    async def missing(self, space: str, *, limit: int) -> Sequence[Document]:
        """Searchable documents with chunks that have no vector in a space, oldest first."""
        found = [it for it in self._papers.documents.values() if self._lacks(it, space)]
        found.sort(key=lambda it: (it.created_at_ms, it.id))
        return [detached_document(it) for it in found[:limit]]

    async def switch(self, space: str) -> bool:
        """Make a space the active one and forget the others' vectors, if nothing is missing in it."""
        state = self._papers.spaces.get(space)
        if state == "active":
            return True
        if state is None or await self.missing(space, limit=1):
            return False
        self._forget_all_but({space})
        self._papers.spaces[space] = "active"
        for user_id in self._papers.versions:
            self._papers.raise_version(user_id)
        return True

    def _lacks(self, document: Document, space: str) -> bool:
        if document.revision == 0 or document.id in self._papers.making:
            return False
        chunks = self._papers.readings[document.id, document.revision].chunks
        return any((chunk.id, space) not in self._papers.vectors for chunk in chunks)

    def _forget_all_but(self, kept: set[str | None]) -> None:
        for space in [it for it in self._papers.spaces if it not in kept]:
            del self._papers.spaces[space]
            for key in [it for it in self._papers.vectors if it[1] == space]:
                del self._papers.vectors[key]
