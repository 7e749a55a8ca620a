"""Which embedder: made from options, or from the id of a space that an older index was made in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from backend.documents.embedding.minilm import MiniLm, MiniLmOptions
from backend.documents.embedding.minilm_files import Precision
from backend.documents.embedding.ollama import OllamaEmbedding, ollama_embedder
from backend.documents.embedding.openai_compatible import OpenAIEmbedding, openai_embedder
from backend.documents.embedding.sentence_transformers import SentenceTransformersEmbedder
from backend.ports.clock import Clock
from backend.ports.embedding import Embedder

Kind = Literal["minilm", "ollama", "openai_compatible", "sentence_transformers"]

_PREFIX: dict[str, Kind] = {
    "ollama": "ollama",
    "openai": "openai_compatible",
    "sentence-transformers": "sentence_transformers",
}
_PRECISION: dict[str, Precision] = {"minilm-int8": "int8", "minilm-fp32": "fp32"}
_SPACE_ID = re.compile(r"[A-Za-z0-9._:/-]{1,200}")


class EmbedderNotConfigured(Exception):
    """The options do not make an embedder; the message names the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingOptions:
    """Who embeds, and what each of them needs.

    `model` is for all but minilm. `threads` is for bulk work of minilm, 0 for half of the
    processors; `folder` is where its built files are kept. A provider without an address is not
    configured.
    """

    folder: Path
    kind: Kind = "minilm"
    model: str = ""
    precision: Precision = "int8"
    threads: int = 0
    ollama_url: str | None = None
    ollama_keep_alive: str | int = "5m"
    openai_base_url: str | None = None
    openai_api_key: Callable[[], str] = field(default=str, repr=False)


def make_embedder(options: EmbeddingOptions, *, clock: Clock) -> Embedder:
    """Make the embedder that the options name; nothing is loaded or asked yet.

    Raises:
        EmbedderNotConfigured: without a model or an address where one is needed.
    """
    if options.kind == "minilm":
        return _minilm(options, clock)
    if not options.model:
        msg = f"DOCUMENTS__EMBEDDER={options.kind} needs EMBEDDING_MODEL."
        raise EmbedderNotConfigured(msg)
    if _SPACE_ID.fullmatch(f"sentence-transformers:{options.model}") is None:
        msg = "EMBEDDING_MODEL may hold letters, digits, and . _ : / - only, at most 178."
        raise EmbedderNotConfigured(msg)
    if options.kind == "ollama":
        return _ollama(options, clock)
    if options.kind == "openai_compatible":
        return _openai(options, clock)
    return SentenceTransformersEmbedder(options.model, clock)


def space_id_of(options: EmbeddingOptions) -> str:
    """Name the space that the options' embedder makes vectors of, without making or asking it."""
    if options.kind == "minilm":
        return f"minilm-{options.precision}"
    prefix = next(name for name, kind in _PREFIX.items() if kind == options.kind)
    model = options.model.removesuffix(":latest") if options.kind == "ollama" else options.model
    return f"{prefix}:{model}"


def embedder_for_space(
    space_id: str, options: EmbeddingOptions, *, clock: Clock
) -> Embedder | None:
    """Make the embedder of a space from its id; None when nothing configured can serve it."""
    if space_id in _PRECISION:
        kept = replace(options, kind="minilm", precision=_PRECISION[space_id])
        return make_embedder(kept, clock=clock)
    prefix, _, model = space_id.partition(":")
    if prefix not in _PREFIX:
        return None
    kept = replace(options, kind=_PREFIX[prefix], model=model)
    try:
        return make_embedder(kept, clock=clock)
    except EmbedderNotConfigured:
        return None


async def prepare(options: EmbeddingOptions, *, clock: Clock) -> None:
    """Do beforehand what the first use would wait for: build the files of minilm if they are missing.

    Raises:
        EmbeddingFailed: when they cannot be built.
    """
    if options.kind == "minilm":
        await _minilm(options, clock).prepare()


def _minilm(options: EmbeddingOptions, clock: Clock) -> MiniLm:
    threads = options.threads or max(1, (os.cpu_count() or 2) // 2)
    made = MiniLmOptions(folder=options.folder, precision=options.precision, threads=threads)
    return MiniLm(made, clock)


def _ollama(options: EmbeddingOptions, clock: Clock) -> Embedder:
    if options.ollama_url is None:
        raise EmbedderNotConfigured("DOCUMENTS__EMBEDDER=ollama needs OLLAMA_HOST.")
    made = OllamaEmbedding(
        model=options.model,
        base_url=options.ollama_url,
        keep_alive=options.ollama_keep_alive,
    )
    return ollama_embedder(made, clock)


def _openai(options: EmbeddingOptions, clock: Clock) -> Embedder:
    if options.openai_base_url is None:
        msg = "DOCUMENTS__EMBEDDER=openai_compatible needs UPSTREAM_OPENAI_BASE_URL."
        raise EmbedderNotConfigured(msg)
    made = OpenAIEmbedding(
        model=options.model,
        base_url=options.openai_base_url,
        api_key=options.openai_api_key,
    )
    return openai_embedder(made, clock)
