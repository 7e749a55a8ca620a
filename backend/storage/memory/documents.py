"""What is known of documents, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from backend.kit.folding import fold
from backend.kit.json_values import clean_text, copy_json
from backend.ports.document_jobs import Claim
from backend.ports.document_stores import Chunk, FoundChunk, IndexedChunk, ReadDocument
from backend.ports.documents import (
    FINAL_STATES,
    Document,
    DocumentState,
    File,
    FileFilter,
    TextPage,
)
from backend.storage.document_text import cut_out
from backend.storage.file_listing import name_key
from backend.storage.memory.document_shelves import Reading, detached_document
from backend.storage.memory.shelves import Shelves
from backend.storage.readings import check_pages, page_count, text_length


class MemoryDocumentStore:
    """The `DocumentStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._papers = shelves.papers

    async def get(self, user_id: str, document_id: str) -> Document | None:
        """Find one of the user's."""
        it = self._papers.documents.get(document_id)
        return detached_document(it) if it is not None and it.user_id == user_id else None

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
        it = self._held(document_id, claim)
        if it is None:
            return False
        marked = replace(
            it, state=state, progress=progress, reason=clean_text(reason), updated_at_ms=now_ms
        )
        if state == "failed":
            marked = self._papers.without_unfinished(marked)
        self._papers.documents[document_id] = marked
        if state in FINAL_STATES:
            self._papers.end(claim)
        return True

    async def keep_text(
        self, document_id: str, read: ReadDocument, *, claim: Claim | None = None, now_ms: int
    ) -> bool:
        """Keep a new reading beside the searchable one, and set the state to `embedding`.

        False, and nothing kept, when the document has been erased or the claim is lost.

        Raises:
            ValueError: when the pages do not tile a clean text.
        """
        check_pages(read.pages)
        it = self._held(document_id, claim)
        if it is None:
            return False
        self._papers.drop_readings(document_id, keep=it.revision)
        made = Reading(pages=tuple(read.pages), chunks=tuple(map(self._numbered, read.chunks)))
        self._papers.readings[document_id, it.revision + 1] = made
        self._papers.making[document_id] = it.revision + 1
        self._papers.documents[document_id] = replace(
            it,
            kind=read.kind,
            title=clean_text(read.title),
            language=read.language,
            note=clean_text(read.note),
            details=copy_json(read.details),
            pages=page_count(read.pages),
            chars=text_length(read.pages),
            chunks=len(read.chunks),
            state="embedding",
            reason="",
            progress=0.0,
            updated_at_ms=now_ms,
        )
        return True

    async def unembedded(
        self, document_id: str, space: str, *, limit: int
    ) -> Sequence[tuple[Chunk, str]]:
        """Chunks that have no vector in a space yet, in order, each with its text."""
        reading = self._papers.newest(document_id)
        if reading is None:
            return ()
        bare = [one for one in reading.chunks if (one.id, space) not in self._papers.vectors]
        return [(one, cut_out(reading.pages, one.start, one.end)) for one in bare[:limit]]

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
        it = self._held(document_id, claim)
        if it is None:
            return False
        new = it.progress if progress is None or it.state in FINAL_STATES else progress
        self._papers.documents[document_id] = replace(it, progress=new, updated_at_ms=now_ms)
        mine = [made for key, made in self._papers.readings.items() if key[0] == document_id]
        there = {chunk.id for reading in mine for chunk in reading.chunks}
        for chunk_id in there & vectors.keys():
            self._papers.vectors[chunk_id, space] = vectors[chunk_id]
        return True

    async def finish(self, document_id: str, *, claim: Claim | None = None, now_ms: int) -> bool:
        """Make the new reading the searchable one, forget the old, set the state to `ready`."""
        it = self._held(document_id, claim)
        if it is None:
            return False
        revision = self._papers.making.get(document_id, it.revision)
        if revision == 0:
            return False
        self._papers.drop_readings(document_id, keep=revision)
        self._papers.documents[document_id] = replace(
            it, state="ready", reason="", progress=1.0, revision=revision, updated_at_ms=now_ms
        )
        self._papers.raise_version(it.user_id)
        self._papers.end(claim)
        return True

    async def raise_version(self, document_id: str) -> None:
        """Note that a document is found differently: by vectors that it lacked."""
        it = self._papers.documents.get(document_id)
        if it is not None:
            self._papers.raise_version(it.user_id)

    async def library_version(self, user_id: str) -> int:
        """A number that grows whenever what can be found changes; 0 for a user without documents."""
        return self._papers.versions.get(user_id, 0)

    async def revisions(self, user_id: str) -> Mapping[str, int]:
        """The searchable documents of a user with the revision of each."""
        return {it.id: it.revision for it in self._papers.documents_of(user_id) if it.revision}

    async def indexed_chunks(
        self, user_id: str, document_id: str, space: str
    ) -> Sequence[IndexedChunk]:
        """Everything of one document that goes into an index."""
        reading = self._papers.searchable(user_id, document_id) or Reading()
        return [
            IndexedChunk(
                id=one.id,
                lexemes=one.lexemes,
                heading=one.heading,
                vector=self._papers.vectors.get((one.id, space)),
            )
            for one in reading.chunks
        ]

    async def found(self, user_id: str, chunk_ids: Sequence[int]) -> Sequence[FoundChunk]:
        """The chunks that are still there and searchable, in any order."""
        wanted = set(chunk_ids)
        mine = [it.id for it in self._papers.documents_of(user_id)]
        return [one for it in mine for one in self._found(user_id, it) if one.id in wanted]

    async def searchable(self, user_id: str, within: FileFilter) -> Sequence[str]:
        """The ids of the user's searchable documents that have a file which fits a filter.

        Raises:
            InvalidRequest: for a name over 500 characters.
        """
        key = name_key(within.name_contains)
        fitting = [it for it in self._papers.files_of(user_id) if _fits(it, within, key=key)]
        return list(dict.fromkeys(it.document.id for it in fitting))

    async def count_by_state(self, user_id: str) -> Mapping[DocumentState, int]:
        """How many documents of a user are in which state."""
        return dict(Counter(it.state for it in self._papers.documents_of(user_id)))

    async def slices(
        self, user_id: str, spans: Sequence[tuple[str, int, int]]
    ) -> Sequence[str | None]:
        """Searchable text at (document id, start, end), cut at its ends; None when it is gone."""
        texts: list[str | None] = []
        for document_id, start, end in spans:
            reading = self._papers.searchable(user_id, document_id)
            texts.append(None if reading is None else cut_out(reading.pages, max(start, 0), end))
        return texts

    async def pages(
        self, user_id: str, document_id: str, *, number: int | None = None
    ) -> Sequence[TextPage]:
        """The searchable text in order, or one page of it; of a first reading also before it is."""
        it = self._papers.documents.get(document_id)
        if it is None or it.user_id != user_id:
            return ()
        reading = self._papers.searchable(user_id, document_id) or self._papers.newest(document_id)
        shown = reading.pages if reading is not None else ()
        return tuple(page for page in shown if number in {None, page.number})

    async def neighbours(
        self, user_id: str, spans: Sequence[tuple[str, int, int]]
    ) -> Sequence[Sequence[FoundChunk]]:
        """The chunks of each document whose ordinals lie in first..last, in order."""
        return [
            tuple(one for one in self._found(user_id, it) if first <= one.ordinal <= last)
            for it, first, last in spans
        ]

    def _held(self, document_id: str, claim: Claim | None) -> Document | None:
        """Find a document, but not for a worker whose claim is lost."""
        it = self._papers.documents.get(document_id)
        if it is None or claim is None:
            return it
        job = self._papers.claimed(claim)
        return it if job is not None and job.document_id == document_id else None

    def _numbered(self, chunk: Chunk) -> Chunk:
        self._papers.last_chunk_id += 1
        return replace(
            chunk,
            id=self._papers.last_chunk_id,
            heading=clean_text(chunk.heading),
            lexemes=clean_text(chunk.lexemes),
        )

    def _found(self, user_id: str, document_id: str) -> Sequence[FoundChunk]:
        reading = self._papers.searchable(user_id, document_id) or Reading()
        return [
            FoundChunk(
                id=one.id,
                document_id=document_id,
                ordinal=ordinal,
                start=one.start,
                end=one.end,
                heading=one.heading,
                page=one.page,
                kind=one.kind,
            )
            for ordinal, one in enumerate(reading.chunks)
        ]


def _fits(file: File, within: FileFilter, *, key: str) -> bool:
    since, until = within.created_from_ms, within.created_to_ms
    return (
        file.document.revision > 0
        and (not within.file_ids or file.id in within.file_ids)
        and (not within.kinds or file.document.kind in within.kinds)
        and key in fold(file.filename)
        and (since is None or file.created_at_ms >= since)
        and (until is None or file.created_at_ms <= until)
    )
