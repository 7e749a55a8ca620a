"""Orders found passages again by a cross-encoder, which reads question and passage together.

Optional: it needs the extra `[torch]` and a model such as cross-encoder/ms-marco-MiniLM-L6-v2, and takes tens of
milliseconds per passage on a CPU. Not for: finding candidates (`search`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

from backend.ports.documents import Passage, SearchAnswer, SearchQuery

logger = logging.getLogger(__name__)
CANDIDATES_PER_PASSAGE = 4
MOST_CANDIDATES = 50
FIX = "Install it with: pip install sentence-transformers"
Score = Callable[[list[tuple[str, str]]], Sequence[float]]
"""Judges pairs of question and passage, blocking: a higher number is a better answer."""


class RerankingFailed(Exception):
    """Passages could not be ordered again; the message says why and what to do."""


class Search(Protocol):
    """What finds the candidates."""

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages, best first."""
        ...


def load_cross_encoder(model: str) -> Score:
    """Load a cross-encoder by its name on the hub, or from a folder; blocks, and may download.

    Raises:
        RerankingFailed: when the library is not installed or does not find the model.
    """
    try:
        import sentence_transformers  # pyright: ignore[reportMissingImports] # noqa: PLC0415 - the extra
    except ImportError as exc:
        msg = f"DOCUMENTS__RERANKER needs the library sentence-transformers. {FIX}"
        raise RerankingFailed(msg) from exc
    library: Any = sentence_transformers
    try:
        loaded = library.CrossEncoder(model)
    except (OSError, ValueError, RuntimeError) as exc:
        msg = f"The reranker '{model}' cannot be loaded: {exc}"
        raise RerankingFailed(msg) from exc
    return lambda pairs: [float(one) for one in loaded.predict(pairs, show_progress_bar=False)]


class RerankedSearch:
    """Asks `search` for more than is wanted, and keeps what the cross-encoder likes best.

    The model is loaded with the first search, in a thread of its own. When it fails, the answer is
    that of `search`, with a note.
    """

    def __init__(
        self, search: Search, model: str, *, load: Callable[[str], Score] = load_cross_encoder
    ) -> None:
        self._search = search
        self._model = model
        self._load = load
        self._score: Score | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rerank")

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages, best first: at most `top_k` of them, `max_chars` characters in all."""
        top_k = max(query.top_k, min(MOST_CANDIDATES, query.top_k * CANDIDATES_PER_PASSAGE))
        found = await self._search.search(user_id, replace(query, top_k=top_k, max_chars=None))
        if not found.passages:
            return found
        pairs = [(query.text, passage.text) for passage in found.passages]
        loop = asyncio.get_running_loop()
        try:
            scores = await loop.run_in_executor(self._thread, self._judge, pairs)
        except RerankingFailed as exc:
            logger.warning("passages are not ordered again: %s", exc)
            return replace(
                found,
                passages=_within(found.passages, query),
                notes=(*found.notes, f"Not ordered by the reranker: {exc}"),
            )
        ordered = sorted(zip(found.passages, scores, strict=True), key=lambda one: -one[1])
        passages = [replace(passage, score=score) for passage, score in ordered]
        return replace(found, passages=_within(passages, query))

    async def aclose(self) -> None:
        """End the thread."""
        await asyncio.to_thread(self._thread.shutdown)

    def _judge(self, pairs: list[tuple[str, str]]) -> Sequence[float]:
        if self._score is None:
            self._score = self._load(self._model)
        try:
            return self._score(pairs)
        except (RuntimeError, ValueError) as exc:
            msg = f"the model '{self._model}' failed: {exc}"
            raise RerankingFailed(msg) from exc


def _within(passages: Sequence[Passage], query: SearchQuery) -> tuple[Passage, ...]:
    """Keep the first passages, as many as are wanted and fit; the first is kept whatever its length."""
    kept: list[Passage] = []
    left = query.max_chars
    for passage in passages[: query.top_k]:
        if left is not None and kept and len(passage.text) > left:
            continue
        kept.append(passage)
        left = None if left is None else left - len(passage.text)
    return tuple(kept)
