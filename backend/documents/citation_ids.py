"""Ids of citations, which hold all they stand for: file, span, page, and a digest of the text.

Nothing is stored for them, so none expires; one whose text has changed is recognised. They prove nothing
about who may read: whoever resolves one asks the stores with the user's id.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from backend.ports.document_stores import DocumentStore, FileStore
from backend.ports.documents import CitedPassage, passage_title
from backend.ports.values import Citation

_ID = re.compile(r"cit_([0-9A-Za-z]{1,64})_([0-9]{1,12})_([0-9]{1,12})_([0-9]{1,9})_([0-9a-f]{10})")
_FILE_PREFIX = "file-"
_MAX_SPAN_CHARS = 100_000
_AROUND_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSpan:
    """What a citation id stands for."""

    file_id: str
    start: int
    end: int
    page: int | None
    digest: str


def citation_id(file_id: str, *, start: int, end: int, page: int | None, text: str) -> str:
    """Write the id of a span of a file's stored text.

    Raises:
        ValueError: for an id that no file has.
    """
    made = f"cit_{file_id.removeprefix(_FILE_PREFIX)}_{start}_{end}_{page or 0}_{_digest(text)}"
    if not file_id.startswith(_FILE_PREFIX) or not _ID.fullmatch(made):
        msg = f"no citation id can be made for {file_id!r} at {start}..{end}"
        raise ValueError(msg)
    return made


def cited_span(written: str) -> CitedSpan | None:
    """Read a citation id; None when nobody can have been given it."""
    found = _ID.fullmatch(written)
    if found is None:
        return None
    start, end, page = int(found[2]), int(found[3]), int(found[4])
    if not 0 < end - start <= _MAX_SPAN_CHARS:
        return None
    return CitedSpan(
        file_id=_FILE_PREFIX + found[1], start=start, end=end, page=page or None, digest=found[5]
    )


async def resolve(
    user_id: str, written: str, *, files: FileStore, documents: DocumentStore
) -> CitedPassage | None:
    """Find what a citation points at; None when it is not the user's, erased, or its text has changed."""
    span = cited_span(written)
    file = await files.get(user_id, span.file_id) if span else None
    if span is None or file is None:
        return None
    document_id = file.document.id
    text, before, after = await documents.slices(
        user_id,
        [
            (document_id, span.start, span.end),
            (document_id, max(0, span.start - _AROUND_CHARS), span.start),
            (document_id, span.end, span.end + _AROUND_CHARS),
        ],
    )
    if text is None or len(text) != span.end - span.start or _digest(text) != span.digest:
        return None
    citation = Citation(
        title=passage_title(file.filename, span.page),
        text=text,
        file_id=file.id,
        page=span.page,
        start=span.start,
        end=span.end,
        id=written,
    )
    return CitedPassage(
        citation=citation, filename=file.filename, before=before or "", after=after or ""
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
