"""Stored text in the database: by page, and by offsets.

A page is found by where it starts, so that a slice of a long text reads only what it overlaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, select, text

from backend.kit.json_values import clean_text
from backend.ports.documents import TextPage
from backend.storage.document_rows import PAGES, page_of
from backend.storage.document_tables import document_pages, documents

# The reading that is being made if there is one, else the searchable one.
NEWEST: ColumnElement[int] = func.coalesce(documents.c.next_revision, documents.c.revision)

_it = document_pages.c
_MINE = (documents.c.id == bindparam("document")) & (documents.c.user_id == bindparam("owner"))
# What people may look at: the searchable reading, or the first one while it is being embedded.
_SHOWN = case((documents.c.revision > 0, documents.c.revision), else_=documents.c.next_revision)
_PAGES = (
    PAGES
    .join_from(
        documents, document_pages, (_it.document_id == documents.c.id) & (_it.revision == _SHOWN)
    )
    .where(_MINE)
    .order_by(_it.number)
)
_PAGE = _PAGES.where(_it.number == bindparam("number"))
_SEARCHABLE = select(documents.c.id).where(_MINE, documents.c.revision > 0)


def _stretch(reading: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Select the pages of a reading between the one that holds `first` and the one before `last`."""
    earlier = document_pages.alias("earlier")
    begin = (
        select(func.max(earlier.c.start))
        .where(
            earlier.c.document_id == documents.c.id,
            earlier.c.revision == reading,
            earlier.c.start <= bindparam("first"),
        )
        .correlate(documents)
        .scalar_subquery()
    )
    return (
        PAGES
        .join_from(
            documents,
            document_pages,
            (_it.document_id == documents.c.id) & (_it.revision == reading),
        )
        .where(
            documents.c.id == bindparam("document"),
            _it.start >= begin,
            _it.start < bindparam("last"),
        )
        .order_by(_it.start)  # pages that share it are empty but one
    )


SLICE = _stretch(documents.c.revision).where(documents.c.user_id == bindparam("owner"))
_NEWEST_SLICE = _stretch(NEWEST)
_SLICES_AT_ONCE = text("""
SELECT span, pages.text FROM unnest(CAST(:documents AS text[]), CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]))
    WITH ORDINALITY AS it (document_id, first, last, span)
CROSS JOIN LATERAL (
    SELECT id, revision FROM documents
    WHERE id = it.document_id AND user_id || '' = :owner AND revision > 0 OFFSET 0
) AS d
CROSS JOIN LATERAL (
    SELECT coalesce(string_agg(substr(
        p.text,
        CAST(greatest(it.first - p.start, 0) + 1 AS integer),
        CAST(greatest(least(it.last, p."end") - greatest(it.first, p.start), 0) AS integer)
    ), '' ORDER BY p.start), '') AS text
    FROM document_pages p
    WHERE p.document_id = d.id AND p.revision = d.revision AND p.start < it.last AND p.start >= (
        SELECT max(e.start) FROM document_pages e
        WHERE e.document_id = d.id AND e.revision = d.revision AND e.start <= it.first
    )
) AS pages
""")


def slices(
    connection: Connection, user_id: str, spans: Sequence[tuple[str, int, int]]
) -> Sequence[str | None]:
    """Read searchable text at (document id, start, end); None where there is none any more."""
    if connection.dialect.name == "postgresql":
        return _slices_at_once(connection, user_id, spans)
    return [_slice(connection, user_id, span) for span in spans]


def _slice(connection: Connection, user_id: str, span: tuple[str, int, int]) -> str | None:
    document_id, start, end = span[0], max(span[1], 0), span[2]
    whose = {"document": document_id, "owner": user_id}
    rows = connection.execute(SLICE, {**whose, "first": start, "last": end}).all()
    if not rows and connection.execute(_SEARCHABLE, whose).first() is None:
        return None
    return cut_out([page_of(row) for row in rows], start, end)


def _slices_at_once(
    connection: Connection, user_id: str, spans: Sequence[tuple[str, int, int]]
) -> Sequence[str | None]:
    """Read them on one way to the server, cut there: a search asks for some twenty."""
    values = {
        "owner": user_id,
        "documents": [clean_text(span[0]) for span in spans],
        "firsts": [max(span[1], 0) for span in spans],
        "lasts": [span[2] for span in spans],
    }
    found = {row[0]: row[1] for row in connection.execute(_SLICES_AT_ONCE, values)}
    return [found.get(number) for number in range(1, len(spans) + 1)]


def cut_out(pages: Sequence[TextPage], start: int, end: int) -> str:
    """Cut a stretch out of the pages that hold it, or as much of it as they hold."""
    if not pages or end <= start:
        return ""
    begin = pages[0].start
    return "".join(page.text for page in pages)[start - begin : end - begin]


class NewestText:
    """Text of a document's newest reading, for stretches that follow one another closely."""

    def __init__(self, connection: Connection, document_id: str) -> None:
        self._connection = connection
        self._document_id = document_id
        self._pages: Sequence[TextPage] = ()

    def stretch(self, start: int, end: int) -> str:
        """Give the text from start to end."""
        held = self._pages
        if not held or not held[0].start <= start <= end <= held[-1].end:
            asked = {"document": self._document_id, "first": start, "last": end}
            rows = self._connection.execute(_NEWEST_SLICE, asked)
            self._pages = [page_of(row) for row in rows]
        return cut_out(self._pages, start, end)


def pages(
    connection: Connection, user_id: str, document_id: str, *, number: int | None
) -> Sequence[TextPage]:
    """Read the pages people may look at, or one of them."""
    whose = {"document": document_id, "owner": user_id}
    if number is None:
        rows = connection.execute(_PAGES, whose)
    else:
        rows = connection.execute(_PAGE, {**whose, "number": number})
    return tuple(page_of(row) for row in rows)
