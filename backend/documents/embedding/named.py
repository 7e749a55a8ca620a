"""The embedded model as one that callers ask for by name; implements `ports.models` and `ports.vectors`.

Not for: the embedder of documents, which may be another (`choice`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from backend.documents.embedding.minilm import DIMENSIONS, MiniLm
from backend.errors import (
    ContextTooLong,
    ModelNotFound,
    Overloaded,
    ServerFault,
    UnsupportedByModel,
)
from backend.kit.waiting import Slots, SlotsFull
from backend.ports.clock import Clock
from backend.ports.embedding import Embedder, EmbeddingFailed
from backend.ports.models import ModelDelta, ModelInfo, ModelRequest
from backend.ports.values import Health
from backend.ports.vectors import VectorRequest, Vectors, not_in_dimensions

MODEL_ID: Final = "all-minilm-l6-v2"
# 2021-08-30: the day this model was published.
CREATED_S: Final = 1_630_281_600
TEXT_TOKENS: Final = 8_192
"""As OpenAI's embedding models; the model reads 256 at a time, a longer text becomes their mean."""
REQUEST_TOKENS: Final = 300_000
TEXT_CHARS: Final = 200_000
MAX_CONCURRENT = 32
MAX_WAITING = 256
PATIENCE_S = 300.0
BUSY_RETRY_S = 5.0


class NamedMiniLm:
    """One model, embedded in the server; `find` gives the embedder, which loads on first use."""

    name = "embedded"

    def __init__(self, find: Callable[[], Embedder | None], clock: Clock) -> None:
        self._find = find
        self._slots = Slots(MAX_CONCURRENT, max_waiting=MAX_WAITING, clock=clock)
        self._info = ModelInfo(
            id=MODEL_ID,
            provider=self.name,
            owned_by="steward",
            created_s=CREATED_S,
            context_tokens=TEXT_TOKENS,
            capabilities=frozenset({"embedding"}),
        )

    async def embed(self, request: VectorRequest) -> Vectors:
        """Embed texts, as `VectorProvider.embed` says."""
        if request.dimensions not in (None, DIMENSIONS):
            raise not_in_dimensions(request.model, own=DIMENSIONS)
        for at, text in enumerate(request.texts):
            if len(text) > TEXT_CHARS:
                raise _too_long(at, f"{len(text)} characters", f"{TEXT_CHARS} characters")
        try:
            await self._slots.take(patience_s=PATIENCE_S)
        except SlotsFull as exc:
            msg = "The embedding model is busy; try again shortly."
            raise Overloaded(msg, retry_after_s=BUSY_RETRY_S) from exc
        try:
            rows, tokens = await self._embedder().embed_whole(request.texts, check=_check)
        except EmbeddingFailed as exc:
            raise ServerFault(str(exc)) from exc
        finally:
            self._slots.give()
        return Vectors(rows=rows, prompt_tokens=tokens)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Refuse: the model writes nothing."""
        for delta in _written(request.model):
            yield delta

    async def models(self) -> Sequence[ModelInfo]:
        """List the one model."""
        return [self._info]

    async def describe(self, model: str) -> ModelInfo:
        """Describe the one model; raise ModelNotFound for any other name."""
        if model != MODEL_ID:
            raise ModelNotFound(param="model")
        return self._info

    async def health(self) -> Health:
        """Tell whether the model can be had; loads nothing."""
        return await self._embedder().health()

    async def aclose(self) -> None:
        """Close nothing: whoever made the embedder does."""

    def _embedder(self) -> MiniLm:
        found = self._find()
        assert isinstance(found, MiniLm)
        return found


def _written(model: str) -> Sequence[ModelDelta]:
    msg = f"The model '{model}' embeds texts; it does not write any."
    raise UnsupportedByModel(msg, param="model")


def _check(tokens: Sequence[int]) -> None:
    for at, count in enumerate(tokens):
        if count > TEXT_TOKENS:
            raise _too_long(at, f"{count} tokens", f"{TEXT_TOKENS} tokens")
    if sum(tokens) > REQUEST_TOKENS:
        msg = f"One request may hold {REQUEST_TOKENS} tokens; send the texts in several."
        raise ContextTooLong(msg, param="input")


def _too_long(at: int, has: str, most: str) -> ContextTooLong:
    msg = f"input[{at}] has {has}, but this model's maximum context length is {most}."
    return ContextTooLong(msg, param="input")
