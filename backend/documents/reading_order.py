"""A document's text from its beginning, cut into passages that can be cited.

Cut at paragraphs where there are any, never across a page. Not for: finding passages (`search`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backend.documents.citation_ids import citation_id
from backend.ports.documents import File, Passage, TextPage

PASSAGE_CHARS = 1_500
_LEAST_SHARE = 2
_BREAKS = ("\n\n", "\n", ". ", " ")


def in_order(file: File, pages: Iterable[TextPage]) -> Iterator[Passage]:
    """Give the text of pages as passages of at most PASSAGE_CHARS characters; blank ones are left out."""
    for page in pages:
        for start, end in _spans(page.text):
            text = page.text[start:end]
            at = page.start + start
            yield Passage(
                file_id=file.id,
                document_id=file.document.id,
                filename=file.filename,
                start=at,
                end=at + len(text),
                text=text,
                score=0.0,
                relevance=1.0,
                citation_id=citation_id(
                    file.id, start=at, end=at + len(text), page=page.page, text=text
                ),
                page=page.page,
            )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Cut a text; each span begins and ends with something that is not white space."""
    at = 0
    while at < len(text):
        end = _cut(text, at)
        piece = text[at:end]
        bare = piece.strip()
        if bare:
            start = at + len(piece) - len(piece.lstrip())
            yield start, start + len(bare)
        at = end


def _cut(text: str, start: int) -> int:
    end = start + PASSAGE_CHARS
    if end >= len(text):
        return len(text)
    for mark in _BREAKS:
        found = text.rfind(mark, start + PASSAGE_CHARS // _LEAST_SHARE, end)
        if found > 0:
            return found + len(mark)
    return end
