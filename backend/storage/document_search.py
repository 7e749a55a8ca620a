"""What searches and their indexes read of documents in the database: searchable readings alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, text

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
# One by one by their keys: PostgreSQL guesses badly how many chunks documents have right after an upload.
_FOUND_BY_ID = text("""
SELECT c.* FROM unnest(CAST(:ids AS bigint[])) AS it (id)
CROSS JOIN LATERAL (
    SELECT id, document_id, revision, ordinal, start, "end", page, kind, heading FROM chunks
    WHERE id = it.id OFFSET 0
) AS c
CROSS JOIN LATERAL (
    SELECT 1 FROM documents d
    WHERE d.id = c.document_id AND d.revision = c.revision AND d.user_id || '' = :owner OFFSET 0
) AS searchable
""")
_NEIGHBOURS_AT_ONCE = text("""
SELECT span, c.* FROM unnest(CAST(:documents AS text[]), CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]))
    WITH ORDINALITY AS it (document_id, first, last, span)
CROSS JOIN LATERAL (
    SELECT c.id, c.document_id, c.ordinal, c.start, c."end", c.page, c.kind, c.heading
    FROM documents d JOIN chunks c ON c.document_id = d.id AND c.revision = d.revision
    WHERE d.id = it.document_id AND d.user_id || '' = :owner AND c.ordinal BETWEEN it.first AND it.last OFFSET 0
) AS c ORDER BY span, c.ordinal
""")
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
    if connection.dialect.name == "postgresql":
        values = {"owner": user_id, "ids": list(chunk_ids)}
        return [found_of(row) for row in connection.execute(_FOUND_BY_ID, values).all()]
    return [
        found_of(row)
        for ids in pieces(chunk_ids)
        for row in connection.execute(_FOUND, {"owner": user_id, "ids": ids})
    ]


def neighbours(
    connection: Connection, user_id: str, spans: Sequence[tuple[str, int, int]]
) -> Sequence[Sequence[FoundChunk]]:
    """Read the chunks of each (document id, first ordinal, last ordinal)."""
    if connection.dialect.name == "postgresql":
        return _neighbours_at_once(connection, user_id, spans)
    asked = [
        {"owner": user_id, "document": document_id, "first": first, "last": last}
        for document_id, first, last in spans
    ]
    return [tuple(found_of(row) for row in connection.execute(_NEIGHBOURS, one)) for one in asked]


def _neighbours_at_once(
    connection: Connection, user_id: str, spans: Sequence[tuple[str, int, int]]
) -> Sequence[Sequence[FoundChunk]]:
    """Read them on one way to the server: a search asks for some fifty spans."""
    values = {
        "owner": user_id,
        "documents": [span[0] for span in spans],
        "firsts": [span[1] for span in spans],
        "lasts": [span[2] for span in spans],
    }
    found: list[list[FoundChunk]] = [[] for _ in spans]
    for row in connection.execute(_NEIGHBOURS_AT_ONCE, values).all():
        found[row.span - 1].append(found_of(row))
    return found


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
    newest = NewestText(connection, document_id)
    return [
        (_chunk_of(row), newest.stretch(row.start, row.end))
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
