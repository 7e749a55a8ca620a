"""Embedding by Ollama: what is asked, and what people are told when it does not work."""

from __future__ import annotations

import asyncio

import numpy as np
import orjson
import pytest

from backend.documents.embedding.ollama import OllamaEmbedding, ollama_embedder
from backend.documents.embedding.remote import RemoteEmbedder, RemoteLimits
from backend.ports.embedding import EmbeddingFailed, EmbeddingSpace
from tests.fakes.instant_clock import InstantClock
from tests.fakes.ollama_double import FakeModel, OllamaDouble, Reply, failing
from tests.fakes.replies import Fault

PATH = "/api/embed"


@pytest.fixture
async def double():
    models = {"all-minilm": FakeModel(capabilities=("embedding",), context_length=512)}
    models["nomic-embed-text"] = FakeModel(capabilities=("embedding",), embedding_length=768)
    async with OllamaDouble(models) as running:
        yield running


@pytest.fixture
async def make(double):
    made: list[RemoteEmbedder] = []

    def build(model="all-minilm", clock=None, url=None, **limits) -> RemoteEmbedder:
        options = OllamaEmbedding(model=model, base_url=url or double.url, keep_alive="7m")
        embedder = ollama_embedder(options, clock or InstantClock(), limits=RemoteLimits(**limits))
        made.append(embedder)
        return embedder

    yield build
    for embedder in made:
        await embedder.aclose()


async def test_a_request_asks_to_cut_and_to_stay_loaded(double, make):
    """The body is exactly what Ollama documents."""
    await make().embed_query("hello")
    assert double.requests[-1].body == {
        "model": "all-minilm",
        "input": ["hello"],
        "truncate": True,
        "keep_alive": "7m",
    }


async def test_texts_are_asked_in_batches_of_the_like_length(double, make):
    """Short with short, so that the server pads little; the order of the answer is the caller's."""
    embedder = make(batch_texts=2)
    texts = ["word " * 9, "a", "word " * 8, "bb"]
    vectors = await embedder.embed_texts(texts)
    asked = [request.body["input"] for request in double.at(PATH)[1:]]
    assert asked == [["a", "bb"], ["word " * 8, "word " * 9]]
    again = [await embedder.embed_query(text) for text in texts]
    assert np.array_equal(vectors, np.array(again))


async def test_the_dimensions_are_asked_once(double, make):
    """A name with `:latest` is the same space as without."""
    embedder = make("nomic-embed-text:latest")
    assert await embedder.space() == EmbeddingSpace(id="ollama:nomic-embed-text", dimensions=768)
    await embedder.space()
    assert len(double.at(PATH)) == 1


async def test_models_that_want_prefixes_get_them(double, make):
    """Before questions and before passages, each their own."""
    embedder = make("nomic-embed-text")
    await embedder.space()
    await embedder.embed_texts(["bread"])
    await embedder.embed_query("bread?")
    asked = [request.body["input"] for request in double.at(PATH)[1:]]
    assert asked == [["search_document: bread"], ["search_query: bread?"]]


async def test_a_missing_model_says_how_to_get_it(make):
    """In the failure and in the health."""
    embedder = make("bge-m3")
    with pytest.raises(EmbeddingFailed, match="`ollama pull bge-m3`"):
        await embedder.space()
    health = await embedder.health()
    assert (health.ok, health.fix) == (False, "Get it with `ollama pull bge-m3`.")


async def test_a_server_that_is_away_says_how_to_start_it(make):
    """In the failure and in the health."""
    embedder = make(url="http://127.0.0.1:9")
    with pytest.raises(EmbeddingFailed, match="`ollama serve`"):
        await embedder.embed_texts(["a"])
    health = await embedder.health()
    assert (health.ok, "127.0.0.1:9" in health.detail, "serve" in health.fix) == (False, True, True)


async def test_a_chat_model_is_named_as_what_it_is(double, make):
    """Ollama's own words are turned into what to set."""
    double.fail(PATH, failing(501, '"all-minilm" does not support embeddings'))
    with pytest.raises(EmbeddingFailed, match="Set EMBEDDING_MODEL"):
        await make(retries=0).embed_query("a")


WRONG = {
    "a page": (b"<html>no</html>", "something else than vectors"),
    "another shape": (b'{"vectors": []}', "something else than vectors"),
    "a list": (b"[]", "something else than vectors"),
    "too few": (b'{"embeddings": []}', "0 vectors for 1 texts"),
    "too many": (b'{"embeddings": [[1], [2]]}', "2 vectors for 1 texts"),
    "no numbers": (b'{"embeddings": [["a", "b"]]}', "no vector"),
    "nothing": (b'{"embeddings": [null]}', "not numbers|no vector"),
    "null inside": (b'{"embeddings": [[1.0, null]]}', "not numbers"),
    "an empty vector": (b'{"embeddings": [[]]}', "no vector"),
    "all zero": (b'{"embeddings": [[0, 0]]}', "not numbers"),
    "too large": (b'{"embeddings": [[1e200, 1e200]]}', "not numbers"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_an_answer_that_is_nonsense_is_refused(double, make, name):
    """It fails with what was wrong, and never becomes a vector."""
    body, said = WRONG[name]
    double.fail(PATH, Reply(raw=body))
    with pytest.raises(EmbeddingFailed, match=said):
        await make().embed_query("a")


async def test_vectors_of_another_length_than_before_are_refused(double, make):
    """The model was replaced under its name; old and new cannot be compared."""
    embedder = make()
    await embedder.space()
    double.fail(PATH, Reply(raw=orjson.dumps({"embeddings": [[1.0, 0.0]]})))
    with pytest.raises(EmbeddingFailed, match="2 numbers instead of 384"):
        await embedder.embed_query("a")


async def test_vectors_are_brought_to_unit_length(double, make):
    """Older servers send them as the model made them."""
    double.fail(PATH, Reply(raw=b'{"embeddings": [[3, 4]]}'))
    assert (await make().embed_query("a")).tolist() == pytest.approx([0.6, 0.8])


async def test_a_busy_server_is_asked_again_with_growing_pauses(double, make):
    """Four tries, and then its own words."""
    clock = InstantClock()
    double.fail(PATH, failing(503, "server busy, please try again."))
    with pytest.raises(EmbeddingFailed, match="server busy"):
        await make(clock=clock).embed_query("a")
    assert (clock.slept_s, len(double.at(PATH))) == ([0.5, 1.0, 2.0], 4)


async def test_a_pause_that_the_server_asks_for_is_kept_up_to_a_bound(double, make):
    """Three seconds are waited for, three minutes are not."""
    for asked, slept in (("3", [3.0, 3.0, 3.0]), ("180", [])):
        clock = InstantClock()
        double.fail(PATH, failing(429, "slow down", headers={"retry-after": asked}))
        with pytest.raises(EmbeddingFailed, match="slow down"):
            await make(clock=clock).embed_query("a")
        assert clock.slept_s == slept


async def test_a_refusal_is_not_repeated(double, make):
    """A wrong request stays wrong."""
    double.fail(PATH, failing(400, "invalid input type"))
    with pytest.raises(EmbeddingFailed, match="invalid input type"):
        await make().embed_query("a")
    assert len(double.at(PATH)) == 1


async def test_texts_are_cut_shorter_while_the_model_says_they_are_too_long(double, make):
    """Some models refuse in spite of `truncate`; what fits is remembered."""
    embedder = make()
    await embedder.space()
    double.fail(PATH, failing(400, "the input length exceeds the context length"))
    with pytest.raises(EmbeddingFailed, match="context length"):
        await embedder.embed_texts(["a" * 20_000])
    sizes = [len(request.body["input"][0]) for request in double.at(PATH)[1:]]
    assert sizes == [8_000, 2_000, 1_000, 400]


async def test_a_broken_connection_is_a_failure(double, make):
    """The job that asked may come again; the failure says whom it asked."""
    double.fail(PATH, Reply(fault=Fault(kind="cut")))
    with pytest.raises(EmbeddingFailed, match="cannot be asked"):
        await make().embed_query("a")


async def test_a_cancelled_question_lets_the_server_go(double, make):
    """Closing the embedder closes the connection that nobody waits for any more."""
    double.fail(PATH, Reply(hold=asyncio.Event()))
    embedder = make()
    bulk = asyncio.create_task(embedder.embed_texts(["a"]))
    received = await double.arrived(1, PATH)
    bulk.cancel()
    await embedder.aclose()
    async with asyncio.timeout(1):
        await received.cancelled.wait()
