"""Write vectors as OpenAI's answer, piece by piece, so that the event loop is never held for long.

2,048 vectors of 384 numbers are 8 MB of text, a tenth of a second at one go.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Literal

import orjson

from backend.ports.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUMBERS_AT_ONCE = 8_192


async def vectors_body(
    found: Vectors, *, model: str, encoding: Literal["float", "base64"]
) -> bytes:
    """Give the whole answer; base64 is of little-endian float32, as OpenAI has it."""
    rows = found.rows
    step = max(1, NUMBERS_AT_ONCE // rows.shape[1])
    write = _in_base64 if encoding == "base64" else _as_numbers
    parts = [
        await asyncio.to_thread(write, rows[at : at + step], at) for at in range(0, len(rows), step)
    ]
    usage = {"prompt_tokens": found.prompt_tokens, "total_tokens": found.prompt_tokens}
    tail = orjson.dumps({"model": model, "usage": usage})[1:]
    return b'{"object":"list","data":[' + b",".join(parts) + b"]," + tail


def _as_numbers(rows: NDArray[np.float32], first: int) -> bytes:
    return b",".join([
        b'{"object":"embedding","index":%d,"embedding":%b}'
        % (first + at, orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY))
        for at, row in enumerate(rows)
    ])


def _in_base64(rows: NDArray[np.float32], first: int) -> bytes:
    return b",".join([
        b'{"object":"embedding","index":%d,"embedding":"%b"}'
        % (first + at, base64.b64encode(row.astype("<f4").tobytes()))
        for at, row in enumerate(rows)
    ])
