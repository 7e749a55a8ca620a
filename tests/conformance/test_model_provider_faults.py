"""What every model provider makes of a server that fails, over real sockets."""

from __future__ import annotations

import asyncio

import pytest

from backend.errors import (
    ContextTooLong,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    StewardError,
    UpstreamCut,
    UpstreamError,
    UpstreamGarbage,
    UpstreamOutOfMemory,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from backend.ports.models import ModelDelta
from tests.fakes.model_sides import HANG_S, answer, asking, collect, left, turn
from tests.fakes.replies import HTML_PAGE, OUT_OF_MEMORY, Fault, Reply, failing

BROKEN = {
    "an early end": (Fault(kind="end", after=1), UpstreamCut),
    "a broken connection": (Fault(kind="cut", after=1), UpstreamCut),
    "a garbage line": (Fault(kind="raw", after=1, text=b"what?"), UpstreamGarbage),
    "half a line": (Fault(kind="raw", after=1, text=b'{"message": '), UpstreamGarbage),
    "another shape": (Fault(kind="raw", after=1, text=b"[1, 2]"), UpstreamGarbage),
    "bad UTF-8": (Fault(kind="raw", after=1, text=b'{"message":"\xff\xfe"}'), UpstreamGarbage),
    "a page": (Fault(kind="raw", after=1, text=HTML_PAGE), UpstreamGarbage),
    "an error": (Fault(kind="error", after=1, text=b"it broke"), UpstreamError),
    "no memory": (Fault(kind="error", after=1, text=OUT_OF_MEMORY.encode()), UpstreamOutOfMemory),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_breaks_in_the_middle_is_an_error_after_what_was_said(side, name):
    """The words before it are given; then the right error comes; nothing is tried again."""
    fault, error = BROKEN[name]
    side.double.queue(Reply(content="a b c", fault=fault))
    said = ModelDelta()
    with pytest.raises(error) as caught:
        await collect(side.provider(), asking(), said)
    assert (type(caught.value), said, len(side.double.chats)) == (error, ModelDelta("a"), 1)


async def test_an_answer_that_never_begins_is_cut(side):
    """An empty body with status 200 is no answer."""
    side.double.queue(Reply(raw=b""))
    with pytest.raises((UpstreamCut, UpstreamGarbage)):
        await collect(side.provider(), asking())


async def test_a_page_instead_of_an_answer_is_garbage(side):
    """A proxy's page with status 200 or 502 is named as what it is."""
    for status in (200, 404, 502):
        side.double.queue(Reply(status=status, raw=HTML_PAGE, content_type="text/html"))
        with pytest.raises(UpstreamGarbage):
            await collect(side.provider(), asking())


REFUSALS = [
    (400, "that is wrong", InvalidRequest),
    (400, "the input length exceeds the context length", ContextTooLong),
    (404, "model 'x' not found", ModelNotFound),
    (429, "slow down", Overloaded),
    (500, "it broke", UpstreamError),
    (500, OUT_OF_MEMORY, UpstreamOutOfMemory),
    (500, "CUDA error: out of memory", UpstreamOutOfMemory),
    (503, "server busy, please try again.  maximum pending requests exceeded", Overloaded),
]


@pytest.mark.parametrize(("status", "text", "error"), REFUSALS)
async def test_a_refusal_becomes_our_error(side, status, text, error):
    """Status and text choose the class; the text is kept for people."""
    side.double.queue(failing(status, text))
    with pytest.raises(StewardError) as caught:
        await collect(side.provider(retries=0), asking())
    kept = text in caught.value.message or error is ModelNotFound
    assert (type(caught.value), kept) == (error, True)


async def test_an_unknown_model_is_named(side):
    """The error points at the field `model`."""
    with pytest.raises(ModelNotFound) as caught:
        await collect(side.provider(), asking(model="ghost"))
    assert (caught.value.param, "ghost" in caught.value.message) == ("model", True)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_server_is_asked_again_with_growing_pauses(side, status):
    """Two refusals, pauses of 0.5 and 1 s, then the answer."""
    side.double.queue(failing(status, "busy"), failing(status, "busy"), Reply(content="yes"))
    task = asyncio.create_task(collect(side.provider(retries=2), asking()))
    for pause_s in (0.5, 1.0):
        await side.clock.until_asked(pause_s)
        side.clock.step(pause_s)
    assert (await task, len(side.double.chats)) == (answer("yes", tokens=1), 3)


async def test_a_pause_the_server_asks_for_is_kept(side):
    """Retry-After wins over our own pause, and is told on when we give up."""
    busy = failing(503, "busy", headers={"retry-after": "3"})
    side.double.queue(busy, busy)
    task = asyncio.create_task(collect(side.provider(retries=1), asking()))
    await side.clock.until_asked(3.0)
    side.clock.step(3.0)
    with pytest.raises(Overloaded) as caught:
        await task
    assert caught.value.retry_after_s == 3.0


async def test_a_broken_connection_before_the_answer_is_tried_again(side):
    """Nothing was said, so a second attempt is safe."""
    side.double.queue(failing(500, "", fault=Fault(kind="cut")), Reply(content="yes"))
    task = asyncio.create_task(collect(side.provider(retries=1), asking()))
    await side.clock.until_asked(0.5)
    side.clock.step(0.5)
    assert (await task).content == "yes"


async def test_a_server_that_is_away_is_unreachable(side):
    """Nothing listens: chat, list and health all say so, and health says what to do."""
    provider = side.provider(base_url="http://127.0.0.1:9", retries=0)
    with pytest.raises(UpstreamUnreachable):
        await collect(provider, asking())
    with pytest.raises(UpstreamUnreachable):
        await provider.models()
    health = await provider.health()
    assert (health.ok, "127.0.0.1:9" in health.detail, bool(health.fix)) == (False, True, True)


async def test_silence_before_the_first_token_times_out(side):
    """After the first-token limit the upstream is let go and the error is a time-out."""
    side.double.queue(Reply(content="a", hold=asyncio.Event()))
    task = asyncio.create_task(collect(side.provider(), asking()))
    received = await side.double.arrived(1)
    side.clock.step(299)
    side.clock.step(2)
    with pytest.raises(UpstreamTimeout, match="300 s"):
        await task
    await left(received)


async def test_silence_in_the_middle_times_out(side):
    """After the idle limit since the last byte the upstream is let go."""
    side.double.queue(Reply(content="a b", fault=Fault(kind="hang", after=1)))
    stream = side.provider().stream(asking())
    assert (await anext(stream)).content == "a"
    rest = asyncio.create_task(asyncio.wait_for(anext(stream), HANG_S))
    await side.clock.until_asked(60.0)
    await turn()
    side.clock.step(61)
    with pytest.raises(UpstreamTimeout, match="60 s"):
        await rest
    await left(await side.double.arrived(1))


async def test_a_slow_reader_is_not_a_silent_server(side):
    """Time between reads is the reader's own and never counts."""
    side.double.queue(Reply(content=["a", "b"], split_bytes=20))
    stream = side.provider().stream(asking())
    text = ""
    async for delta in stream:
        text += delta.content
        side.clock.step(1000)
        await turn()
        await turn()
    assert text == "ab"
