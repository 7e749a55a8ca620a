"""What every model provider makes of a text to go on from, over real sockets."""

from __future__ import annotations

import asyncio

import pytest

from backend.errors import (
    ContextTooLong,
    ModelNotFound,
    StewardError,
    UnsupportedByModel,
    UpstreamCut,
    UpstreamError,
)
from backend.ports.models import ModelDelta, ModelRequest
from tests.fakes.model_sides import MODEL, answer, collect, left
from tests.fakes.replies import Fault, Reply, failing

PATHS = {"ollama": "/api/generate", "openai_compatible": "/v1/completions"}


def going_on(text="Once upon", **more) -> ModelRequest:
    return ModelRequest(**{"model": MODEL, "messages": (), "prompt": text, **more})


def sent(side):
    return side.double.at(PATHS[side.kind])


async def test_a_text_is_gone_on_with(side):
    """The prompt goes out as it stands, without a template, and what follows comes back."""
    side.double.queue(Reply(content="a time there was"))
    whole = await collect(side.provider(), going_on(max_output_tokens=16))
    assert whole == answer("a time there was", tokens=4)
    (received,) = sent(side)
    assert (received.body["prompt"], received.body["stream"]) == ("Once upon", True)
    if side.kind == "ollama":
        assert (received.body["raw"], received.body["truncate"]) == (True, False)
        assert received.body["options"]["num_predict"] == 16
        assert "think" not in received.body
    else:
        assert received.body["max_tokens"] == 16


async def test_the_limit_of_tokens_is_told(side):
    """As the reason of the end."""
    side.double.queue(Reply(content="one two three"))
    whole = await collect(side.provider(), going_on(max_output_tokens=2))
    assert whole == answer("one two", finish="length", tokens=2)


async def test_probabilities_come_with_their_tokens(side):
    """In the shape that chats have, the alternatives included."""
    side.double.queue(Reply(content="one two"))
    deltas = [it async for it in side.provider().stream(going_on(logprobs=1))]
    tokens = [one for delta in deltas for one in delta.logprobs]
    other = {"token": "other0", "logprob": -1.0, "bytes": list(b"other0")}
    assert tokens == [
        {"token": "one", "logprob": -0.25, "bytes": list(b"one"), "top_logprobs": [other]},
        {"token": " two", "logprob": -0.5, "bytes": list(b" two"), "top_logprobs": [other]},
    ]


async def test_sampling_is_passed_on(side):
    """Every option that both wires have."""
    asked = going_on(temperature=0.5, top_p=0.25, seed=7, stop=("\n",), frequency_penalty=1.0)
    await collect(side.provider(), asked)
    body = sent(side)[0].body
    options = body["options"] if side.kind == "ollama" else body
    wanted = {
        "temperature": 0.5,
        "top_p": 0.25,
        "seed": 7,
        "stop": ["\n"],
        "frequency_penalty": 1.0,
    }
    assert {name: options.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(content="a b", fault=Fault(kind="end", after=1)), UpstreamCut),
        (Reply(content="a b", fault=Fault(kind="cut", after=1)), UpstreamCut),
        (Reply(content="a b", fault=Fault(kind="error", after=1, text=b"it broke")), UpstreamError),
    ],
)
async def test_what_breaks_in_the_middle_is_an_error_after_what_was_said(side, reply, error):
    """As in a chat."""
    side.double.queue(reply)
    said = ModelDelta()
    with pytest.raises(error):
        await collect(side.provider(), going_on(), said)
    assert said == ModelDelta("a")


async def test_a_text_that_is_too_long_is_refused(side):
    """In the server's own words, not cut."""
    side.double.queue(failing(400, "the request exceeds the available context size"))
    with pytest.raises(ContextTooLong):
        await collect(side.provider(), going_on())


async def test_cancelling_the_reader_frees_the_server(side):
    """Before the first byte."""
    side.double.queue(Reply(content="a", hold=asyncio.Event()))
    task = asyncio.create_task(collect(side.provider(), going_on()))
    received = await side.double.arrived(1, PATHS[side.kind])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await left(received)


async def test_an_unknown_model_is_said_to_be_one(side):
    """By whichever error the server's words allow."""
    with pytest.raises((ModelNotFound, UnsupportedByModel)) as caught:
        await collect(side.provider(), going_on(model="nobody"))
    assert isinstance(caught.value, StewardError)
    assert caught.value.param == "model"


async def test_ollama_fills_in_the_middle_where_the_model_can(side):
    """By its own template; other models refuse by the field's name."""
    if side.kind != "ollama":
        await collect(side.provider(), going_on(suffix="the end"))
        assert sent(side)[0].body["suffix"] == "the end"
        return
    asked = going_on("def f():", suffix="return x", model="qwen2.5-coder:1.5b")
    await collect(side.provider(), asked)
    body = sent(side)[0].body
    assert (body["suffix"], body.get("raw")) == ("return x", None)
    with pytest.raises(UnsupportedByModel) as caught:
        await collect(side.provider(), going_on(suffix="x"))
    assert caught.value.param == "suffix"


async def test_an_empty_text_is_a_beginning_to_ollama_too(side):
    """It would load the model and say nothing."""
    side.double.queue(Reply(content="Chapter one"))
    assert (await collect(side.provider(), going_on(""))).content == "Chapter one"
