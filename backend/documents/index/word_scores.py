"""Scores chunks by the words of a question: BM25 over text, title and headings, and a little of what stands around.

https://www.staff.city.ac.uk/~sbrp622/papers/foundations_bm25_review.pdf (3.6: several fields are
one weighted text). Loads numpy. Not for: finding chunks (`lexical`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backend.documents.index.questions import Question
from backend.ports.lexical_rows import (
    AROUND_WEIGHT,
    CONTEXT_WEIGHT,
    ChunkWords,
    word_number,
)
from backend.ports.search_indexes import Proposals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Table = NDArray[np.float64]

K1, B = 1.2, 0.75
_COMMON = 1 / 2  # words in more than this share of all chunks tell nothing
_LEAST_IDF = 1e-6


@dataclass(frozen=True, slots=True)
class WordScore:
    """The BM25 score of a chunk, and the share of the question's telling words (by weight) that it holds."""

    bm25: float
    coverage: float


class WordScorer:
    """Scores by the words of one question; each group of words counts as one."""

    def __init__(self, question: Question, proposals: Proposals) -> None:
        chunks = proposals.chunks
        self._mean_size = max(proposals.mean_size, 1.0)
        self._group_of: dict[int, int] = {}
        weights: list[float] = []
        for number, group in enumerate(question.groups):
            known = sum(proposals.frequencies.get(word, 0) for word in group)
            idf = math.log(_COMMON * (chunks + 0.5) / (min(known, chunks) + 0.5))
            weights.append(max(idf, _LEAST_IDF))
            for word in group:
                self._group_of.setdefault(word_number(word), number)
        self._weights = np.array(weights, dtype=np.float64)
        self.most = float(self._weights.sum()) * (K1 + 1)
        """What a chunk full of every word would score."""
        silent = [question.silent.issuperset(group) for group in question.groups]
        self._telling = np.where(silent, 0.0, self._weights) if not all(silent) else self._weights

    def scores(
        self, chunks: Sequence[int], words: Mapping[int, ChunkWords]
    ) -> dict[int, WordScore]:
        """Score chunks; `words` holds them and their neighbours."""
        known = [one for one in chunks if one in words]
        if not known:
            return {}
        row_of = {one: row for row, one in enumerate(words)}
        rows = list(words.values())
        bodies, sizes = self._counted([row.body for row in rows])
        contexts, context_sizes = self._counted([words[one].context for one in known])
        own = np.array([row_of[one] for one in known])
        counts = bodies[own] + CONTEXT_WEIGHT * contexts
        size = sizes[own] + context_sizes
        for side in (0, 1):
            near = [row_of.get(words[one].neighbours[side] or 0, -1) for one in known]
            beside = np.array(near)
            there = (beside >= 0).astype(np.float64) * AROUND_WEIGHT
            counts += there[:, None] * bodies[beside]
            size += there * sizes[beside]
        saturation = K1 * (1 - B + B * size / self._mean_size)
        bm25 = (counts * (K1 + 1) / (counts + saturation[:, None])) @ self._weights
        coverage = (counts > 0) @ self._telling / self._telling.sum()
        pairs = zip(bm25.tolist(), coverage.tolist(), strict=True)
        return {one: WordScore(*pair) for one, pair in zip(known, pairs, strict=True)}

    def _counted(self, texts: Sequence[bytes]) -> tuple[Table, Table]:
        """Count the groups' words in texts of word numbers: one row per text, and the sizes."""
        words = np.frombuffer(b"".join(texts), dtype=np.uint32)
        sizes = np.array([len(text) // words.itemsize for text in texts])
        ends = sizes.cumsum()
        counts = np.zeros((len(texts), len(self._weights)), dtype=np.float64)
        for number, group in self._group_of.items():
            places = np.flatnonzero(words == number)
            found = np.searchsorted(ends, places, side="right")
            counts[:, group] += np.bincount(found, minlength=len(texts))
        return counts, sizes.astype(np.float64)
