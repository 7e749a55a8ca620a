"""A small `Documents`: files given as text, found by the words they share with a question.

Pages end at form feeds, passages at blank lines. Good enough to test who asks; the real search has
tests of its own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backend.agent.toolbox import ToolCard
from backend.kit.extraction.words import terms
from backend.ports.documents import (
    CitedPassage,
    Document,
    File,
    Listing,
    Passage,
    SearchAnswer,
    SearchQuery,
    TextPage,
    Upload,
)
from backend.ports.stores import Page
from backend.tools import rag_retrieval

RELEVANT = 0.5
AROUND_CHARS = 40


@dataclass(slots=True)
class FoundDocuments:
    """Each user's files by name; `unready` files are still being read, `searches` what was asked."""

    texts: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    unready: dict[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()
    failure: Exception | None = None
    hold: asyncio.Event | None = None
    searches: list[SearchQuery] = field(default_factory=list[SearchQuery])

    def give(self, user_id: str, files: dict[str, str]) -> None:
        """Give a user files by name."""
        self.texts.setdefault(user_id, {}).update(files)

    def files(self, user_id: str) -> list[File]:
        """List a user's files, newest first."""
        own = self.texts.get(user_id, {})
        return [
            File(
                id=f"file-{user_id}-{at}",
                user_id=user_id,
                filename=name,
                created_at_ms=at,
                document=Document(
                    id=f"doc_{at}",
                    user_id=user_id,
                    sha256="",
                    size_bytes=len(text),
                    state="ready",
                    chars=len(text),
                    revision=1,
                ),
            )
            for at, (name, text) in reversed(list(enumerate(own.items())))
        ]

    async def has_any(self, user_id: str) -> bool:
        """Tell whether there is a file, read or not."""
        return bool(self.texts.get(user_id) or self.unready.get(user_id))

    async def get(self, user_id: str, file_id: str) -> File | None:
        """Find a file."""
        return next((one for one in self.files(user_id) if one.id == file_id), None)

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        """List files, newest first."""
        part = listing.name_contains.casefold()
        only = listing.file_ids
        kept = [
            one
            for one in self.files(user_id)
            if part in one.filename.casefold()
            and (only is None or one.id in only)
            and (not listing.states or one.document.state in listing.states)
        ]
        return Page(items=tuple(kept[: listing.limit]))

    async def passages(
        self, user_id: str, file_id: str, *, max_chars: int | None = None
    ) -> Sequence[Passage]:
        """Give a file's passages in order."""
        file = await self.get(user_id, file_id)
        return _within(self._passages(file, ""), max_chars) if file is not None else ()

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages by the share of the question's words they hold."""
        self.searches.append(query)
        if self.failure is not None:
            raise self.failure
        if self.hold is not None:
            await self.hold.wait()
        only = set(query.within.file_ids)
        files = [one for one in self.files(user_id) if not only or one.id in only]
        found = [one for file in files for one in self._passages(file, query.text)]
        found.sort(key=lambda one: (-one.relevance, one.filename, one.start))
        return SearchAnswer(
            passages=tuple(_within(found[: query.top_k], query.max_chars)),
            relevant=bool(found) and found[0].relevance >= RELEVANT,
            searched=len(files),
            unready=self.unready.get(user_id, 0),
            notes=self.notes,
        )

    async def cited(self, user_id: str, citation_id: str) -> CitedPassage | None:
        """Resolve a citation while its text stands where it stood."""
        for file in self.files(user_id):
            text = self.texts[user_id][file.filename]
            for one in self._passages(file, ""):
                if one.citation_id == citation_id:
                    return CitedPassage(
                        citation=one.citation(),
                        filename=file.filename,
                        before=text[max(0, one.start - AROUND_CHARS) : one.start],
                        after=text[one.end : one.end + AROUND_CHARS],
                    )
        return None

    def _passages(self, file: File, question: str) -> list[Passage]:
        text = self.texts[file.user_id][file.filename]
        paged = "\f" in text
        asked = set(terms(question))
        found: list[Passage] = []
        for match in re.finditer(r"[^\f]+?(?=\n\n|\f|\Z)", text):
            words = set(terms(f"{match.group()} {file.filename}"))
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            found.append(
                Passage(
                    file_id=file.id,
                    document_id=file.document.id,
                    filename=file.filename,
                    start=start,
                    end=match.end(),
                    text=text[start : match.end()],
                    page=1 + text.count("\f", 0, start) if paged else None,
                    score=0.0,
                    relevance=len(asked & words) / max(1, len(asked)),
                    citation_id=f"cit_{file.user_id}_{file.created_at_ms}_{start}_{match.end()}",
                )
            )
        return [one for one in found if one.text.strip()]

    async def add(self, user_id: str, upload: Upload) -> File:
        raise NotImplementedError(upload.filename)

    async def settled(self, user_id: str, file_id: str, *, wait_s: float) -> File | None:
        return await self.get(user_id, file_id)

    async def delete(self, user_id: str, file_id: str) -> bool:
        file = await self.get(user_id, file_id)
        return file is not None and self.texts[user_id].pop(file.filename, None) is not None

    async def reindex(self, user_id: str, file_id: str) -> File | None:
        return await self.get(user_id, file_id)

    async def content(self, user_id: str, file_id: str) -> tuple[File, Path] | None:
        return None

    async def text(self, user_id: str, file_id: str, *, number: int | None) -> Sequence[TextPage]:
        return ()

    async def watch(self, user_id: str, file_id: str) -> AsyncIterator[File]:
        if (file := await self.get(user_id, file_id)) is not None:
            yield file


def _within(passages: Sequence[Passage], max_chars: int | None) -> list[Passage]:
    """Keep the passages that fit together."""
    kept: list[Passage] = []
    for one in passages:
        used = sum(len(other.text) for other in kept)
        if max_chars is None or used + len(one.text) <= max_chars:
            kept.append(one)
    return kept


def documents_card(documents: FoundDocuments) -> ToolCard:
    """Make the tool over some documents."""
    return ToolCard(
        name=rag_retrieval.NAME,
        description=rag_retrieval.DESCRIPTION,
        args=rag_retrieval.Args,
        touches=rag_retrieval.TOUCHES,
        tool=rag_retrieval.RagRetrieval(rag_retrieval.Options(), documents),
    )
