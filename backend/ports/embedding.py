"""The embedding port: one narrow way to turn texts into vectors, whoever does it.

Vectors are float32 of unit length, so that their dot product is the cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from backend.ports.values import Health

if TYPE_CHECKING:
    import numpy as np  # costs 20 MiB, which a server without documents does not pay
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSpace:
    """Where vectors can be compared: same provider, same model, same precision.

    `id` names all of it (`minilm-int8`, `ollama:bge-m3`), is at most 200 characters of letters, digits, `.`, `_`, `:`, `/` and `-`, and never changes its
    meaning. `dimensions` is 0 until the provider has been asked.
    """

    id: str
    dimensions: int


class EmbeddingFailed(Exception):
    """Texts could not be embedded now; the message says why and what to do."""


class Embedder(Protocol):
    """A program or server that embeds texts. Loads on first use."""

    async def space(self) -> EmbeddingSpace:
        """Tell the space, asking the provider for the dimensions when they are not known.

        Raises:
            EmbeddingFailed: when the provider does not answer or does not have the model.
        """
        ...

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages: an array of shape (len(texts), dimensions), in order.

        Too long a text is cut by the model; an empty one is embedded like any other.

        Raises:
            EmbeddingFailed: when the provider does not answer or answers nonsense.
        """
        ...

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed a question: an array of shape (dimensions,). Never waits for `embed_texts`.

        Raises:
            EmbeddingFailed: as above.
        """
        ...

    async def health(self) -> Health:
        """Tell whether it works, and what to do when it does not."""
        ...

    async def aclose(self) -> None:
        """Free memory and connections."""
        ...
