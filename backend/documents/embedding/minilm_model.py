"""The embedded model in memory: token ids by `tokenizers`, the graph run by onnxruntime.

Not for: importing before the first text is embedded; the libraries cost 35 MiB and the model 25
(int8). Everything here blocks and is for threads; all of it may be used by several at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from backend.ports.embedding import EmbeddingFailed

DIMENSIONS = 384
MAX_TOKENS = 256
MARKS = 2
"""Tokens of every piece that stand for no text: its beginning and its end."""
TINY = 1e-12
MAX_CHARS = 20_000
"""More never makes a difference in prose: 256 tokens are about 1,200 characters."""

_ERRORS_ONLY = 3


class MiniLmModel:
    """The model, loaded; `vector` may be called from several threads."""

    def __init__(self, graph: Path, tokenizer: Path) -> None:
        """Load a graph, with its weights beside it, and a tokenizer file.

        Raises:
            EmbeddingFailed: when this onnxruntime cannot run the graph.
        """
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(graph), _session_options(), providers=["CPUExecutionProvider"]
            )
        except Exception as exc:  # the library's exceptions have no base of their own
            msg = f"The embedding model cannot be loaded: {exc}"
            raise EmbeddingFailed(msg) from exc

    def vector(self, text: str) -> NDArray[np.float32]:
        """Embed the beginning of one text: an array of shape (384,) of unit length.

        Raises:
            EmbeddingFailed: when onnxruntime does, for want of memory for example.
        """
        return self._run(self.windows(text[:MAX_CHARS])[0])

    def windows(self, text: str) -> list[NDArray[np.int64]]:
        """Give the token ids of a text, in pieces that the model can read one at a time.

        Each piece has the two marks that the model wants around it.
        """
        clean = text.encode("utf-8", "replace").decode()
        # One text as a batch: `encode` would hold the interpreter's lock meanwhile.
        (encoded,) = self._tokenizer.encode_batch_fast([clean])
        return [np.array(one.ids, dtype=np.int64) for one in (encoded, *encoded.overflowing)]

    def whole_vector(self, windows: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Embed a whole text: the mean of its pieces by their length, at unit length.

        Raises:
            EmbeddingFailed: as `vector`.
        """
        if len(windows) == 1:
            return self._run(windows[0])
        weights = np.array([len(ids) - MARKS for ids in windows], dtype=np.float32)
        mean = weights @ np.stack([self._run(ids) for ids in windows])
        return (mean / max(float(np.linalg.norm(mean)), TINY)).astype(np.float32)

    def _run(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        try:
            (vector,) = self._session.run(None, {"input_ids": ids})
        except Exception as exc:  # the library's exceptions have no base of their own
            msg = f"The embedding model failed on a text: {exc}"
            raise EmbeddingFailed(msg) from exc
        return cast("NDArray[np.float32]", vector)


class Bulk:
    """Texts that several threads embed together, each taking the longest that is left."""

    def __init__(self, model: MiniLmModel, texts: Sequence[str]) -> None:
        self.vectors: NDArray[np.float32] = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        self._model = model
        self._texts = texts
        self._left = deque(sorted(range(len(texts)), key=lambda at: -len(texts[at])))

    def work(self) -> None:
        """Embed texts until none is left; run it in as many threads as may be busy."""
        while True:
            try:
                at = self._left.popleft()
            except IndexError:
                return
            self.vectors[at] = self._model.vector(self._texts[at])

    def stop(self) -> None:
        """Let every thread end after the text it is at."""
        self._left.clear()


class WholeTexts:
    """Texts of one request, embedded from end to end by one thread and a few at a time.

    `tokens` counts those of each text once it has been read.
    """

    def __init__(self, model: MiniLmModel) -> None:
        self.tokens: list[int] = []
        self._model = model
        self._texts: list[list[NDArray[np.int64]]] = []
        self._stopped = False

    def read(self, texts: Sequence[str]) -> None:
        """Take the next texts."""
        for text in texts:
            windows = self._model.windows(text)
            self._texts.append(windows)
            self.tokens.append(sum(len(ids) - MARKS for ids in windows))

    def vectors(self, start: int, end: int) -> NDArray[np.float32]:
        """Embed some of the texts: an array of shape (end - start, 384)."""
        made = np.zeros((end - start, DIMENSIONS), dtype=np.float32)
        for at in range(start, end):
            if self._stopped:
                break
            made[at - start] = self._model.whole_vector(self._texts[at])
        return made

    def stop(self) -> None:
        """Let the thread end after the text it is at."""
        self._stopped = True


def _session_options() -> Any:  # noqa: ANN401 - onnxruntime has no types
    options = cast("Any", onnxruntime).SessionOptions()
    options.intra_op_num_threads = 1  # the caller's thread does the work, no pool waits beside it
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # as fast without, and memory goes back to the system
    options.log_severity_level = _ERRORS_ONLY
    return options
