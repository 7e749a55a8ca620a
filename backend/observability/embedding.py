"""An embedder whose work is told as spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.ports.embedding import Embedder, EmbeddingSpace
from backend.ports.tracing import Tracing
from backend.ports.values import Health

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TracedEmbedder:
    """The `Embedder` port over another one, its `inner`."""

    def __init__(self, embedder: Embedder, tracing: Tracing) -> None:
        self.inner = embedder
        self._tracing = tracing

    async def space(self) -> EmbeddingSpace:
        """Tell the space."""
        return await self.inner.space()

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages."""
        about = {"gen_ai.operation.name": "embeddings", "steward.embeddings.texts": len(texts)}
        with self._tracing.span("embeddings documents", kind="client", attributes=about):
            return await self.inner.embed_texts(texts)

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed a question."""
        about = {"gen_ai.operation.name": "embeddings"}
        with self._tracing.span("embeddings question", kind="client", attributes=about):
            return await self.inner.embed_query(text)

    async def health(self) -> Health:
        """Tell whether it works."""
        return await self.inner.health()

    async def aclose(self) -> None:
        """Free what it holds."""
        await self.inner.aclose()
