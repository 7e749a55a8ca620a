"""The port for vectors that a caller asks for by a model's name, as POST /v1/embeddings does.

Not for: documents and their search (`embedding`), where the server chooses the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from backend.errors import UnsupportedByModel

if TYPE_CHECKING:
    import numpy as np  # costs 20 MiB, which a server that embeds nothing does not pay
    from numpy.typing import NDArray

# Models that were trained so that the first part of a vector is a vector too
# (https://arxiv.org/abs/2205.13147), by the names of their cards and of Ollama's library.
_SHORTENED = re.compile(
    r"text-embedding-3|nomic-embed-text|mxbai-embed-(large|2d)|embeddinggemma|qwen3-embedding"
    r"|arctic-embed(2|-m-v1\.5|-[lm]-v2)|jina-embeddings-v[345]|modernbert-embed",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorRequest:
    """Texts to embed as they stand, none of them empty; `dimensions` None takes the model's own."""

    model: str
    texts: Sequence[str]
    dimensions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """An array of shape (texts, dimensions), in order, and how many tokens were read."""

    rows: NDArray[np.float32]
    prompt_tokens: int


@runtime_checkable
class VectorProvider(Protocol):
    """A provider of models, some of which embed."""

    async def embed(self, request: VectorRequest) -> Vectors:
        """Embed texts; cancelling frees whoever does the work.

        Raises:
            UnsupportedByModel: when the model does not embed, or not in these dimensions.
            ContextTooLong: when a text is longer than the model reads; nothing is cut.
            ModelNotFound, Unavailable, UpstreamError: as `ports.models` says.
        """
        ...


def can_be_shortened(model: str) -> bool:
    """Tell whether vectors of a model may be cut short, judged by its name."""
    return _SHORTENED.search(model) is not None


def not_in_dimensions(model: str, *, own: int) -> UnsupportedByModel:
    """Say that a model's vectors have one length only."""
    msg = f"The model '{model}' has vectors of {own} numbers only; leave 'dimensions' out."
    return UnsupportedByModel(msg, param="dimensions")


def does_not_embed(model: str) -> UnsupportedByModel:
    """Say that a model is not for this, and which are."""
    msg = (
        f"The model '{model}' does not embed texts; "
        "GET /v1/models lists those with 'embedding' among their x_capabilities."
    )
    return UnsupportedByModel(msg, param="model")
