"""Embed texts by POST /api/embed.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from backend.errors import StewardError, UpstreamGarbage
from backend.kit.number_rows import array_of, joined
from backend.kit.streaming import StreamClient, StreamError
from backend.llm.ollama.failures import failure_from
from backend.ports.vectors import VectorRequest, Vectors, can_be_shortened, not_in_dimensions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TEXTS_AT_ONCE = 32
"""Between two batches others have their turn, and one answer is read in a few milliseconds."""


async def embed(
    client: StreamClient, base_url: str, request: VectorRequest, *, keep_alive: str | int
) -> Vectors:
    """Embed texts batch by batch; raise what `VectorProvider.embed` says.

    Nothing is cut: without `truncate` Ollama refuses what is longer than the model's window. Its
    `dimensions` cut the vectors of any model, so they are asked only of those that allow it.
    """
    shortened = request.dimensions if can_be_shortened(request.model) else None
    body: dict[str, Any] = {"model": request.model, "truncate": False, "keep_alive": keep_alive}
    if shortened is not None:
        body["dimensions"] = shortened
    parts: list[NDArray[np.float32]] = []
    tokens = 0
    for at in range(0, len(request.texts), TEXTS_AT_ONCE):
        texts = request.texts[at : at + TEXTS_AT_ONCE]
        answer = await _ask(client, base_url, {**body, "input": texts})
        rows, read = await asyncio.to_thread(_read, answer, len(texts))
        if request.dimensions not in (None, rows.shape[1]):
            raise not_in_dimensions(request.model, own=rows.shape[1])
        parts.append(rows)
        tokens += read
    return Vectors(rows=await asyncio.to_thread(_whole, parts), prompt_tokens=tokens)


async def _ask(client: StreamClient, base_url: str, body: dict[str, Any]) -> bytes:
    parts: list[bytes] = []
    try:
        async with client.post(f"{base_url}/api/embed", orjson.dumps(body)) as reply:
            while data := await reply.read():
                parts.append(data)
    except StreamError as exc:
        raise _about_input(failure_from(exc, model=body["model"], base_url=base_url)) from exc
    return b"".join(parts)


def _read(answer: bytes, count: int) -> tuple[NDArray[np.float32], int]:
    try:
        whole: Any = orjson.loads(answer)
        return array_of(whole["embeddings"], count=count), int(whole.get("prompt_eval_count") or 0)
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise UpstreamGarbage("Ollama answered something else than vectors.") from exc


def _whole(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    try:
        return joined(parts)
    except ValueError as exc:
        raise UpstreamGarbage("Ollama answered vectors of differing length.") from exc


def _about_input(failure: StewardError) -> StewardError:
    if failure.param == "messages":
        failure.param = "input"
    return failure
