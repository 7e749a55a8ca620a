"""Embedding by OpenAI-compatible servers, which differ in what they take and how they answer."""

from __future__ import annotations

import numpy as np
import pytest

from backend.documents.embedding.openai_compatible import OpenAIEmbedding, openai_embedder
from backend.documents.embedding.remote import RemoteEmbedder, RemoteLimits
from backend.ports.embedding import EmbeddingFailed, EmbeddingSpace
from tests.fakes.instant_clock import InstantClock
from tests.fakes.openai_double import EMBEDDING_MODEL, OpenAIDouble
from tests.fakes.openai_embeddings import DIMENSIONS
from tests.fakes.replies import Reply, failing

PATH = "/v1/embeddings"


@pytest.fixture
async def double():
    async with OpenAIDouble() as running:
        yield running


@pytest.fixture
async def make(double):
    made: list[RemoteEmbedder] = []

    def build(model=EMBEDDING_MODEL, key="", url=None) -> RemoteEmbedder:
        options = OpenAIEmbedding(model=model, base_url=url or double.base_url, api_key=lambda: key)
        embedder = openai_embedder(options, InstantClock(), limits=RemoteLimits(retries=1))
        made.append(embedder)
        return embedder

    yield build
    for embedder in made:
        await embedder.aclose()


async def test_vectors_are_asked_for_in_base64(double, make):
    """A quarter of the bytes; the body is exactly what the API documents."""
    await make().embed_query("hello")
    body = {"model": EMBEDDING_MODEL, "input": ["hello"], "encoding_format": "base64"}
    assert double.requests[-1].body == body


async def test_every_way_of_answering_gives_the_same_vectors(double, make):
    """Base64 or numbers, with `index` in any order or without."""
    texts = ["one", "two", "three"]
    expected = await make().embed_texts(texts)
    double.vectors.numbers_only = True
    assert np.allclose(await make().embed_texts(texts), expected, atol=1e-6)
    double.vectors.indexed = False
    assert np.allclose(await make().embed_texts(texts), expected, atol=1e-6)


async def test_a_server_without_base64_is_asked_for_numbers_from_then_on(double, make):
    """The refusal names the field; it is learnt once."""
    double.refused_fields["encoding_format"] = "unknown field: encoding_format"
    embedder = make()
    assert (await embedder.space()).dimensions == DIMENSIONS
    await embedder.embed_query("a")
    asked = ["encoding_format" in request.body for request in double.at(PATH)]
    assert asked == [True, False, False]


async def test_the_space_is_named_by_the_model(make):
    """The address is not part of it: the same model elsewhere gives the same vectors."""
    space = EmbeddingSpace(id=f"openai:{EMBEDDING_MODEL}", dimensions=DIMENSIONS)
    assert await make().space() == space


async def test_a_long_text_is_cut_until_it_fits_and_what_fits_is_remembered(double, make):
    """This protocol refuses what is too long instead of cutting it."""
    double.vectors.max_chars = 1_000
    embedder = make()
    await embedder.space()
    await embedder.embed_texts(["a" * 5_000])
    await embedder.embed_texts(["b" * 5_000])
    sizes = [len(request.body["input"][0]) for request in double.at(PATH)[1:]]
    assert sizes == [5_000, 2_000, 1_000, 1_000]


async def test_a_refused_key_is_named(double, make):
    """The failure and the health name the setting; the key itself appears nowhere."""
    double.api_key = "right"
    embedder = make(key="wrong-secret")
    with pytest.raises(EmbeddingFailed, match="UPSTREAM_OPENAI_API_KEY") as caught:
        await embedder.space()
    health = await embedder.health()
    assert (health.ok, health.fix) == (False, "Check UPSTREAM_OPENAI_API_KEY.")
    options = OpenAIEmbedding(model="m", base_url="http://h/v1", api_key=lambda: "wrong-secret")
    assert "wrong-secret" not in f"{caught.value}{health}{options!r}"


async def test_an_unknown_model_is_named(make):
    """The failure says which setting to look at."""
    with pytest.raises(EmbeddingFailed, match=r"'ghost' .* EMBEDDING_MODEL"):
        await make("ghost").space()


async def test_a_server_that_is_away_is_named(make):
    """In the failure and in the health."""
    embedder = make(url="http://127.0.0.1:9/v1")
    with pytest.raises(EmbeddingFailed, match="UPSTREAM_OPENAI_BASE_URL"):
        await embedder.embed_query("a")
    assert (await embedder.health()).ok is False


@pytest.mark.parametrize(
    "raw",
    [
        b"what?",
        b'{"data": [{"index": 0}]}',
        b'{"data": [{"index": 0, "embedding": "not base64!"}]}',
        b'{"data": [{"index": 0, "embedding": "QUJD"}]}',
        b'{"data": [{"index": 0, "embedding": "AADAfwAAgD8="}]}',
        b'{"data": ["a"]}',
        b'{"data": []}',
    ],
)
async def test_nonsense_is_refused(double, make, raw):
    """Base64 of a NaN, or of bytes that are no floats, included."""
    double.fail(PATH, Reply(raw=raw))
    with pytest.raises(EmbeddingFailed):
        await make().embed_query("a")


async def test_the_words_of_the_server_are_told(double, make):
    """A server error is tried again once, as the limits here say, then quoted."""
    double.fail(PATH, failing(500, "CUDA out of memory"))
    with pytest.raises(EmbeddingFailed, match="CUDA out of memory"):
        await make().embed_query("a")
    assert len(double.at(PATH)) == 2
