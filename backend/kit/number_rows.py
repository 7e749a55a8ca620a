"""Rows of numbers from outside as one array, checked.

Not for: vectors of documents, which are brought to unit length besides (`documents/embedding/vectors`).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np  # costs 20 MiB, which only callers who need vectors pay
    from numpy.typing import NDArray


def array_of(rows: Sequence[object], *, count: int) -> NDArray[np.float32]:
    """Make a float32 array of `count` rows of one length; text is taken for base64 of float32.

    Raises:
        ValueError: for another number of rows, differing lengths, or what are no finite numbers.
    """
    import numpy as np  # noqa: PLC0415 - loaded by the first caller that needs vectors

    if len(rows) != count:
        msg = f"{len(rows)} vectors for {count} texts"
        raise ValueError(msg)
    numbers = [_from_base64(row) if isinstance(row, str) else row for row in rows]
    try:
        made = np.asarray(numbers, dtype=np.float32)
    except (TypeError, OverflowError) as exc:
        raise ValueError("no numbers") from exc
    if made.ndim != 2 or made.shape[1] == 0 or not np.isfinite(made).all():
        raise ValueError("no vectors of finite numbers")
    return made


def joined(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Put arrays below each other.

    Raises:
        ValueError: when their rows differ in length.
    """
    import numpy as np  # noqa: PLC0415 - as above

    return np.concatenate(parts)


def _from_base64(text: str) -> NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415 - as above

    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
