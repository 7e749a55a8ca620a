"""What searches and their indexes read of documents in the database: searchable readings alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from backend.ports.document_stores import Chunk, FoundChunk, IndexedChunk
from backend.ports.documents import FileFilter
from backend.storage.document_rows import ALIVE, FOUND, found_of, pieces
from backend.storage.document_tables import chunk_vectors, chunks, documents, files
from backend.storage.document_text import NEWEST, NewestText
from backend.storage.file_listing import name_key

_OWNER = documents.c.user_id == bindparam("owner")
_DOCUMENT = documents.c.id == bindparam("document")
_OF_SPACE = (chunk_vectors.c.chunk_id == chunks.c.id) & (
    chunk_vectors.c.space == bindparam("space")
)
# Joined to an empty text, the owner cannot be looked up by index: SQLite, which knows nothing of how many documents a
# user has, would otherwise walk through all of them instead of looking the ids up (23 ms at 100,000 chunks, now 1).
_ITS_OWNER = documents.c.user_id.concat("") == bindparam("owner")
_FOUND = FOUND.where(chunks.c.id.in_(bindparam("ids", expanding=True)), _ITS_OWNER)
_NEIGHBOURS = FOUND.where(
    _DOCUMENT, _OWNER, chunks.c.ordinal.between(bindparam("first"), bindparam("last"))
).order_by(chunks.c.ordinal)
_INDEXED = (
    select(chunks.c.id, chunks.c.lexemes, chunks.c.heading, chunk_vectors.c.vector)
    .join_from(
        documents,
        chunks,
        (chunks.c.document_id == documents.c.id) & (chunks.c.revision == documents.c.revision),
    )
    .outerjoin(chunk_vectors, _OF_SPACE)
    .where(_DOCUMENT, _OWNER)
    .order_by(chunks.c.ordinal)
)
_UNEMBEDDED = (
    select(
        chunks.c.id,
        chunks.c.start,
        chunks.c["end"],
        chunks.c.page,
        chunks.c.kind,
        chunks.c.heading,
        chunks.c.lexemes,
    )
    .join_from(
        documents, chunks, (chunks.c.document_id == documents.c.id) & (chunks.c.revision == NEWEST)
    )
    .where(_DOCUMENT, ~select(chunk_vectors.c.chunk_id).where(_OF_SPACE).exists())
    .order_by(chunks.c.ordinal)
    .limit(bindparam("number"))
)
_REVISIONS = select(documents.c.id, documents.c.revision).where(_OWNER, documents.c.revision > 0)


def found(connection: Connection, user_id: str, chunk_ids: Sequence[int]) -> Sequence[FoundChunk]:
    """Read the chunks that are still there and searchable."""
    return [
        found_of(row)
        for ids in pieces(chunk_ids)
        for row in connection.execute(_FOUND, {"owner": user_id, "ids": ids})
    ]


def neighbours(
    connection: Connection, user_id: str, spans: Sequence[tuple[str, int, int]]
) -> Sequence[Sequence[FoundChunk]]:
    """Read the chunks of each (document id, first ordinal, last ordinal)."""
    asked = [
        {"owner": user_id, "document": document_id, "first": first, "last": last}
        for document_id, first, last in spans
    ]
    return [tuple(found_of(row) for row in connection.execute(_NEIGHBOURS, one)) for one in asked]


def indexed_chunks(
    connection: Connection, user_id: str, document_id: str, *, space: str
) -> Sequence[IndexedChunk]:
    """Read everything of one document that goes into an index."""
    asked = {"owner": user_id, "document": document_id, "space": space}
    return [
        IndexedChunk(id=row[0], lexemes=row[1], heading=row[2], vector=row[3])
        for row in connection.execute(_INDEXED, asked)
    ]


def unembedded(
    connection: Connection, document_id: str, *, space: str, limit: int
) -> Sequence[tuple[Chunk, str]]:
    """Read the newest reading's chunks without a vector, each with its text."""
    asked = {"document": document_id, "space": space, "number": limit}
    text = NewestText(connection, document_id)
    return [
        (_chunk_of(row), text.stretch(row.start, row.end))
        for row in connection.execute(_UNEMBEDDED, asked).all()
    ]


def revisions(connection: Connection, user_id: str) -> Mapping[str, int]:
    """Read which documents are searchable, each with its revision."""
    rows = connection.execute(_REVISIONS, {"owner": user_id})
    return {row.id: row.revision for row in rows}


def searchable(
    connection: Connection, user_id: str, within: FileFilter, *, now_ms: int
) -> Sequence[str]:
    """Read the ids of the searchable documents that have a file which fits."""
    fitting = _fitting(user_id, within).where(ALIVE).params(now=now_ms)
    if not within.file_ids:
        return connection.execute(fitting.distinct()).scalars().all()
    ids = list(dict.fromkeys(within.file_ids))
    some = [fitting.where(files.c.id.in_(piece)) for piece in pieces(ids)]
    return list(dict.fromkeys(one for it in some for one in connection.execute(it).scalars()))


def _fitting(user_id: str, within: FileFilter) -> Select[Any]:
    it = (
        select(documents.c.id)
        .join_from(files, documents, files.c.document_id == documents.c.id)
        .where(files.c.user_id == user_id, documents.c.revision > 0)
    )
    if within.kinds:
        it = it.where(documents.c.kind.in_(within.kinds))
    if key := name_key(within.name_contains):
        it = it.where(files.c.filename_key.contains(key, autoescape=True))
    if within.created_from_ms is not None:
        it = it.where(files.c.created_at_ms >= within.created_from_ms)
    if within.created_to_ms is not None:
        it = it.where(files.c.created_at_ms <= within.created_to_ms)
    return it


def _chunk_of(row: Any) -> Chunk:  # noqa: ANN401 - a row of `chunks`
    return Chunk(
        start=row.start,
        end=row.end,
        lexemes=row.lexemes,
        heading=row.heading,
        page=row.page,
        kind=row.kind,
        id=row.id,
    )
