"""A light embedder for tests: texts that share words are near each other, and nothing is loaded."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.ports.embedding import EmbeddingFailed, EmbeddingSpace
from backend.ports.values import Health


class FakeEmbedder:
    """Each word turns the vector its own way; a text without words has a direction of its own.

    `embedded` and `asked` list every passage and question. `failure` makes every call fail with
    that text; `hold` keeps passages waiting until it is set.
    """

    def __init__(self, *, space_id: str = "fake", dimensions: int = 64) -> None:
        self.embedded: list[str] = []
        self.asked: list[str] = []
        self.failure = ""
        self.hold: asyncio.Event | None = None
        self.closed = False
        self._space = EmbeddingSpace(id=space_id, dimensions=dimensions)

    async def space(self) -> EmbeddingSpace:
        """Tell the space."""
        self._fail()
        return self._space

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages; waits for `hold`."""
        self._fail()
        if self.hold is not None:
            await self.hold.wait()
        self.embedded.extend(texts)
        rows = [self.vector(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self._space.dimensions)

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed a question, at once."""
        self._fail()
        self.asked.append(text)
        return self.vector(text)

    async def health(self) -> Health:
        """Be well unless `failure` says otherwise."""
        return Health(ok=not self.failure, detail=self.failure or "fake", fix="")

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def vector(self, text: str) -> NDArray[np.float32]:
        """Sum the directions of the words of a text, at unit length."""
        words = re.findall(r"\w+", text.lower()) or [""]
        total = np.sum([self._direction(word) for word in words], axis=0)
        return (total / np.linalg.norm(total)).astype(np.float32)

    def _direction(self, word: str) -> NDArray[np.float64]:
        size = self._space.dimensions
        noise = hashlib.shake_256(word.encode("utf-8", "replace")).digest(size)
        return np.frombuffer(noise, dtype=np.uint8) / 127.5 - 1.0

    def _fail(self) -> None:
        if self.failure:
            raise EmbeddingFailed(self.failure)
