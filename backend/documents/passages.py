"""Writes what was found as passages: text, file, page, citation; without repetitions, within the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.documents.citation_ids import citation_id
from backend.documents.file_choice import chosen
from backend.documents.growing import Stretch
from backend.documents.index.questions import RankedChunk
from backend.documents.repetition import Repetitions
from backend.ports.document_stores import DocumentStore, FileStore
from backend.ports.documents import File, Passage, SearchQuery


@dataclass(frozen=True, slots=True)
class Found:
    """A grown hit and what speaks for it."""

    stretch: Stretch
    evidence: RankedChunk
    relevance: float


class PassageWriter:
    """Reads texts and names from the stores."""

    def __init__(self, documents: DocumentStore, files: FileStore) -> None:
        self._documents = documents
        self._files = files

    async def write(
        self, user_id: str, found: Sequence[Found], query: SearchQuery
    ) -> tuple[Passage, ...]:
        """Give the passages of a query in order; what is gone meanwhile is left out."""
        files = await self._chosen(user_id, found, query)
        kept = [one for one in found if one.stretch.hit.document_id in files]
        spans = [(one.stretch.hit.document_id, one.stretch.start, one.stretch.end) for one in kept]
        texts = await self._documents.slices(user_id, spans)
        said = Repetitions()
        left = query.max_chars
        passages: list[Passage] = []
        for one, text in zip(kept, texts, strict=True):
            if len(passages) >= query.top_k or left == 0:
                break
            if text is None or said.repeats(text):
                continue
            passage = _passage(one, text, files[one.stretch.hit.document_id], left)
            passages.append(passage)
            left = None if left is None else left - len(passage.text)
        return tuple(passages)

    async def _chosen(
        self, user_id: str, found: Sequence[Found], query: SearchQuery
    ) -> Mapping[str, File]:
        ids = list(dict.fromkeys(one.stretch.hit.document_id for one in found))
        files = await self._files.of_documents(user_id, ids)
        best = {one: chosen(files.get(one, ()), query.within) for one in ids}
        return {one: file for one, file in best.items() if file is not None}


def _passage(found: Found, text: str, file: File, left: int | None) -> Passage:
    stretch, evidence = found.stretch, found.evidence
    start, text = _within(stretch, text, left)
    return Passage(
        file_id=file.id,
        document_id=stretch.hit.document_id,
        filename=file.filename,
        start=start,
        end=start + len(text),
        text=text,
        score=evidence.score,
        relevance=found.relevance,
        citation_id=citation_id(
            file.id, start=start, end=start + len(text), page=stretch.hit.page, text=text
        ),
        page=stretch.hit.page,
        heading=stretch.hit.heading,
    )


def _within(stretch: Stretch, text: str, left: int | None) -> tuple[int, str]:
    """Keep the hit itself, then as many words after it as there is room for."""
    if left is None or len(text) <= left:
        return stretch.start, text
    hit = text[stretch.hit.start - stretch.start :]
    if len(hit) <= left:
        return stretch.hit.start, hit
    cut = hit[:left]
    space = max(cut.rfind(" "), cut.rfind("\n"))
    return stretch.hit.start, cut[:space].rstrip() if space > left // 2 else cut
