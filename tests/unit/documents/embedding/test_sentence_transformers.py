"""Embedding by the optional library: what is asked of it, and what is said when it is not there."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from backend.documents.embedding.sentence_transformers import (
    LIBRARY,
    SentenceTransformersEmbedder,
)
from backend.ports.embedding import EmbeddingFailed, EmbeddingSpace
from tests.fakes.instant_clock import InstantClock

INSTALL = "pip install sentence-transformers"


class Library:
    """Stands for the library: keeps what it was asked and answers the lengths of the texts."""

    def __init__(self, bad: float | None = None) -> None:
        self.loaded: list[str] = []
        self.asked: list[list[str]] = []
        self.bad = bad

    def load(self, model: str):
        self.loaded.append(model)
        return self.encode

    def encode(self, texts: list[str]) -> np.ndarray:
        self.asked.append(texts)
        rows = [[len(text), 1.0 if self.bad is None else self.bad] for text in texts]
        return np.array(rows, dtype=np.float32)


def embedder_of(library: Library, model: str = "some/model") -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder(model, InstantClock(), load=library.load)


@pytest.mark.skipif(importlib.util.find_spec(LIBRARY) is not None, reason="it is installed")
async def test_without_the_library_it_is_named():
    """In the failure and in the health, and nothing breaks before."""
    embedder = SentenceTransformersEmbedder("some/model", InstantClock())
    with pytest.raises(EmbeddingFailed, match=INSTALL):
        await embedder.embed_query("a")
    health = await embedder.health()
    assert (health.ok, health.fix) == (
        False,
        "Install it with `pip install sentence-transformers`.",
    )


async def test_the_model_is_loaded_once_and_on_first_use():
    """Its dimensions are learnt from what it answers."""
    library = Library()
    embedder = embedder_of(library)
    assert library.loaded == []
    space = EmbeddingSpace(id="sentence-transformers:some/model", dimensions=2)
    assert await embedder.space() == space
    await embedder.embed_query("a")
    assert library.loaded == ["some/model"]
    await embedder.aclose()


async def test_texts_go_in_slices_of_like_length_with_their_prefixes():
    """The order of the answer is the caller's."""
    library = Library()
    embedder = embedder_of(library, "intfloat/e5-base-v2")
    texts = ["a" * (100 - at) for at in range(40)]
    vectors = await embedder.embed_texts(texts)
    assert [len(part) for part in library.asked[1:]] == [32, 8]
    assert library.asked[1][0] == "passage: " + texts[-1]
    assert vectors[0, 0] / vectors[0, 1] == pytest.approx(len("passage: ") + 100)
    await embedder.embed_query("why?")
    assert library.asked[-1] == ["query: why?"]
    await embedder.aclose()


async def test_numbers_that_are_none_are_refused():
    """A model in half precision may overflow."""
    with pytest.raises(EmbeddingFailed, match="not numbers"):
        await embedder_of(Library(bad=float("nan"))).space()
