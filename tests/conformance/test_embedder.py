"""What every embedder promises, run on real models and over real sockets to doubles of servers."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import numpy as np
import pytest

from backend.documents.embedding.minilm import MiniLm, MiniLmOptions
from backend.documents.embedding.ollama import OllamaEmbedding, ollama_embedder
from backend.documents.embedding.openai_compatible import OpenAIEmbedding, openai_embedder
from backend.documents.embedding.sentence_transformers import SentenceTransformersEmbedder
from backend.kit.clocks import SystemClock
from backend.ports.embedding import Embedder
from tests.fakes.built_minilm import built_minilm
from tests.fakes.fake_embedder import FakeEmbedder
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.openai_double import EMBEDDING_MODEL, OpenAIDouble

HANG_S = 20.0
CLOCK = SystemClock()
TEXTS = [
    "The committee approved the annual budget on 14 March 2024.",
    "",
    "東京は日本の首都です。",
    "Grüße aus Köln: naïve café, 12,5 °C",
    "🙂🚀 emoji 🧪",
    "x",
    "half \ud800 of a pair, and \x00 nothing",
    "many words " * 900,
    "   \n\t ",
]


def _hashed(texts: list[str]) -> np.ndarray:
    rows = [np.frombuffer(hashlib.shake_256(text.encode()).digest(32), np.uint8) for text in texts]
    return np.array(rows, dtype=np.float32) - 127.5


@pytest.fixture(
    params=[
        "minilm int8",
        "minilm fp32",
        "ollama",
        "openai_compatible",
        "sentence_transformers",
        "fake",
    ]
)
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    async with AsyncExitStack() as doubles:
        made = await _make(request.param, doubles)
        yield made
        await made.aclose()


async def _make(kind: str, doubles: AsyncExitStack) -> Embedder:
    if kind == "ollama":
        ollama = await doubles.enter_async_context(OllamaDouble())
        options = OllamaEmbedding(model="all-minilm", base_url=ollama.url)
        return ollama_embedder(options, CLOCK)
    if kind == "openai_compatible":
        server = await doubles.enter_async_context(OpenAIDouble(api_key="key"))
        options = OpenAIEmbedding(
            model=EMBEDDING_MODEL, base_url=server.base_url, api_key=lambda: "key"
        )
        return openai_embedder(options, CLOCK)
    if kind == "sentence_transformers":
        return SentenceTransformersEmbedder("a-model", CLOCK, load=lambda _: _hashed)
    if kind == "fake":
        return FakeEmbedder()
    precision = kind.removeprefix("minilm ")
    return MiniLm(MiniLmOptions(folder=built_minilm(), precision=precision, threads=2), CLOCK)


async def test_every_text_gets_a_vector_of_unit_length(embedder):
    """Whatever the text is: empty, long, in any script, or no valid Unicode."""
    space = await embedder.space()
    vectors = await embedder.embed_texts(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), space.dimensions), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


async def test_the_id_of_the_space_can_be_stored(embedder):
    """It keeps to the letters that the port allows, and stays the same."""
    space = await embedder.space()
    assert re.fullmatch(r"[A-Za-z0-9._:/-]{1,200}", space.id)
    assert space == await embedder.space()


async def test_the_vectors_come_in_the_order_of_the_texts(embedder):
    """However the texts are grouped by length on the way, and in whatever company they are."""
    texts = [f"{at} " * (1 + at * 7 % 40) for at in range(70)]
    together = await embedder.embed_texts(texts)
    alone = np.concatenate([await embedder.embed_texts([text]) for text in texts[::9]])
    assert np.abs(together[::9] - alone).max() < 1e-6


async def test_no_texts_give_no_vectors(embedder):
    """The array is empty and still has its dimensions."""
    space = await embedder.space()
    assert (await embedder.embed_texts([])).shape == (0, space.dimensions)


async def test_equal_texts_have_equal_vectors_and_others_do_not(embedder):
    """Also when they are embedded at another time."""
    first, again, other = await embedder.embed_texts(["a cat sat", "a cat sat", "stock prices"])
    (later,) = await embedder.embed_texts(["a cat sat"])
    assert (float(first @ again), float(first @ later)) == pytest.approx((1.0, 1.0), abs=1e-5)
    assert float(first @ other) < 0.9


async def test_a_question_is_in_the_space_of_the_passages(embedder):
    """These models write nothing before a question, so the same words have the same vector."""
    (passage,) = await embedder.embed_texts(["the price of bread"])
    question = await embedder.embed_query("the price of bread")
    assert question.shape == passage.shape
    assert float(question @ passage) == pytest.approx(1.0, abs=1e-5)


async def test_what_a_caller_does_to_a_vector_stays_with_the_caller(embedder):
    """A repeated question gives a vector of its own."""
    first = await embedder.embed_query("once")
    kept = first.copy()
    first[:] = 0.0
    assert np.array_equal(await embedder.embed_query("once"), kept)


async def test_a_question_is_answered_while_passages_are_being_embedded(embedder):
    """It neither waits for the bulk nor spoils it; a cancelled bulk leaves the embedder working."""
    if isinstance(embedder, FakeEmbedder):
        embedder.hold = asyncio.Event()
    await embedder.embed_query("loads whatever has to be loaded")
    bulk = asyncio.create_task(embedder.embed_texts([f"{at} words " * 60 for at in range(4000)]))
    async with asyncio.timeout(HANG_S):
        for at in range(5):
            await embedder.embed_query(f"question {at}")
    assert not bulk.done()
    bulk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await bulk
    if isinstance(embedder, FakeEmbedder):
        embedder.hold = None
    async with asyncio.timeout(HANG_S):
        assert len(await embedder.embed_texts(["and on"])) == 1


async def test_bulks_side_by_side_each_get_their_own(embedder):
    """Two at once answer what each alone would."""
    left, right = [f"left {at}" for at in range(40)], [f"right {at}" for at in range(40)]
    both = await asyncio.gather(embedder.embed_texts(left), embedder.embed_texts(right))
    assert np.abs(both[0][7] - (await embedder.embed_texts([left[7]]))[0]).max() < 1e-6
    assert np.abs(both[1][7] - (await embedder.embed_texts([right[7]]))[0]).max() < 1e-6


async def test_a_working_embedder_is_healthy(embedder):
    """Before and after it has been used."""
    before = await embedder.health()
    await embedder.embed_query("hello")
    assert (before.ok, (await embedder.health()).ok) == (True, True)


async def test_closing_is_harmless_before_use_and_twice(embedder):
    """Nothing is opened by it."""
    await embedder.aclose()
    await embedder.aclose()
