"""Judges whether a passage may answer a question, in a number that can be compared between questions."""

from __future__ import annotations

import math

RELEVANT = 0.5


def relevance(*, cosine: float | None, coverage: float) -> float:
    """Give 0 to 1 from the cosine of question and passage and the share of the question's words in it."""
    if cosine is None:
        return coverage
    return 1 / (1 + math.exp(-(8 * cosine + 2 * coverage - 4)))
