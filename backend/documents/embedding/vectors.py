"""Rows of numbers from outside become vectors: checked, float32, of unit length.

Imports numpy: for use behind the embedder boundary only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.ports.embedding import EmbeddingFailed

Rows = Sequence[object] | NDArray[np.float32]


def unit_rows(rows: Rows, *, count: int, dimensions: int) -> NDArray[np.float32]:
    """Make an array of shape (count, dimensions) out of rows of numbers; 0 dimensions take any.

    Raises:
        EmbeddingFailed: for another number of rows, rows of another or of differing length, and
            rows that are not finite numbers or are all zero.
    """
    if len(rows) != count:
        msg = f"The embedding model answered {len(rows)} vectors for {count} texts."
        raise EmbeddingFailed(msg)
    made = _matrix(rows)
    if made.ndim != 2 or made.shape[1] == 0:
        raise EmbeddingFailed("The embedding model answered something that is no vector.")
    if dimensions and made.shape[1] != dimensions:
        msg = f"The embedding model answered vectors of {made.shape[1]} numbers instead of {dimensions}; was it replaced?"
        raise EmbeddingFailed(msg)
    lengths = np.sqrt(np.einsum("ij,ij->i", made, made))
    if not np.isfinite(lengths).all() or not lengths.all():
        raise EmbeddingFailed("The embedding model answered vectors that are not numbers.")
    return (made / lengths[:, None]).astype(np.float32)


def _matrix(rows: Rows) -> NDArray[np.float64]:
    try:
        return np.asarray(rows, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as exc:
        raise EmbeddingFailed("The embedding model answered something that is no vector.") from exc
