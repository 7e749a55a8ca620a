"""A small library in memory: documents, files and spaces behind the store ports, for tests of search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from backend.documents.extracted import Extracted, Span
from backend.documents.file_choice import fits
from backend.documents.preparing import embedded_text, prepare
from backend.ports.document_stores import Chunk, FoundChunk, IndexedChunk
from backend.ports.documents import Document, DocumentState, File, FileFilter, TextPage
from backend.ports.embedding import Embedder


@dataclass
class Stored:
    """A document with what was read out of it."""

    document: Document
    text: str
    chunks: list[Chunk]
    vectors: dict[int, bytes] = field(default_factory=dict)


class DocumentRows:
    """The ports DocumentStore, FileStore and SpaceStore, as far as searches read them."""

    def __init__(self, *, chunk_chars: int = 400) -> None:
        self.chunk_chars = chunk_chars
        self.stored: dict[str, Stored] = {}
        self.file_rows: dict[str, File] = {}
        self.versions: dict[str, int] = {}
        self.space: str | None = None
        self.reads = 0
        self._ids = count(1)

    def add(
        self,
        user_id: str,
        filename: str,
        content: str | Extracted,
        *,
        kind: str = "text",
        created_at_ms: int = 0,
    ) -> File:
        """Read, cut and keep a document at once; without vectors until `embed`."""
        number = next(self._ids)
        document_id, title = f"doc_{number:04d}", filename.rpartition(".")[0] or filename
        extracted = content if isinstance(content, Extracted) else paragraphs(content)
        prepared = prepare(extracted, title=title, chunk_chars=self.chunk_chars)
        document = Document(
            id=document_id,
            user_id=user_id,
            sha256=str(number),
            size_bytes=len(extracted.text),
            kind=kind,
            title=title,
            language=prepared.language,
            state="ready",
            revision=1,
        )
        chunks = [replace(chunk, id=next(self._ids)) for chunk in prepared.chunks]
        self.stored[document_id] = Stored(document, extracted.text, chunks)
        self.touch(user_id)
        return self.name(user_id, document_id, filename, created_at_ms=created_at_ms)

    def name(
        self, user_id: str, document_id: str, filename: str, *, created_at_ms: int = 0
    ) -> File:
        """Give a document one more file."""
        file = File(
            id=f"file-{next(self._ids):08x}",
            user_id=user_id,
            filename=filename,
            document=self.stored[document_id].document,
            created_at_ms=created_at_ms,
        )
        self.file_rows[file.id] = file
        return file

    async def embed(self, embedder: Embedder) -> None:
        """Embed what has no vector yet, and make the embedder's space the active one."""
        self.space = (await embedder.space()).id
        for stored in self.stored.values():
            fresh = [chunk for chunk in stored.chunks if chunk.id not in stored.vectors]
            texts = [
                embedded_text(
                    stored.document.title, chunk.heading, stored.text[chunk.start : chunk.end]
                )
                for chunk in fresh
            ]
            if texts:
                vectors = await embedder.embed_texts(texts)
                stored.vectors |= {
                    chunk.id: vector.tobytes() for chunk, vector in zip(fresh, vectors, strict=True)
                }
        for user_id in self.versions:
            self.touch(user_id)

    def erase(self, user_id: str, document_id: str) -> None:
        """Delete a document with its files."""
        del self.stored[document_id]
        self.file_rows = {
            one: file for one, file in self.file_rows.items() if file.document.id != document_id
        }
        self.touch(user_id)

    def touch(self, user_id: str) -> None:
        """Say that the library has changed."""
        self.versions[user_id] = self.versions.get(user_id, 0) + 1

    # FileStore
    async def get(self, user_id: str, file_id: str) -> File | None:
        file = self.file_rows.get(file_id)
        return file if file is not None and file.user_id == user_id else None

    async def of_documents(
        self, user_id: str, document_ids: Sequence[str]
    ) -> Mapping[str, Sequence[File]]:
        mine = [file for file in self.file_rows.values() if file.user_id == user_id]
        mine.sort(key=lambda file: (file.created_at_ms, file.id))
        return {one: [file for file in mine if file.document.id == one] for one in document_ids}

    # SpaceStore
    async def active(self) -> str | None:
        return self.space

    # DocumentStore
    async def library_version(self, user_id: str) -> int:
        return self.versions.get(user_id, 0)

    async def revisions(self, user_id: str) -> Mapping[str, int]:
        return {one.document.id: one.document.revision for one in self._of(user_id)}

    async def indexed_chunks(
        self, user_id: str, document_id: str, space: str
    ) -> Sequence[IndexedChunk]:
        self.reads += 1
        stored = self._mine(user_id, document_id)
        return [
            IndexedChunk(
                id=chunk.id,
                lexemes=chunk.lexemes,
                heading=chunk.heading,
                vector=stored.vectors.get(chunk.id) if space == self.space else None,
            )
            for chunk in (stored.chunks if stored else ())
        ]

    async def found(self, user_id: str, chunk_ids: Sequence[int]) -> Sequence[FoundChunk]:
        wanted = set(chunk_ids)
        return [
            found for stored in self._of(user_id) for found in _found(stored) if found.id in wanted
        ]

    async def neighbours(
        self, user_id: str, spans: Sequence[tuple[str, int, int]]
    ) -> Sequence[Sequence[FoundChunk]]:
        answer: list[Sequence[FoundChunk]] = []
        for document_id, first, last in spans:
            stored = self._mine(user_id, document_id)
            answer.append(_found(stored)[first : last + 1] if stored else ())
        return answer

    async def searchable(self, user_id: str, within: FileFilter) -> Sequence[str]:
        fitting = [
            file.document.id
            for file in self.file_rows.values()
            if file.user_id == user_id and fits(file, within)
        ]
        return list(dict.fromkeys(fitting))

    async def count_by_state(self, user_id: str) -> Mapping[DocumentState, int]:
        return {"ready": len(self._of(user_id))}

    async def slices(
        self, user_id: str, spans: Sequence[tuple[str, int, int]]
    ) -> Sequence[str | None]:
        answer: list[str | None] = []
        for document_id, start, end in spans:
            stored = self._mine(user_id, document_id)
            answer.append(stored.text[start:end] if stored else None)
        return answer

    async def pages(
        self, user_id: str, document_id: str, *, number: int | None = None
    ) -> Sequence[TextPage]:
        stored = self._mine(user_id, document_id)
        if stored is None:
            return ()
        return [TextPage(number=1, page=None, start=0, end=len(stored.text), text=stored.text)]

    def _of(self, user_id: str) -> list[Stored]:
        return [one for one in self.stored.values() if one.document.user_id == user_id]

    def _mine(self, user_id: str, document_id: str) -> Stored | None:
        stored = self.stored.get(document_id)
        return stored if stored and stored.document.user_id == user_id else None


def paragraphs(text: str) -> Extracted:
    """Read plain text: paragraphs are separated by blank lines."""
    spans: list[Span] = []
    at = 0
    for block in text.split("\n\n"):
        left = at + len(block) - len(block.lstrip())
        right = at + len(block.rstrip())
        if left < right:
            spans.append(Span(start=left, end=right))
        at += len(block) + 2
    return Extracted(text=text, spans=tuple(spans))


def _found(stored: Stored) -> list[FoundChunk]:
    return [
        FoundChunk(
            id=chunk.id,
            document_id=stored.document.id,
            ordinal=ordinal,
            start=chunk.start,
            end=chunk.end,
            heading=chunk.heading,
            page=chunk.page,
            kind=chunk.kind,
        )
        for ordinal, chunk in enumerate(stored.chunks)
    ]
