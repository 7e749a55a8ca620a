"""What is known of documents, in the database.

The store itself; what it writes of readings stands in `readings`, what it reads for searches in
`document_search`, text in `document_text`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select, update

from backend.ports.clock import Clock
from backend.ports.document_stores import Chunk, FoundChunk, IndexedChunk, ReadDocument
from backend.ports.documents import FINAL_STATES, Document, DocumentState, FileFilter, TextPage
from backend.storage import document_search, document_text, readings
from backend.storage.database import Database, insert_or_update
from backend.storage.document_rows import document_of, pieces
from backend.storage.document_tables import chunk_vectors, chunks, documents
from backend.storage.libraries import library_version

_THIS = documents.c.id == bindparam("document")
_GET = select(documents).where(_THIS, documents.c.user_id == bindparam("owner"))
_MARK = (
    update(documents)
    .where(_THIS)
    .values(
        state=bindparam("new_state"),
        progress=bindparam("new_progress"),
        reason=bindparam("new_reason", type_=documents.c.reason.type),
        updated_at_ms=bindparam("now"),
    )
)
_IS_FINAL = documents.c.state.in_(sorted(FINAL_STATES))
_NEW_PROGRESS: ColumnElement[float] = bindparam("new_progress")
_PROGRESS = (
    update(documents)
    .where(_THIS)
    .values(
        progress=case((_IS_FINAL, documents.c.progress), else_=_NEW_PROGRESS),
        updated_at_ms=bindparam("now"),
    )
)
_THERE = select(chunks.c.id).where(
    chunks.c.document_id == bindparam("document"), chunks.c.id.in_(bindparam("ids", expanding=True))
)
_KEEP_VECTORS = insert_or_update(chunk_vectors, "chunk_id", "space")
_BY_STATE = (
    select(documents.c.state, func.count().label("number"))
    .where(documents.c.user_id == bindparam("owner"))
    .group_by(documents.c.state)
)


class SqlDocumentStore:
    """The `DocumentStore` port over SQL."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, user_id: str, document_id: str) -> Document | None:
        """Find one of the user's."""
        return await self._database.read(_get, user_id, document_id)

    async def mark(
        self,
        document_id: str,
        *,
        state: DocumentState,
        progress: float = 0.0,
        reason: str = "",
        now_ms: int,
    ) -> bool:
        """Note how far a document is; False when it has been erased.

        `failed` drops the reading that was being made; an older one stays searchable.
        """
        values = {
            "document": document_id,
            "new_state": state,
            "new_progress": progress,
            "new_reason": reason,
            "now": now_ms,
        }
        return await self._database.write(_mark, values)

    async def keep_text(self, document_id: str, read: ReadDocument, *, now_ms: int) -> bool:
        """Keep a new reading beside the searchable one, and set the state to `embedding`.

        False, and nothing kept, when the document has been erased.

        Raises:
            ValueError: when the pages do not tile a clean text.
        """
        readings.check_pages(read.pages)
        for piece in readings.cut(read):
            kept = await self._database.write(
                readings.keep_piece, document_id, piece, read=read, now_ms=now_ms
            )
            if not kept:
                return False
        return True

    async def unembedded(
        self, document_id: str, space: str, *, limit: int
    ) -> Sequence[tuple[Chunk, str]]:
        """Chunks that have no vector in a space yet, in order, each with its text."""
        return await self._database.read(
            document_search.unembedded, document_id, space=space, limit=limit
        )

    async def keep_vectors(
        self,
        document_id: str,
        space: str,
        vectors: Mapping[int, bytes],
        *,
        progress: float,
        now_ms: int,
    ) -> bool:
        """Store vectors by chunk id; those of chunks that are gone are dropped. False when the document is."""
        values = {"document": document_id, "new_progress": progress, "now": now_ms}
        return await self._database.write(_keep_vectors, values, space, vectors)

    async def finish(self, document_id: str, *, now_ms: int) -> bool:
        """Make the new reading the searchable one, forget the old, set the state to `ready`."""
        return await self._database.write(readings.finish, document_id, now_ms=now_ms)

    async def library_version(self, user_id: str) -> int:
        """A number that grows whenever what can be found changes; 0 for a user without documents."""
        return await self._database.read(library_version, user_id)

    async def revisions(self, user_id: str) -> Mapping[str, int]:
        """The searchable documents of a user with the revision of each."""
        return await self._database.read(document_search.revisions, user_id)

    async def indexed_chunks(
        self, user_id: str, document_id: str, space: str
    ) -> Sequence[IndexedChunk]:
        """Everything of one document that goes into an index."""
        return await self._database.read(
            document_search.indexed_chunks, user_id, document_id, space=space
        )

    async def found(self, user_id: str, chunk_ids: Sequence[int]) -> Sequence[FoundChunk]:
        """The chunks that are still there and searchable, in any order."""
        return await self._database.read(document_search.found, user_id, chunk_ids)

    async def searchable(self, user_id: str, within: FileFilter) -> Sequence[str]:
        """The ids of the user's searchable documents that have a file which fits a filter.

        Raises:
            InvalidRequest: for a name over 500 characters.
        """
        return await self._database.read(
            document_search.searchable, user_id, within, now_ms=self._clock.now_ms()
        )

    async def count_by_state(self, user_id: str) -> Mapping[DocumentState, int]:
        """How many documents of a user are in which state."""
        return await self._database.read(_count_by_state, user_id)

    async def slices(
        self, user_id: str, spans: Sequence[tuple[str, int, int]]
    ) -> Sequence[str | None]:
        """Searchable text at (document id, start, end), cut at its ends; None when it is gone."""
        return await self._database.read(document_text.slices, user_id, spans)

    async def pages(
        self, user_id: str, document_id: str, *, number: int | None = None
    ) -> Sequence[TextPage]:
        """The searchable text in order, or one page of it; of a first reading also before it is."""
        return await self._database.read(document_text.pages, user_id, document_id, number=number)

    async def neighbours(
        self, user_id: str, spans: Sequence[tuple[str, int, int]]
    ) -> Sequence[Sequence[FoundChunk]]:
        """The chunks of each document whose ordinals lie in first..last, in order."""
        return await self._database.read(document_search.neighbours, user_id, spans)


def _get(connection: Connection, user_id: str, document_id: str) -> Document | None:
    row = connection.execute(_GET, {"document": document_id, "owner": user_id}).first()
    return None if row is None else document_of(row)


def _mark(connection: Connection, values: dict[str, str | float | int]) -> bool:
    if connection.execute(_MARK, values).rowcount == 0:
        return False
    if values["new_state"] == "failed":
        readings.drop_unfinished(connection, str(values["document"]))
    return True


def _keep_vectors(
    connection: Connection,
    values: dict[str, str | float | int],
    space: str,
    vectors: Mapping[int, bytes],
) -> bool:
    if connection.execute(_PROGRESS, values).rowcount == 0:
        return False
    for ids in pieces(list(vectors)):
        there = connection.execute(_THERE, {"document": values["document"], "ids": ids}).scalars()
        rows = [{"chunk_id": it, "space": space, "vector": vectors[it]} for it in there]
        if rows:
            connection.execute(_KEEP_VECTORS, rows)
    return True


def _count_by_state(connection: Connection, user_id: str) -> Mapping[DocumentState, int]:
    rows = connection.execute(_BY_STATE, {"owner": user_id})
    return {row.state: row.number for row in rows}
