"""Moves a question's vector towards texts that seem to answer it. Loads numpy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def steered(
    vector: NDArray[np.float32],
    near: Mapping[int, NDArray[np.float32]],
    towards: Mapping[int, float],
    *,
    strength: float,
) -> NDArray[np.float32]:
    """Move a question towards the weighted centre of chunks, by Rocchio's formula; of unit length.

    https://nlp.stanford.edu/IR-book/html/htmledition/the-rocchio-algorithm-for-relevance-feedback-1.html
    """
    weight = sum(towards[one] for one in near)
    if weight <= 0:
        return vector
    moved = vector.copy()
    for one, other in near.items():
        moved += strength * towards[one] / weight * other
    return moved / max(float(np.linalg.norm(moved)), 1e-9)
