"""Embedding by any model of the sentence-transformers library: the extra `[torch]`.

The library and PyTorch are loaded on first use; without them everything else works.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.documents.embedding.prefixes import prefixes_of
from backend.kit.cache import TtlCache
from backend.ports.clock import Clock
from backend.ports.embedding import EmbeddingFailed, EmbeddingSpace
from backend.ports.values import Health

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUERIES_KEPT_S = 3600.0
SLICE_TEXTS = 32
LIBRARY = "sentence_transformers"
FIX = "Install it with `pip install sentence-transformers`."

Encode = Callable[[list[str]], "NDArray[np.float32]"]
"""Embeds texts, blocking: an array of shape (texts, dimensions)."""


@dataclass(frozen=True, slots=True)
class _Running:
    """The loaded model; questions have a thread that bulk work never uses."""

    encode: Encode
    dimensions: int
    bulk: ThreadPoolExecutor
    questions: ThreadPoolExecutor


def load_encoder(model: str) -> Encode:
    """Load a model by its name on the hub, or from a folder; blocks, and may download.

    Raises:
        EmbeddingFailed: when the library is not installed or does not find the model.
    """
    try:
        import sentence_transformers  # pyright: ignore[reportMissingImports] # noqa: PLC0415 - the extra
    except ImportError as exc:
        msg = f"The library sentence-transformers is not installed. {FIX}"
        raise EmbeddingFailed(msg) from exc
    library: Any = sentence_transformers
    try:
        loaded = library.SentenceTransformer(model)
    except (OSError, ValueError, RuntimeError) as exc:
        msg = f"The model '{model}' cannot be loaded by sentence-transformers: {exc}"
        raise EmbeddingFailed(msg) from exc
    return lambda texts: loaded.encode(texts, convert_to_numpy=True, show_progress_bar=False)


class SentenceTransformersEmbedder:
    """Implements `ports.embedding.Embedder` on PyTorch, on a GPU when there is one."""

    def __init__(
        self, model: str, clock: Clock, *, load: Callable[[str], Encode] = load_encoder
    ) -> None:
        self._model = model
        self._load_encoder = load
        self._prefixes = prefixes_of(model)
        self._running: _Running | None = None
        self._opening = asyncio.Lock()
        self._asked = TtlCache["NDArray[np.float32]"](ttl_s=QUERIES_KEPT_S, clock=clock)

    async def space(self) -> EmbeddingSpace:
        """Tell the space; loads the model, which alone knows its dimensions."""
        running = await self._load()
        space_id = f"sentence-transformers:{self._model}"
        return EmbeddingSpace(id=space_id, dimensions=running.dimensions)

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages as the port says, in slices of texts of about the same length."""
        running = await self._load()
        import numpy as np  # noqa: PLC0415 - the embedder boundary; a thread has loaded it by now

        vectors = np.empty((len(texts), running.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), SLICE_TEXTS):
            part = order[start : start + SLICE_TEXTS]
            written = [self._prefixes.passage + texts[at] for at in part]
            vectors[part] = await _encoded(running.bulk, running, written)
        return vectors

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed a question as the port says; repeated ones are remembered."""
        return (await self._asked.get(text, lambda: self._embed_query(text))).copy()

    async def health(self) -> Health:
        """Tell whether the library is there and the model loaded; loads nothing."""
        if self._running is not None:
            return Health(ok=True, detail=f"The embedding model {self._model} is loaded.")
        if self._load_encoder is load_encoder and importlib.util.find_spec(LIBRARY) is None:
            detail = "The library sentence-transformers is not installed."
            return Health(ok=False, detail=detail, fix=FIX)
        return Health(ok=True, detail=f"The embedding model {self._model} is loaded on first need.")

    async def aclose(self) -> None:
        """Free the model and end its threads."""
        await self._asked.aclose()
        async with self._opening:
            running, self._running = self._running, None
        if running is not None:
            running.bulk.shutdown(wait=False, cancel_futures=True)
            running.questions.shutdown(wait=False, cancel_futures=True)

    async def _embed_query(self, text: str) -> NDArray[np.float32]:
        running = await self._load()
        return (await _encoded(running.questions, running, [self._prefixes.query + text]))[0]

    async def _load(self) -> _Running:
        async with self._opening:
            if self._running is None:
                encode = await asyncio.to_thread(self._load_encoder, self._model)
                probe = await asyncio.to_thread(_vectors, encode, ["probe"])
                self._running = _Running(
                    encode,
                    probe.shape[1],
                    ThreadPoolExecutor(1, thread_name_prefix="embed-bulk"),
                    ThreadPoolExecutor(1, thread_name_prefix="embed-query"),
                )
            return self._running


async def _encoded(
    threads: ThreadPoolExecutor, running: _Running, texts: list[str]
) -> NDArray[np.float32]:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(threads, _vectors, running.encode, texts, running.dimensions)


def _vectors(encode: Encode, texts: list[str], dimensions: int = 0) -> NDArray[np.float32]:
    from backend.documents.embedding.vectors import (  # noqa: PLC0415 - the embedder boundary
        unit_rows,
    )

    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    return unit_rows(encode(clean), count=len(texts), dimensions=dimensions)
