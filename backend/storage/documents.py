"""What is known of documents, in the database.

The store itself; what it writes of readings stands in `readings`, what it reads for searches in
`document_search`, text in `document_text`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Float, bindparam, case, func, select, update

from backend.ports.clock import Clock
from backend.ports.document_jobs import Claim
from backend.ports.document_stores import Chunk, FoundChunk, IndexedChunk, ReadDocument
from backend.ports.documents import FINAL_STATES, Document, DocumentState, FileFilter, TextPage
from backend.storage import document_search, document_text, readings
from backend.storage.claims import ended, held
from backend.storage.database import Database, insert_or_update
from backend.storage.document_rows import document_of, pieces
from backend.storage.document_tables import chunk_vectors, chunks, documents
from backend.storage.libraries import library_version, raise_version
from backend.storage.row_locks import wait_for_rows

_THIS = documents.c.id == bindparam("document")
_GET = select(documents).where(_THIS, documents.c.user_id == bindparam("owner"))
_OWNER = select(documents.c.user_id).where(_THIS)
_IS_FINAL = documents.c.state.in_(sorted(FINAL_STATES))
_NEW_PROGRESS = bindparam("new_progress", type_=Float)
_PROGRESS = (
    update(documents)
    .where(_THIS)
    .values(
        progress=case(
            (_IS_FINAL, documents.c.progress),
            else_=func.coalesce(_NEW_PROGRESS, documents.c.progress),
        ),
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
        claim: Claim | None = None,
        now_ms: int,
    ) -> bool:
        """Note how far a document is; False when it has been erased, or the claim is lost.

        `failed` drops the reading that was being made; an older one stays searchable.
        """
        state_now = readings.State(state, progress=progress, reason=reason, now_ms=now_ms)
        return await self._database.write(_mark, document_id, state_now, claim=claim)

    async def keep_text(
        self, document_id: str, read: ReadDocument, *, claim: Claim | None = None, now_ms: int
    ) -> bool:
        """Keep a new reading beside the searchable one, and set the state to `embedding`.

        False, and nothing kept, when the document has been erased or the claim is lost.

        Raises:
            ValueError: when the pages do not tile a clean text.
        """
        readings.check_pages(read.pages)
        for piece in readings.cut(read):
            kept = await self._database.write(
                _keep_piece, document_id, piece, read=read, claim=claim, now_ms=now_ms
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
        progress: float | None,
        claim: Claim | None = None,
        now_ms: int,
    ) -> bool:
        """Store vectors by chunk id; those of chunks that are gone are dropped."""
        values = {"document": document_id, "new_progress": progress, "now": now_ms}
        return await self._database.write(_keep_vectors, values, space, vectors, claim=claim)

    async def finish(self, document_id: str, *, claim: Claim | None = None, now_ms: int) -> bool:
        """Make the new reading the searchable one, forget the old, set the state to `ready`."""
        return await self._database.write(_finish, document_id, claim=claim, now_ms=now_ms)

    async def raise_version(self, document_id: str) -> None:
        """Note that a document is found differently: by vectors that it lacked."""
        await self._database.write(_raise_version, document_id)

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


def _mark(
    connection: Connection, document_id: str, state: readings.State, *, claim: Claim | None
) -> bool:
    wait_for_rows(connection)  # a scan is marked page by page
    if not held(connection, document_id, claim):
        return False
    if state.name in FINAL_STATES:
        ended(connection, claim)
    return readings.mark(connection, document_id, state)


def _keep_piece(
    connection: Connection,
    document_id: str,
    piece: readings.Piece,
    *,
    read: ReadDocument,
    claim: Claim | None,
    now_ms: int,
) -> bool:
    return held(connection, document_id, claim) and readings.keep_piece(
        connection, document_id, piece, read=read, now_ms=now_ms
    )


def _finish(connection: Connection, document_id: str, *, claim: Claim | None, now_ms: int) -> bool:
    if not held(connection, document_id, claim):
        return False
    if not readings.finish(connection, document_id, now_ms=now_ms):
        return False
    ended(connection, claim)
    return True


def _raise_version(connection: Connection, document_id: str) -> None:
    owner = connection.execute(_OWNER, {"document": document_id}).scalar()
    if owner is not None:
        raise_version(connection, owner)


def _keep_vectors(
    connection: Connection,
    values: dict[str, str | float | int | None],
    space: str,
    vectors: Mapping[int, bytes],
    *,
    claim: Claim | None,
) -> bool:
    wait_for_rows(connection)  # a long document is embedded batch by batch
    if not held(connection, str(values["document"]), claim):
        return False
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
