"""Rankers to hold the shipped one against: each side alone, and the usual ways to join them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from backend.documents.index.questions import Question, RankedChunk, Ranker  # noqa: E402
from backend.documents.index.ranking import POOL, rank  # noqa: E402
from backend.documents.index.word_scores import WordScorer  # noqa: E402
from backend.ports.search_indexes import MeaningIndex, WordIndex  # noqa: E402

_RRF = 60
Scores = Mapping[int, float]


def _dense(_: WordIndex, dense: MeaningIndex | None, question: Question) -> list[RankedChunk]:
    return _ranked(_cosines(dense, question))


def _lexical(lexical: WordIndex, _: MeaningIndex | None, question: Question) -> list[RankedChunk]:
    return _ranked(_bm25(lexical, question))


def _reciprocal(
    lexical: WordIndex, dense: MeaningIndex | None, question: Question
) -> list[RankedChunk]:
    """Add reciprocal ranks: https://plg.uwaterloo.ca/~gvcormac/cormacksigir09-rrf.pdf."""
    joined: dict[int, float] = {}
    for side in (_bm25(lexical, question), _cosines(dense, question)):
        for place, one in enumerate(sorted(side, key=lambda one: -side[one]), 1):
            joined[one] = joined.get(one, 0.0) + 1 / (_RRF + place)
    return _ranked(joined)


def _half_and_half(
    lexical: WordIndex, dense: MeaningIndex | None, question: Question
) -> list[RankedChunk]:
    joined: dict[int, float] = {}
    for side in (_bm25(lexical, question), _cosines(dense, question)):
        least, most = min(side.values(), default=0.0), max(side.values(), default=1.0)
        for one, score in side.items():
            share = (score - least) / max(most - least, 1e-9)
            joined[one] = joined.get(one, 0.0) + share / 2
    return _ranked(joined)


def _words_with_neighbours(
    lexical: WordIndex, _: MeaningIndex | None, question: Question
) -> list[RankedChunk]:
    return rank(lexical, None, question)


RANKERS: Mapping[str, Ranker] = {
    "dense alone": _dense,
    "BM25 alone": _lexical,
    "words as shipped, alone": _words_with_neighbours,
    "reciprocal rank fusion": _reciprocal,
    "min-max 0.5/0.5": _half_and_half,
    "shipped": rank,
}


def _bm25(lexical: WordIndex, question: Question) -> Scores:
    proposals = lexical.propose(question.groups, limit=POOL, within=question.within)
    alone = {
        one: replace(words, neighbours=(None, None))
        for one, words in lexical.words(proposals.ids).items()
    }
    scorer = WordScorer(question, proposals)
    return {one: it.bm25 for one, it in scorer.scores(proposals.ids, alone).items()}


def _cosines(dense: MeaningIndex | None, question: Question) -> Scores:
    if dense is None or question.vector is None:
        return {}
    return dense.search(question.vector, limit=POOL, within=question.within)


def _ranked(scores: Scores) -> list[RankedChunk]:
    order = sorted(scores, key=lambda one: (-scores[one], one))
    return [RankedChunk(one, scores[one], None, None) for one in order]
