"""Ranks chunks by meaning and by words together: normalised scores, half and half, after one round of feedback.

Pure computation over the two indexes of a user, to be run in a thread. Loads numpy. Not for: passages (`growing`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from backend.documents.index.questions import Question, RankedChunk
from backend.documents.index.word_scores import WordScore, WordScorer
from backend.ports.search_indexes import MeaningIndex, WordIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POOL = 200  # candidates that each side proposes
_FEEDBACK_CHUNKS = 2
_FEEDBACK_WEIGHT = 0.4
# Less than this is no evidence, however it compares: the spread of cosines, and the share of the best
# score that all words together could have.
_LEAST_SPREAD = 0.1
_LEAST_SHARE = 0.15
_NO_WORDS = WordScore(0.0, 0.0)


def rank(lexical: WordIndex, dense: MeaningIndex | None, question: Question) -> list[RankedChunk]:
    """Rank the chunks that either index proposes, best first."""
    words = _Words(lexical, question)
    if dense is None or question.vector is None:
        scores = words.normalised(words.proposed)
        return _sorted(scores, {}, words)
    first = _Meaning(dense, question.vector, question.within)
    pool = {*words.proposed, *first.nearest}
    fused = _fused(pool, words, first)
    best = sorted(fused, key=lambda one: -fused[one])[:_FEEDBACK_CHUNKS]
    moved = dense.steered(
        question.vector, {one: fused[one] for one in best}, strength=_FEEDBACK_WEIGHT
    )
    steered = _Meaning(dense, moved, question.within)
    pool |= steered.nearest.keys()
    return _sorted(_fused(pool, words, steered), first.cosines(pool), words)


class _Words:
    """The lexical side of one question."""

    def __init__(self, lexical: WordIndex, question: Question) -> None:
        self._lexical = lexical
        self._known: dict[int, WordScore] = {}
        self.proposed: Sequence[int] = ()
        self._scorer: WordScorer | None = None
        if question.groups:
            proposals = lexical.propose(question.groups, limit=POOL, within=question.within)
            self.proposed = proposals.ids
            self._scorer = WordScorer(question, proposals)

    def score(self, chunk: int) -> WordScore:
        return self._known.get(chunk, _NO_WORDS)

    def coverage(self, chunk: int) -> float | None:
        return self.score(chunk).coverage if self._scorer else None

    def normalised(self, pool: Collection[int]) -> dict[int, float]:
        """Bring scores to 0..1: from the last of the best `POOL` to the best."""
        if self._scorer is None:
            return dict.fromkeys(pool, 0.0)
        fresh = [one for one in pool if one not in self._known]
        self._known.update(self._scorer.scores(fresh, self._lexical.words(fresh)))
        best = sorted((self.score(one).bm25 for one in pool), reverse=True)[:POOL]
        least = best[-1] if len(best) == POOL else 0.0
        spread = max(best[0] if best else 0.0, _LEAST_SHARE * self._scorer.most) - least
        return {one: _share(self.score(one).bm25 - least, spread) for one in pool}


class _Meaning:
    """The dense side of one question."""

    def __init__(
        self, dense: MeaningIndex, vector: NDArray[np.float32], within: Collection[str] | None
    ) -> None:
        self._dense = dense
        self._vector = vector
        self.nearest = dense.search(vector, limit=POOL, within=within)
        self._known: dict[int, float] = dict(self.nearest)

    def cosines(self, pool: Collection[int]) -> dict[int, float]:
        """Give the cosine of every chunk that has a vector."""
        fresh = [one for one in pool if one not in self._known]
        self._known.update(self._dense.cosines(self._vector, fresh))
        return {one: self._known[one] for one in pool if one in self._known}

    def normalised(self, pool: Collection[int]) -> dict[int, float]:
        """Bring cosines to 0..1: from the last of the nearest to the best."""
        if not self.nearest:
            return dict.fromkeys(pool, 0.0)
        cosines = self.cosines(pool)
        least = min(self.nearest.values())
        spread = max(max(self.nearest.values()) - least, _LEAST_SPREAD)
        return {one: _share(cosines.get(one, least) - least, spread) for one in pool}


def _share(above: float, spread: float) -> float:
    return max(above, 0.0) / spread if spread > 0 else 0.0


def _fused(pool: Collection[int], words: _Words, meaning: _Meaning) -> dict[int, float]:
    by_words, by_meaning = words.normalised(pool), meaning.normalised(pool)
    if not words.proposed:
        return by_meaning
    return {one: (by_words[one] + by_meaning[one]) / 2 for one in pool}


def _sorted(
    scores: Mapping[int, float], cosines: Mapping[int, float], words: _Words
) -> list[RankedChunk]:
    ranked = [
        RankedChunk(one, score, cosines.get(one), words.coverage(one))
        for one, score in scores.items()
    ]
    ranked.sort(key=lambda one: (-one.score, one.id))
    return ranked
