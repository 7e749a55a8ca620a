"""What every model provider makes of texts to embed, over real sockets."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from backend.errors import (
    ContextTooLong,
    ModelNotFound,
    Overloaded,
    UnsupportedByModel,
    UpstreamGarbage,
    UpstreamUnreachable,
)
from backend.ports.vectors import VectorRequest
from tests.fakes.model_sides import left
from tests.fakes.openai_double import EMBEDDING_MODEL
from tests.fakes.replies import Reply

MODELS = {"ollama": "all-minilm", "openai_compatible": EMBEDDING_MODEL}
PATHS = {"ollama": "/api/embed", "openai_compatible": "/v1/embeddings"}


def request_for(side, *texts, **more):
    return VectorRequest(**{"model": MODELS[side.kind], "texts": texts, **more})


async def test_texts_go_out_as_they_stand_and_vectors_come_back_in_order(side):
    """In batches; no prefix is written before a text, and tokens are summed."""
    texts = [f"text number {n}" for n in range(130)]
    provider = side.provider()
    found = await provider.embed(request_for(side, *texts))
    assert (len(found.rows), found.prompt_tokens, found.rows.dtype) == (130, 390, np.float32)
    sent = [text for one in side.double.at(PATHS[side.kind]) for text in one.body["input"]]
    assert sent == texts
    alone = await provider.embed(request_for(side, texts[100]))
    assert np.array_equal(found.rows[100], alone.rows[0])


async def test_a_text_that_is_too_long_is_refused_by_the_field(side):
    """The model server's window is told; nothing is cut."""
    with pytest.raises(ContextTooLong) as caught:
        await side.provider().embed(request_for(side, "x", "word " * 2000))
    assert caught.value.param == "input"


async def test_dimensions_that_a_model_does_not_have_are_refused(side):
    """Rather than vectors of another length."""
    with pytest.raises(UnsupportedByModel) as caught:
        await side.provider().embed(request_for(side, "x", dimensions=7))
    assert caught.value.param == "dimensions"


async def test_ollama_shortens_where_the_model_allows(side):
    """By its own means, to unit length; more than there are is refused."""
    if side.kind != "ollama":
        await side.provider().embed(request_for(side, "x", dimensions=48))
        assert side.double.at(PATHS[side.kind])[0].body["dimensions"] == 48
        return
    asked = request_for(side, "x", model="nomic-embed-text", dimensions=128)
    rows = (await side.provider().embed(asked)).rows
    assert rows.shape == (1, 128)
    assert np.linalg.norm(rows) == pytest.approx(1, abs=1e-6)
    with pytest.raises(UnsupportedByModel):
        await side.provider().embed(
            request_for(side, "x", model="nomic-embed-text", dimensions=9999)
        )


async def test_an_unknown_model_is_not_found(side):
    """As in a chat."""
    with pytest.raises(ModelNotFound):
        await side.provider().embed(request_for(side, "x", model="nobody"))


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"what?", b'{"embeddings":[[1],[2,3]],"data":[{"embedding":["a"]}]}']
)
async def test_anything_but_vectors_is_garbage(side, body):
    """Said as such."""
    side.double.fail(PATHS[side.kind], Reply(raw=body))
    with pytest.raises(UpstreamGarbage):
        await side.provider().embed(request_for(side, "x", "y"))


async def test_a_busy_server_is_told_with_a_time(side):
    """So that a client comes back."""
    side.double.fail(PATHS[side.kind], Reply(status=503, error="busy"))
    with pytest.raises(Overloaded) as caught:
        await side.provider(retries=0).embed(request_for(side, "x"))
    assert caught.value.retry_after_s


async def test_a_server_that_is_away_is_told(side):
    """By where it was looked for."""
    with pytest.raises(UpstreamUnreachable):
        await side.provider(base_url="http://127.0.0.1:9", retries=0).embed(request_for(side, "x"))


async def test_cancelling_frees_the_server(side):
    """At once."""
    side.double.fail(PATHS[side.kind], Reply(hold=asyncio.Event()))
    task = asyncio.create_task(side.provider().embed(request_for(side, "x")))
    received = await side.double.arrived(1, PATHS[side.kind])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await left(received)


async def test_base64_and_numbers_are_both_read(side):
    """Some servers write numbers whatever they are asked for, or leave `index` out."""
    if side.kind != "openai_compatible":
        return
    provider = side.provider()
    first = await provider.embed(request_for(side, "x", "y"))
    side.double.vectors.numbers_only, side.double.vectors.indexed = True, False
    second = await provider.embed(request_for(side, "x", "y"))
    assert np.array_equal(first.rows, second.rows)
