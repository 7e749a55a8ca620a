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
        """Embed one text: an array of shape (384,) of unit length.

        Raises:
            EmbeddingFailed: when onnxruntime does, for want of memory for example.
        """
        clean = text[:MAX_CHARS].encode("utf-8", "replace").decode()
        # One text as a batch: `encode` would hold the interpreter's lock meanwhile.
        (encoded,) = self._tokenizer.encode_batch_fast([clean])
        ids = np.array(encoded.ids, dtype=np.int64)
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


def _session_options() -> Any:  # noqa: ANN401 - onnxruntime has no types
    options = cast("Any", onnxruntime).SessionOptions()
    options.intra_op_num_threads = 1  # the caller's thread does the work, no pool waits beside it
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # as fast without, and memory goes back to the system
    options.log_severity_level = _ERRORS_ONLY
    return options
