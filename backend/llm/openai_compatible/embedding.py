"""Embed texts by POST /embeddings.

Source: https://platform.openai.com/docs/api-reference/embeddings/create
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from backend.errors import StewardError, UpstreamGarbage
from backend.kit.json_shapes import mapping, objects
from backend.kit.number_rows import array_of, joined
from backend.kit.streaming import Refused, StreamClient, StreamError
from backend.llm.openai_compatible.failures import failure_from
from backend.ports.vectors import VectorRequest, Vectors, not_in_dimensions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TEXTS_AT_ONCE = 64
"""Between two batches others have their turn, and one answer is read in a few milliseconds."""


class Embedding:
    """Asks one server; vectors come in base64 unless the server is found not to write it."""

    def __init__(self, client: StreamClient, base_url: str) -> None:
        self._client = client
        self._base_url = base_url
        self._encoding = "base64"

    async def embed(self, request: VectorRequest) -> Vectors:
        """Embed texts batch by batch; raise what `VectorProvider.embed` says.

        Which models embed, in which dimensions and how long texts, the server knows.
        """
        parts: list[NDArray[np.float32]] = []
        tokens = 0
        for at in range(0, len(request.texts), TEXTS_AT_ONCE):
            texts = request.texts[at : at + TEXTS_AT_ONCE]
            answer = await self._patiently(request, texts)
            rows, read = await asyncio.to_thread(_read, answer, len(texts))
            if request.dimensions not in (None, rows.shape[1]):
                raise not_in_dimensions(request.model, own=rows.shape[1])
            parts.append(rows)
            tokens += read
        return Vectors(rows=await asyncio.to_thread(_whole, parts), prompt_tokens=tokens)

    async def _patiently(self, request: VectorRequest, texts: Sequence[str]) -> bytes:
        try:
            return await self._ask(request, texts)
        except StreamError as exc:
            if not self._refuses_encoding(exc):
                raise self._failure(exc, request.model) from exc
        self._encoding = "float"
        try:
            return await self._ask(request, texts)
        except StreamError as exc:
            raise self._failure(exc, request.model) from exc

    async def _ask(self, request: VectorRequest, texts: Sequence[str]) -> bytes:
        body: dict[str, Any] = {
            "model": request.model,
            "input": texts,
            "encoding_format": self._encoding,
        }
        if request.dimensions is not None:
            body["dimensions"] = request.dimensions
        parts: list[bytes] = []
        async with self._client.post(f"{self._base_url}/embeddings", orjson.dumps(body)) as reply:
            while data := await reply.read():
                parts.append(data)
        return b"".join(parts)

    def _refuses_encoding(self, exc: StreamError) -> bool:
        if not isinstance(exc, Refused) or exc.status not in {400, 422}:
            return False
        return self._encoding == "base64" and b"encoding_format" in exc.body

    def _failure(self, exc: StreamError, model: str) -> StewardError:
        failure = failure_from(exc, model=model, base_url=self._base_url)
        if failure.param == "messages":
            failure.param = "input"
        return failure


def _read(answer: bytes, count: int) -> tuple[NDArray[np.float32], int]:
    """Read vectors in the order of `index`, which some servers leave out."""
    try:
        whole: Any = orjson.loads(answer)
        data = objects(whole["data"])
        if all(isinstance(row.get("index"), int) for row in data):
            data = sorted(data, key=lambda row: row["index"])
        rows = array_of([row["embedding"] for row in data], count=count)
        return rows, int(mapping(whole.get("usage")).get("prompt_tokens") or 0)
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        msg = "The model server answered something else than vectors."
        raise UpstreamGarbage(msg) from exc


def _whole(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    try:
        return joined(parts)
    except ValueError as exc:
        msg = "The model server answered vectors of differing length."
        raise UpstreamGarbage(msg) from exc
