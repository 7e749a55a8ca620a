"""Rows of documents, files and chunks as the values of the ports. Not for: finding them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, bindparam, or_, select

from backend.ports.document_stores import FoundChunk
from backend.ports.documents import Document, File, TextPage
from backend.storage.document_tables import chunks, document_pages, documents, files

T = TypeVar("T")

# SQLite takes 32,766 parameters, PostgreSQL 65,535: https://sqlite.org/limits.html#max_variable_number
_PIECE = 500
_FILES_THERE = select(files.c.id).where(
    files.c.user_id == bindparam("owner"), files.c.id.in_(bindparam("ids", expanding=True))
)

FILES = select(
    documents,
    files.c.id.label("file_id"),
    files.c.filename,
    files.c.purpose,
    files.c.created_at_ms.label("added_at_ms"),
    files.c.expires_at_ms,
).join_from(files, documents, files.c.document_id == documents.c.id)

# Of the files there are: `now` is the time of the clock.
ALIVE: ColumnElement[bool] = or_(
    files.c.expires_at_ms.is_(None), files.c.expires_at_ms > bindparam("now")
)

FOUND = select(
    chunks.c.id,
    chunks.c.document_id,
    chunks.c.ordinal,
    chunks.c.start,
    chunks.c["end"],
    chunks.c.page,
    chunks.c.kind,
    chunks.c.heading,
).join_from(
    documents,
    chunks,
    (chunks.c.document_id == documents.c.id) & (chunks.c.revision == documents.c.revision),
)

PAGES = select(
    document_pages.c.number,
    document_pages.c.page,
    document_pages.c.start,
    document_pages.c["end"],
    document_pages.c.text,
)


def pieces(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list of ids into what one statement takes."""
    for start in range(0, len(ids), _PIECE):
        yield ids[start : start + _PIECE]


def gone_files(connection: Connection, user_id: str, file_ids: Sequence[str]) -> frozenset[str]:
    """Give those of some files that are not, or not any more, the user's."""
    there: set[str] = set()
    for ids in pieces(file_ids):
        there.update(connection.execute(_FILES_THERE, {"owner": user_id, "ids": ids}).scalars())
    return frozenset(file_ids) - there


def document_values(it: Document) -> dict[str, Any]:
    """Lay a document out as a row of `documents`."""
    return {
        "id": it.id,
        "user_id": it.user_id,
        "sha256": it.sha256,
        "size_bytes": it.size_bytes,
        "kind": it.kind,
        "title": it.title,
        "language": it.language,
        "state": it.state,
        "reason": it.reason,
        "note": it.note,
        "progress": it.progress,
        "pages": it.pages,
        "chars": it.chars,
        "chunks": it.chunks,
        "revision": it.revision,
        "details": it.details,
        "created_at_ms": it.created_at_ms,
        "updated_at_ms": it.updated_at_ms,
    }


def document_of(row: Row[*tuple[Any, ...]]) -> Document:
    """Build a document from a row that holds the columns of `documents`."""
    return Document(
        id=row.id,
        user_id=row.user_id,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        kind=row.kind,
        title=row.title,
        language=row.language,
        state=row.state,
        reason=row.reason,
        note=row.note,
        progress=row.progress,
        pages=row.pages,
        chars=row.chars,
        chunks=row.chunks,
        revision=row.revision,
        details=row.details,
        created_at_ms=row.created_at_ms,
        updated_at_ms=row.updated_at_ms,
    )


def file_of(row: Row[*tuple[Any, ...]]) -> File:
    """Build a file from a row of `FILES`."""
    return File(
        id=row.file_id,
        user_id=row.user_id,
        filename=row.filename,
        document=document_of(row),
        purpose=row.purpose,
        created_at_ms=row.added_at_ms,
        expires_at_ms=row.expires_at_ms,
    )


def found_of(row: Row[*tuple[Any, ...]]) -> FoundChunk:
    """Build a found chunk from a row of `FOUND`."""
    return FoundChunk(
        id=row.id,
        document_id=row.document_id,
        ordinal=row.ordinal,
        start=row.start,
        end=row.end,
        heading=row.heading,
        page=row.page,
        kind=row.kind,
    )


def page_of(row: Row[*tuple[Any, ...]]) -> TextPage:
    """Build a page from a row of `PAGES`."""
    return TextPage(number=row.number, page=row.page, start=row.start, end=row.end, text=row.text)
