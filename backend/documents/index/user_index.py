"""The indexes of the users who search: loaded on demand, brought up to date, bounded in memory, made anew when damaged.

Everything here is a cache of the database, in `FOLDER/{user_id}/`. Belongs to one event loop; what
takes time runs in threads. Not for: ranking (`ranking`).
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from backend.documents.index.damage import IndexDamaged, VectorsDamaged
from backend.documents.index.lexical import LexicalIndex
from backend.ports.document_stores import DocumentStore
from backend.ports.embedding import EmbeddingSpace
from backend.ports.search_indexes import MeaningIndex, WordIndex

if TYPE_CHECKING:
    from backend.documents.index.dense import DenseIndex, Held

T = TypeVar("T")

_log = logging.getLogger(__name__)

_LEXICAL = "lexical.db"
_DENSE = "dense-*"
_LOADED_BYTES = 1024 * 1024  # what a loaded user costs besides vectors: connections and their pages
_SAVED_SHARE = 10  # vectors are written when one in so many has changed


@dataclass(slots=True)
class UserIndex:
    """What is loaded of one user; each version is the library version that the index shows."""

    lexical: LexicalIndex
    lexical_version: int = -1
    dense: DenseIndex | None = None
    space: EmbeddingSpace | None = None
    dense_version: int = -1

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        return _LOADED_BYTES + (self.dense.size_bytes if self.dense else 0)


class UserIndexes:
    """The `SearchIndexes` port over files; about `memory_bytes` of them stay loaded, and always the last used."""

    def __init__(self, folder: Path, documents: DocumentStore, *, memory_bytes: int) -> None:
        self._folder = folder
        self._documents = documents
        self._memory_bytes = memory_bytes
        self._loaded: OrderedDict[str, UserIndex] = OrderedDict()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask(
        self,
        user_id: str,
        space: EmbeddingSpace | None,
        work: Callable[[WordIndex, MeaningIndex | None], T],
    ) -> T:
        """Run `work` over a user's indexes as the library is now; once more when they were damaged."""
        index = await self.fresh(user_id, space)
        try:
            return await asyncio.to_thread(work, index.lexical, index.dense)
        except IndexDamaged as exc:
            _log.warning("the index of %s is made anew: %s", user_id, exc)
        await self.discard(user_id)
        index = await self.fresh(user_id, space)
        return await asyncio.to_thread(work, index.lexical, index.dense)

    async def fresh(self, user_id: str, space: EmbeddingSpace | None) -> UserIndex:
        """Give a user's indexes as the library is now; without a space, of the lexical one alone."""
        folder = self._folder_of(user_id)
        async with self._locks[user_id]:
            try:
                index = await self._current(user_id, folder, space)
            except IndexDamaged as exc:
                _log.warning("the lexical index of %s is made anew: %s", user_id, exc)
                await self._drop(user_id, folder)
                index = await self._current(user_id, folder, space)
            self._loaded[user_id] = index
            self._loaded.move_to_end(user_id)
        await self._shrink()
        return index

    def users(self) -> tuple[str, ...]:
        """Name the users whose indexes are loaded."""
        return tuple(self._loaded)

    async def discard(self, user_id: str) -> None:
        """Erase what is kept of a user, because the user is gone or it is damaged."""
        async with self._locks[user_id]:
            await self._drop(user_id, self._folder_of(user_id))

    async def forget(self, user_id: str, document_ids: Collection[str]) -> None:
        """Erase what is kept of documents that were deleted."""
        folder = self._folder_of(user_id)
        async with self._locks[user_id]:
            if not folder.exists():
                return
            index = self._loaded.get(user_id)
            try:
                await asyncio.to_thread(_forget, folder, index, document_ids)
            except IndexDamaged:
                await self._drop(user_id, folder)

    async def sweep(self) -> None:
        """Erase what a crash left behind of deleted documents and users; for the start of the server."""
        if not self._folder.is_dir():
            return
        for folder in sorted(self._folder.iterdir()):
            user_id = folder.name
            known = await self._documents.revisions(user_id)
            if not known:
                await self.discard(user_id)
                continue
            try:
                inside = await asyncio.to_thread(_documents_inside, folder)
            except IndexDamaged:
                await self.discard(user_id)
                continue
            if gone := inside - known.keys():
                await self.forget(user_id, gone)

    async def aclose(self) -> None:
        """Write what is not written yet, and close everything."""
        while self._loaded:
            user_id, index = self._loaded.popitem()
            async with self._locks[user_id]:
                await asyncio.to_thread(_close, index)

    def _folder_of(self, user_id: str) -> Path:
        folder = self._folder / user_id
        if folder.parent != self._folder or user_id in {"", ".", ".."}:
            msg = f"{user_id!r} is no user's id"
            raise ValueError(msg)
        return folder

    async def _current(self, user_id: str, folder: Path, space: EmbeddingSpace | None) -> UserIndex:
        index = self._loaded.get(user_id)
        if index is None:
            index = UserIndex(LexicalIndex(folder / _LEXICAL))
            await asyncio.to_thread(index.lexical.open)
            self._loaded[user_id] = index
        if space is not None and index.space != space:
            index.dense = await asyncio.to_thread(_loaded_vectors, folder, space)
            index.space, index.dense_version = space, -1
        # Read before the documents: what comes in between is seen again by the next search.
        version = await self._documents.library_version(user_id)
        if index.lexical_version != version or (space and index.dense_version != version):
            await self._bring_up(user_id, index, version)
        return index

    async def _bring_up(self, user_id: str, index: UserIndex, version: int) -> None:
        wanted = await self._documents.revisions(user_id)
        lexical, dense = index.lexical, index.dense
        words = await asyncio.to_thread(lexical.revisions)
        vectors: Mapping[str, Held] = {} if dense is None else dense.held()
        await asyncio.to_thread(
            _remove, index, words.keys() - wanted.keys(), vectors.keys() - wanted.keys()
        )
        space = index.space.id if index.space else ""
        for document_id, revision in wanted.items():
            held = vectors.get(document_id)
            has_words = words.get(document_id) == revision
            has_vectors = dense is None or (
                held is not None and held.revision == revision and held.complete
            )
            if has_words and has_vectors:
                continue
            chunks = await self._documents.indexed_chunks(user_id, document_id, space)
            if not has_words:
                await asyncio.to_thread(lexical.put, document_id, revision, chunks)
            if dense is not None and not has_vectors:
                await asyncio.to_thread(dense.put, document_id, revision, chunks)
        index.lexical_version = version
        if dense is not None:
            index.dense_version = version
            if dense.unsaved * _SAVED_SHARE > len(dense):
                await asyncio.to_thread(_save, dense)

    async def _drop(self, user_id: str, folder: Path) -> None:
        index = self._loaded.pop(user_id, None)
        if index is not None:
            index.lexical.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _shrink(self) -> None:
        while len(self._loaded) > 1 and self._loaded_bytes() > self._memory_bytes:
            user_id, index = next(iter(self._loaded.items()))
            async with self._locks[user_id]:
                if self._loaded.get(user_id) is index:
                    del self._loaded[user_id]
                    await asyncio.to_thread(_close, index)

    def _loaded_bytes(self) -> int:
        return sum(index.size_bytes for index in self._loaded.values())


def _loaded_vectors(folder: Path, space: EmbeddingSpace) -> DenseIndex:
    from backend.documents.index.dense import (  # noqa: PLC0415 - FAISS and numpy: 40 MiB for searches alone
        DenseIndex,
    )

    dense = DenseIndex(folder, space.id, dimensions=space.dimensions)
    try:
        dense.load()
    except VectorsDamaged as exc:
        _log.warning("the vectors in %s are made anew: %s", folder, exc)
        return DenseIndex(folder, space.id, dimensions=space.dimensions)
    return dense


def _remove(index: UserIndex, words: Collection[str], vectors: Collection[str]) -> None:
    if words:
        index.lexical.remove(words)
    if vectors and index.dense is not None:
        index.dense.remove(vectors)
        _save(index.dense)


def _forget(folder: Path, index: UserIndex | None, document_ids: Collection[str]) -> None:
    lexical = index.lexical if index else LexicalIndex(folder / _LEXICAL)
    lexical.open()
    lexical.remove(document_ids)
    if index is None:
        lexical.close()
    if index is not None and index.dense is not None:
        index.dense.remove(document_ids)
        index.dense.save()
        kept = index.dense.files()
    else:
        kept = ()
    for path in folder.glob(_DENSE):  # of spaces that are not loaded: made anew when they are
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _documents_inside(folder: Path) -> set[str]:
    lexical = LexicalIndex(folder / _LEXICAL)
    try:
        lexical.open()
        return set(lexical.revisions())
    finally:
        lexical.close()


def _close(index: UserIndex) -> None:
    index.lexical.close()
    if index.dense is not None and index.dense.unsaved:
        _save(index.dense)


def _save(dense: DenseIndex) -> None:
    """Write the vectors; a full disk costs the next start some time, and no search its answer."""
    try:
        dense.save()
    except (OSError, RuntimeError) as exc:
        _log.warning("the vectors could not be written, they are made anew when needed: %s", exc)
