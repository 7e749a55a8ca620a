"""Finds passages in one user's documents: ranks chunks, grows them, drops repetitions, keeps to the budget.

What the indexes propose is looked up in the database before anything is shown: only what the user owns
and what is searchable is there. Not for: ranking itself (`index.ranking`) or answering (`tools`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from backend.documents.growing import Neighbourhood, Stretch, grown
from backend.documents.index.function_words import function_lexemes
from backend.documents.index.lexemes import query_lexemes
from backend.documents.index.questions import Question, RankedChunk, Ranker
from backend.documents.passages import Found, PassageWriter
from backend.documents.relevance import RELEVANT, relevance
from backend.documents.yardstick import Yardstick, Yardsticks
from backend.ports.document_stores import DocumentStore, FileStore, FoundChunk, SpaceStore
from backend.ports.documents import FINAL_STATES, FileFilter, SearchAnswer, SearchQuery
from backend.ports.embedding import Embedder, EmbeddingFailed, EmbeddingSpace
from backend.ports.search_indexes import MeaningIndex, SearchIndexes, WordIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_QUESTION_CHARS = 2_000
_LEAST_HITS, _HITS_PER_PASSAGE = 60, 4
_SPARE_PASSAGES = 5  # take the place of repetitions
_AROUND = 5  # neighbours looked at on each side of a hit
_EVERYTHING = FileFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStores:
    """The stores a search reads."""

    documents: DocumentStore
    files: FileStore
    spaces: SpaceStore


@dataclass(frozen=True, slots=True, eq=False)
class _Embedded:
    """The question as a vector of the active space, or a note why there is none."""

    space: EmbeddingSpace | None = None
    vector: NDArray[np.float32] | None = None
    yardstick: Yardstick | None = None
    note: str = ""

    def relevance(self, evidence: RankedChunk) -> float:
        """Judge a chunk by what speaks for it."""
        similarity = None
        if self.yardstick is not None and evidence.cosine is not None:
            similarity = self.yardstick.similarity(evidence.cosine)
        return relevance(similarity=similarity, coverage=evidence.coverage)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    text: str
    vector: NDArray[np.float32] | None
    within: Collection[str] | None
    ranker: Ranker | None

    def ranked(self, words: WordIndex, meaning: MeaningIndex | None) -> list[RankedChunk]:
        from backend.documents.index.ranking import (  # noqa: PLC0415 - numpy: for searches alone
            rank,
        )

        languages = words.languages()
        question = Question(
            groups=query_lexemes(self.text, languages),
            silent=function_lexemes(languages),
            vector=self.vector,
            within=self.within,
        )
        return (self.ranker or rank)(words, meaning, question)


class Embedders(Protocol):
    """The embedders at hand."""

    def of(self, space: str) -> Embedder | None:
        """Give the embedder of a space; None when its provider is not set up."""
        ...


class Searcher:
    """Searches for any user.

    The embedder of the active space embeds the question. A hit is grown to about `passage_chars`
    characters.
    """

    def __init__(
        self,
        stores: SearchStores,
        indexes: SearchIndexes,
        embedders: Embedders,
        *,
        passage_chars: int = 1_000,
        ranker: Ranker | None = None,
    ) -> None:
        self._stores = stores
        self._indexes = indexes
        self._embedders = embedders
        self._passage_chars = passage_chars
        self._ranker = ranker
        self._yardsticks = Yardsticks()
        self._writer = PassageWriter(stores.documents, stores.files)

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages, best first: at most `top_k` of them, `max_chars` characters in all."""
        documents = self._stores.documents
        within = await self._within(user_id, query.within)
        states = await documents.count_by_state(user_id)
        unready = sum(count for state, count in states.items() if state not in FINAL_STATES)
        searchable = within if within is not None else await documents.revisions(user_id)
        if not searchable or not query.text.strip():
            return SearchAnswer(
                passages=(), relevant=False, searched=len(searchable), unready=unready
            )
        embedded, ranked = await self._ranked(user_id, query.text[:_MAX_QUESTION_CHARS], within)
        hits = await self._hits(user_id, ranked, top_k=query.top_k)
        stretches = await self._grown(user_id, hits, query)
        evidence = {one.id: one for one in ranked}
        found = [
            Found(one, evidence[one.hit.id], embedded.relevance(evidence[one.hit.id]))
            for one in stretches
        ]
        passages = await self._writer.write(user_id, found, query)
        return SearchAnswer(
            passages=passages,
            relevant=any(one.relevance >= RELEVANT for one in passages),
            searched=len(searchable),
            unready=unready,
            notes=(embedded.note,) if embedded.note else (),
        )

    async def _within(self, user_id: str, wanted: FileFilter) -> Collection[str] | None:
        """List the documents a filter leaves, None when it leaves all."""
        if wanted == _EVERYTHING:
            return None
        return await self._stores.documents.searchable(user_id, wanted)

    async def _ranked(
        self, user_id: str, text: str, within: Collection[str] | None
    ) -> tuple[_Embedded, list[RankedChunk]]:
        embedded = await self._embedded(text)
        question = _Asked(text, embedded.vector, within, self._ranker)
        return embedded, await self._indexes.ask(user_id, embedded.space, question.ranked)

    async def _embedded(self, text: str) -> _Embedded:
        active = await self._stores.spaces.active()
        embedder = self._embedders.of(active) if active else None
        reason = "nothing that is set up embeds as the documents were embedded"
        if embedder is not None:
            try:
                space = await embedder.space()
                vector = await embedder.embed_query(text)
                return _Embedded(space, vector, await self._yardsticks.of(embedder, space.id))
            except EmbeddingFailed as exc:
                reason = str(exc).rstrip(".")
        return _Embedded(note=f"Searched by words alone: {reason}.")

    async def _hits(
        self, user_id: str, ranked: Sequence[RankedChunk], *, top_k: int
    ) -> list[FoundChunk]:
        """Look the best chunks up; what is gone or someone else's is not there."""
        ids = [one.id for one in ranked[: max(_LEAST_HITS, _HITS_PER_PASSAGE * top_k)]]
        found = {one.id: one for one in await self._stores.documents.found(user_id, ids)}
        return [found[one] for one in ids if one in found]

    async def _grown(
        self, user_id: str, hits: Sequence[FoundChunk], query: SearchQuery
    ) -> list[Stretch]:
        around = await self._stores.documents.neighbours(user_id, _windows(hits))
        near = Neighbourhood([*hits, *(one for chunks in around for one in chunks)])
        size = self._passage_chars
        if query.max_chars is not None:
            size = min(size, query.max_chars)
        return grown(hits, near, max_chars=size, limit=query.top_k + _SPARE_PASSAGES)


def _windows(hits: Sequence[FoundChunk]) -> list[tuple[str, int, int]]:
    """Name the neighbours of all hits, those of near hits together."""
    windows: list[tuple[str, int, int]] = []
    for hit in sorted(hits, key=lambda one: (one.document_id, one.ordinal)):
        first, last = max(0, hit.ordinal - _AROUND), hit.ordinal + _AROUND
        if windows and windows[-1][0] == hit.document_id and first <= windows[-1][2] + 1:
            first = windows.pop()[1]
        windows.append((hit.document_id, first, last))
    return windows
