"""Scores a chunk by the words of a question: BM25 over its text, its title and headings, and what stands around it.

https://www.staff.city.ac.uk/~sbrp622/papers/foundations_bm25_review.pdf (3.6: several fields are
one weighted text). Not for: finding chunks (`lexical`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

K1, B = 1.2, 0.75
CONTEXT_WEIGHT = 2.0  # title and headings say what a chunk is about
AROUND_WEIGHT = 0.2  # a hit is shown with its neighbours
_COMMON = 1 / 2  # words in more than this share of all chunks tell nothing
_LEAST_IDF = 1e-6


@dataclass(frozen=True, slots=True)
class ScoredText:
    """The lexemes of a chunk, of its title and headings, and of its neighbours' texts."""

    body: Sequence[str]
    context: Sequence[str] = ()
    around: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class WordScore:
    """The BM25 score of a chunk, and the share of the question's words (by weight) that it holds."""

    bm25: float
    coverage: float


class WordScorer:
    """Scores by the words of one question; each group of words counts as one."""

    def __init__(
        self,
        groups: Sequence[tuple[str, ...]],
        frequencies: Mapping[str, int],
        *,
        chunks: int,
        mean_size: float,
    ) -> None:
        self._number: dict[str, int] = {}
        self._weights: list[float] = []
        self._mean_size = max(mean_size, 1.0)
        for number, group in enumerate(groups):
            frequency = min(sum(frequencies.get(word, 0) for word in group), chunks)
            idf = math.log(_COMMON * (chunks + 0.5) / (frequency + 0.5))
            self._weights.append(max(idf, _LEAST_IDF))
            for word in group:
                self._number.setdefault(word, number)
        self.most = sum(self._weights) * (K1 + 1)

    def score(self, text: ScoredText) -> WordScore:
        """Score one chunk."""
        counts: dict[int, float] = {}
        self._count(text.body, 1.0, counts)
        self._count(text.context, CONTEXT_WEIGHT, counts)
        size = float(len(text.body) + len(text.context))
        for neighbour in text.around:
            self._count(neighbour, AROUND_WEIGHT, counts)
            size += AROUND_WEIGHT * len(neighbour)
        saturation = K1 * (1 - B + B * size / self._mean_size)
        bm25 = covered = 0.0
        for number, count in counts.items():
            weight = self._weights[number]
            bm25 += weight * count * (K1 + 1) / (count + saturation)
            covered += weight
        return WordScore(bm25, covered / (self.most / (K1 + 1)) if self.most else 0.0)

    def _count(self, lexemes: Sequence[str], weight: float, counts: dict[int, float]) -> None:
        for word in self._number.keys() & lexemes:
            number = self._number[word]
            counts[number] = counts.get(number, 0.0) + weight * lexemes.count(word)
