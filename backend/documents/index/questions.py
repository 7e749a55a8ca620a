"""What is asked of the indexes of a user, and what they answer. Light: nothing heavy is loaded for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from backend.ports.search_indexes import Groups, MeaningIndex, WordIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RankedChunk:
    """A chunk with its fused score (0 to 1) and the evidence for it.

    That is the cosine, None without vectors, and the share of the words found, None without words.
    """

    id: int
    score: float
    cosine: float | None
    coverage: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What is looked for: words, a vector, or both; `within` names the documents it is looked for in.

    `silent` are lexemes whose absence from a passage says nothing.
    """

    groups: Groups = ()
    silent: frozenset[str] = frozenset()
    vector: NDArray[np.float32] | None = None
    within: Collection[str] | None = None


class Ranker(Protocol):
    """Something that ranks the chunks of a library for a question, best first."""

    def __call__(
        self, words: WordIndex, meaning: MeaningIndex | None, question: Question, /
    ) -> list[RankedChunk]:
        """Rank."""
        ...
