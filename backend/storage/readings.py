"""Readings of a document as they are written: checked, cut into short transactions, finished or dropped.

Shared by both adapters of the document store as far as it is pure. Not for: reading them back
(`document_text`, `document_search`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from backend.kit.json_values import clean_text
from backend.ports.document_stores import Chunk, ReadDocument
from backend.ports.documents import DocumentState, TextPage
from backend.storage.document_tables import chunks, document_pages, documents
from backend.storage.libraries import raise_version

# What one transaction writes: some 10 ms of the write lock, for which a chat may have to wait.
_CHUNKS_AT_ONCE = 500
_CHARS_AT_ONCE = 500_000

_DOCUMENT: ColumnElement[str] = bindparam("document")
_REVISION: ColumnElement[int] = bindparam("revision")
_ROW = select(documents.c.user_id, documents.c.revision, documents.c.next_revision).where(
    documents.c.id == _DOCUMENT
)
_OTHER_READINGS = [
    delete(table).where(table.c.document_id == _DOCUMENT, table.c.revision != _REVISION)
    for table in (chunks, document_pages)
]
_UNFINISHED = update(documents).where(documents.c.id == _DOCUMENT).values(next_revision=None)
_COUNT_LEFT = (
    update(documents)
    .where(documents.c.id == _DOCUMENT)
    .values(
        pages=select(func.count(document_pages.c.page))
        .where(document_pages.c.document_id == _DOCUMENT)
        .scalar_subquery(),
        chars=select(func.coalesce(func.max(document_pages.c["end"]), 0))
        .where(document_pages.c.document_id == _DOCUMENT)
        .scalar_subquery(),
        chunks=select(func.count()).where(chunks.c.document_id == _DOCUMENT).scalar_subquery(),
    )
)
_MARK = (
    update(documents)
    .where(documents.c.id == _DOCUMENT)
    .values(
        state=bindparam("new_state"),
        progress=bindparam("new_progress"),
        reason=bindparam("new_reason", type_=documents.c.reason.type),
        updated_at_ms=bindparam("now"),
    )
)
_KEEP = (
    update(documents)
    .where(documents.c.id == _DOCUMENT)
    .values({
        **{
            name: bindparam(f"new_{name}", type_=documents.c[name].type)
            for name in ("kind", "title", "language", "note", "details", "pages", "chars", "chunks")
        },
        "next_revision": bindparam("next"),
        "state": "embedding",
        "reason": "",
        "progress": 0.0,
        "updated_at_ms": bindparam("now"),
    })
)
_FINISH = (
    update(documents)
    .where(documents.c.id == _DOCUMENT)
    .values(
        state="ready",
        reason="",
        progress=1.0,
        revision=bindparam("new_revision"),
        next_revision=None,
        updated_at_ms=bindparam("now"),
    )
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one transaction writes of a reading; chunks come with their ordinals."""

    pages: Sequence[TextPage] = ()
    chunks: Sequence[tuple[int, Chunk]] = ()
    first: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """How far a document is."""

    name: DocumentState
    progress: float = 0.0
    reason: str = ""
    now_ms: int = 0


def check_pages(pages: Sequence[TextPage]) -> None:
    """Refuse pages that do not tile a clean text.

    Raises:
        ValueError: naming the first page at fault.
    """
    end = 0
    for number, page in enumerate(pages, 1):
        whole = page.end - page.start == len(page.text) == len(clean_text(page.text))
        if not whole or (page.number, page.start) != (number, end):
            msg = f"page {page.number} ({page.start} to {page.end}) does not follow {end}, or is not clean"
            raise ValueError(msg)
        end = page.end


def text_length(pages: Sequence[TextPage]) -> int:
    """Give the length of the text that pages tile."""
    return pages[-1].end if pages else 0


def cut(read: ReadDocument) -> Iterator[Piece]:
    """Cut a reading into pieces; a small one is a single piece."""
    pages: list[TextPage] = []
    first, chars = True, 0
    for page in read.pages:
        if chars + len(page.text) > _CHARS_AT_ONCE and pages:
            yield Piece(pages=pages, first=first)
            pages, first, chars = [], False, 0
        pages.append(page)
        chars += len(page.text)
    numbered = list(enumerate(read.chunks))
    starts = range(0, len(numbered), _CHUNKS_AT_ONCE) or range(1)
    for start in starts:
        some = numbered[start : start + _CHUNKS_AT_ONCE]
        last = start + _CHUNKS_AT_ONCE >= len(numbered)
        yield Piece(pages=pages, chunks=some, first=first, last=last)
        pages, first = [], False


def keep_piece(
    connection: Connection, document_id: str, piece: Piece, *, read: ReadDocument, now_ms: int
) -> bool:
    """Write a piece of the reading after the searchable one; False when the document is gone.

    The first piece removes what an earlier attempt left, the last makes the reading count.
    """
    row = connection.execute(_ROW, {"document": document_id}).first()
    if row is None:
        return False
    if piece.first:
        _drop_others(connection, document_id, keep=row.revision)
    whose = {"document_id": document_id, "revision": row.revision + 1}
    if piece.pages:
        rows = [{**whose, **_page_values(page)} for page in piece.pages]
        connection.execute(insert(document_pages), rows)
    if piece.chunks:
        rows = [{**whose, **_chunk_values(at, chunk)} for at, chunk in piece.chunks]
        connection.execute(insert(chunks), rows)
    if piece.last:
        what = _read_values(read)
        now = {"document": document_id, "next": row.revision + 1, "now": now_ms}
        connection.execute(_KEEP, {**now, **what})
    return True


def mark(connection: Connection, document_id: str, state: State) -> bool:
    """Note how far a document is; False when it is gone. `failed` drops the reading that was being made."""
    values = {
        "document": document_id,
        "new_state": state.name,
        "new_progress": state.progress,
        "new_reason": state.reason,
        "now": state.now_ms,
    }
    if connection.execute(_MARK, values).rowcount == 0:
        return False
    if state.name == "failed":
        _drop_unfinished(connection, document_id)
    return True


def _drop_unfinished(connection: Connection, document_id: str) -> None:
    """Forget the reading that is being made; the counts are those of the searchable one again."""
    row = connection.execute(_ROW, {"document": document_id}).first()
    if row is not None:
        _drop_others(connection, document_id, keep=row.revision)
        connection.execute(_COUNT_LEFT, {"document": document_id})


def finish(connection: Connection, document_id: str, *, now_ms: int) -> bool:
    """Put the new reading in the place of the old; False when there is neither, or no document."""
    row = connection.execute(_ROW, {"document": document_id}).first()
    if row is None:
        return False
    revision = row.revision if row.next_revision is None else row.next_revision
    if revision == 0:
        return False
    _drop_others(connection, document_id, keep=revision)
    connection.execute(_FINISH, {"document": document_id, "new_revision": revision, "now": now_ms})
    raise_version(connection, row.user_id)
    return True


def _drop_others(connection: Connection, document_id: str, *, keep: int) -> None:
    for others in _OTHER_READINGS:
        connection.execute(others, {"document": document_id, "revision": keep})
    connection.execute(_UNFINISHED, {"document": document_id})


def _page_values(page: TextPage) -> dict[str, Any]:
    return {
        "number": page.number,
        "page": page.page,
        "start": page.start,
        "end": page.end,
        "text": page.text,
    }


def _chunk_values(ordinal: int, chunk: Chunk) -> dict[str, Any]:
    return {
        "ordinal": ordinal,
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page,
        "kind": chunk.kind,
        "heading": chunk.heading,
        "lexemes": chunk.lexemes,
    }


def page_count(pages: Sequence[TextPage]) -> int:
    """Count the pages that people know; formats without pages have none."""
    return sum(one.page is not None for one in pages)


def _read_values(read: ReadDocument) -> dict[str, Any]:
    return {
        "new_kind": read.kind,
        "new_title": read.title,
        "new_language": read.language,
        "new_note": read.note,
        "new_details": read.details,
        "new_pages": page_count(read.pages),
        "new_chars": text_length(read.pages),
        "new_chunks": len(read.chunks),
    }
