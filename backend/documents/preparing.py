"""Makes the chunks of a document as they are stored, and the text of each as it is embedded.

Runs in the process that reads documents. Not for: reading (`readers`) or cutting (`chunking`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.documents.chunking import HEADING_SEPARATOR, pieces
from backend.documents.extracted import Extracted
from backend.documents.index.languages import language_of, languages_of
from backend.documents.index.lexemes import lexemes
from backend.ports.document_stores import Chunk
from backend.ports.lexical_rows import LexicalRow

_MAX_TITLE_CHARS = 250
_MAX_PATH_CHARS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document's language (ISO 639-1) and its chunks, in order."""

    language: str
    chunks: Sequence[Chunk]


def prepare(extracted: Extracted, *, title: str, chunk_chars: int) -> Prepared:
    """Cut a document into chunks of at most `chunk_chars` characters and find the words of each.

    `title` is what people call it: its own title or the name of its file.
    """
    cut = pieces(extracted, max_chars=chunk_chars)
    texts = [extracted.text[piece.start : piece.end] for piece in cut]
    whole = language_of(extracted.text)
    chunks: list[Chunk] = []
    for piece, text, language in zip(cut, texts, languages_of(texts, whole=whole), strict=True):
        context = _context(title, piece.heading, text)
        row = LexicalRow(
            language=language,
            body=tuple(lexemes(text, language)),
            context=tuple(lexemes(context, language)),
        )
        chunks.append(
            Chunk(
                start=piece.start,
                end=piece.end,
                lexemes=row.written(),
                heading=piece.heading,
                page=piece.page,
                kind=piece.kind,
            )
        )
    return Prepared(language=whole, chunks=chunks)


def embedded_text(title: str, heading: str, text: str) -> str:
    """Put title and headings before a chunk's text, as it is embedded."""
    context = _context(title, heading, text)
    return f"{context}\n{text}" if context else text


def _context(title: str, heading: str, text: str) -> str:
    """Join title and headings, without one that the text itself begins with or that comes twice."""
    names = [" ".join(title.split())[:_MAX_TITLE_CHARS]]
    path = [name for name in heading.split(HEADING_SEPARATOR) if name]
    while path and text.startswith(path[-1]):
        path.pop()
    names += HEADING_SEPARATOR.join(path)[-_MAX_PATH_CHARS:].split(HEADING_SEPARATOR)
    return HEADING_SEPARATOR.join(dict.fromkeys(name for name in names if name))
