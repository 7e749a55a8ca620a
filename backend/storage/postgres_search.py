"""Searching in PostgreSQL itself: the `SearchIndexes` port without anything beside the database.

All that a process keeps are a few counts per user, of one version of the library; what is found is read anew each
time. Not for: the questions themselves (`postgres_words`, `postgres_meaning`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TypeVar

from sqlalchemy import Connection, text

from backend.errors import StewardError
from backend.kit.log_context import start_unbound
from backend.ports.embedding import EmbeddingSpace
from backend.ports.search_indexes import MeaningIndex, WordIndex
from backend.storage.database import Database
from backend.storage.libraries import library_version
from backend.storage.postgres_counts import SAMPLING, LibraryCounts, Sampling, library_counts
from backend.storage.postgres_meaning import PostgresMeaning
from backend.storage.postgres_nearest import index_state, make_index, remove_indexes
from backend.storage.postgres_plans import by_index
from backend.storage.postgres_words import PostgresWords

T = TypeVar("T")

logger = logging.getLogger(__name__)
_COUNTED_USERS = 200
_CANCEL_AGAIN_S = 0.2
_WHO = text("SELECT pg_backend_pid()")
_CANCEL = text("SELECT pg_cancel_backend(:pid)")


class PostgresIndexes:
    """The `SearchIndexes` port over PostgreSQL with pgvector."""

    def __init__(
        self, database: Database, *, index_above: int = 0, sampling: Sampling = SAMPLING
    ) -> None:
        """Search a database; vectors of users with more chunks than `index_above` get an index, 0 = never."""
        self._database = database
        self._index_above = index_above
        self._sampling = sampling
        self._counts: OrderedDict[str, LibraryCounts] = OrderedDict()
        self._making: dict[str, asyncio.Task[None]] = {}
        self._makers: set[int] = set()
        self._closing = False

    async def ask(
        self,
        user_id: str,
        space: EmbeddingSpace | None,
        work: Callable[[WordIndex, MeaningIndex | None], T],
    ) -> T:
        """Run `work` over a user's words and vectors, in a thread that has a connection."""
        known = self._counts.get(user_id)
        answer, counts, wanted = await self._database.read(self._asked, user_id, space, work, known)
        self._counts[user_id] = counts
        self._counts.move_to_end(user_id)
        if len(self._counts) > _COUNTED_USERS:
            self._counts.popitem(last=False)
        if wanted and space is not None and space.id not in self._making:
            self._making[space.id] = start_unbound(self._make(space), name="index vectors")
        return answer

    def users(self) -> Collection[str]:
        """Name the users of whom something was counted."""
        return tuple(self._counts)

    async def forget(self, user_id: str, document_ids: Collection[str]) -> None:
        """Do nothing: what is searched goes with the document's rows."""

    async def discard(self, user_id: str) -> None:
        """Forget what was counted of a user."""
        self._counts.pop(user_id, None)

    async def sweep(self) -> None:
        """Remove the indexes of vectors when there are to be none: they would slow uploads down."""
        if not self._index_above:
            try:
                await self._database.read(remove_indexes)
            except StewardError as exc:
                logger.warning("unused indexes of vectors stay until the next start: %s", exc)

    async def made(self) -> None:
        """Wait until no index is being made any more."""
        await asyncio.gather(*self._making.values())

    async def aclose(self) -> None:
        """Stop making an index; the next server that needs it begins anew."""
        self._closing = True
        # Again and again: a cancellation between two statements of a maker is lost.
        while pending := [task for task in self._making.values() if not task.done()]:
            for pid in list(self._makers):
                with contextlib.suppress(StewardError):
                    await self._database.read(_cancel, pid)
            await asyncio.wait(pending, timeout=_CANCEL_AGAIN_S)

    def _asked(
        self,
        connection: Connection,
        user_id: str,
        space: EmbeddingSpace | None,
        work: Callable[[WordIndex, MeaningIndex | None], T],
        known: LibraryCounts | None,
    ) -> tuple[T, LibraryCounts, bool]:
        with by_index(connection):
            # Read before the chunks: what comes in between is seen again by the next search.
            version = library_version(connection, user_id)
            counts = known
            if counts is None or counts.version != version:
                counts = library_counts(
                    connection, user_id, version=version, sampling=self._sampling
                )
            words = PostgresWords(connection, user_id, counts)
            if space is None:
                return work(words, None), counts, False
            usable, wanted = index_state(
                connection, space, chunks=counts.chunks, above=self._index_above
            )
            meaning = PostgresMeaning(connection, user_id, space, index=usable)
            return work(words, meaning), counts, wanted

    async def _make(self, space: EmbeddingSpace) -> None:
        """Make the index for large libraries; without it they are searched all the same, only slower."""
        try:
            made = await self._database.read(self._made_by, space)
        except StewardError as exc:
            logger.warning("vectors of %s are searched without an index: %s", space.id, exc)
            return
        if made:
            logger.info("vectors of %s have an index now", space.id)
        else:  # another server is at it: look again with a later search
            del self._making[space.id]

    def _made_by(self, connection: Connection, space: EmbeddingSpace) -> bool:
        pid: int = connection.execute(_WHO).scalar_one()
        self._makers.add(pid)
        try:
            return not self._closing and make_index(connection, space)
        finally:
            self._makers.discard(pid)


def _cancel(connection: Connection, pid: int) -> None:
    connection.execute(_CANCEL, {"pid": pid})
