"""What every model provider promises, over real sockets to a double of its server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from backend.errors import (
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    UpstreamGarbage,
)
from backend.ports.models import ModelDelta
from tests.fakes.model_sides import TOOL, answer, asking, collect, left, turn
from tests.fakes.replies import Call, Fault, Reply


async def test_an_answer_is_streamed_with_its_thoughts_and_its_usage(side):
    """Thoughts, content, finish reason and usage arrive, and nothing after them."""
    side.double.queue(Reply(thinking="let me see", content="one two"))
    whole = await collect(side.provider(), asking(model="qwen3:8b"))
    assert whole == answer("one two", reasoning="let me see", tokens=5)


async def test_the_first_words_come_before_the_model_is_done(side):
    """A delta is given as soon as its line is whole."""
    side.double.queue(Reply(content="a b", fault=Fault(kind="hang", after=1)))
    async with aclosing(side.provider().stream(asking())) as stream:
        assert await anext(stream) == ModelDelta("a")


async def test_parallel_calls_arrive_whole_each_once(side):
    """Two calls of one turn keep their ids, order and arguments as JSON text."""
    calls = [Call(name="f", arguments={"city": "Oslo"}), Call(name="f")]
    side.double.queue(Reply(content="wait", calls=calls))
    whole = await collect(side.provider(), asking(tools=[TOOL]))
    expected = [
        {"id": "call_00000000", "type": "function", "function": {"name": "f", "arguments": text}}
        for text in ('{"city":"Oslo"}', "{}")
    ]
    expected[1]["id"] = "call_00000001"
    assert whole == answer("wait", finish="tool_calls", tokens=1, calls=expected)


async def test_calls_without_ids_get_ids_of_their_own(side):
    """Ids are minted, different ones, in the usual shape."""
    calls = [Call(name="f"), Call(name="f")]
    side.double.queue(Reply(calls=calls, call_ids=False))
    whole = await collect(side.provider(), asking(tools=[TOOL]))
    ids = {call["id"] for call in whole.tool_calls}
    assert len(ids) == 2
    assert all(name.startswith("call_") and len(name) >= 13 for name in ids)


async def test_an_answer_cut_by_the_token_limit_says_length(side):
    """The finish reason tells that the limit was hit."""
    side.double.queue(Reply(content="one two", done_reason="length"))
    assert await collect(side.provider(), asking()) == answer("one two", finish="length", tokens=2)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_the_bytes_may_be_split_anywhere(side, size):
    """Pieces of any size, inside characters too, make the same answer."""
    reply = Reply(thinking="größe", content=["日本 ", "€", "🙂"], split_bytes=size)
    side.double.queue(reply)
    whole = await collect(side.provider(), asking(model="qwen3:8b"))
    assert whole == answer("日本 €🙂", reasoning="größe", tokens=4)


async def test_concurrent_answers_do_not_mix(side):
    """Fifty streams at a time each get their own words."""
    side.double.script(lambda body: Reply(content=body["messages"][0]["content"]))
    provider = side.provider()
    texts = [f"word{number} and more" for number in range(50)]
    wholes = await asyncio.gather(*[collect(provider, asking(text)) for text in texts])
    assert [whole.content for whole in wholes] == texts


async def test_closing_the_stream_frees_the_server(side):
    """The upstream notices within a moment of real time that nobody listens."""
    side.double.queue(Reply(content="a b", fault=Fault(kind="hang", after=1)))
    stream = side.provider().stream(asking())
    await anext(stream)
    await stream.aclose()
    async with asyncio.timeout(10):
        await left(await side.double.arrived(1))


@pytest.mark.parametrize("reply", ["hold", "hang"])
async def test_cancelling_the_reader_frees_the_server(side, reply):
    """Cancelled before the first byte or in the middle, the upstream is let go."""
    held = Reply(content="a", hold=asyncio.Event())
    hung = Reply(content="a b", fault=Fault(kind="hang", after=1))
    side.double.queue(held if reply == "hold" else hung)
    task = asyncio.create_task(collect(side.provider(), asking()))
    received = await side.double.arrived(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await left(received)


async def test_too_many_streams_are_refused_at_once_and_slots_come_back(side):
    """One runs, one waits, the third is refused with a time to wait; then the second is served."""
    side.double.queue(Reply(content="a b", fault=Fault(kind="hang", after=1)))
    provider = side.provider(max_concurrent=1, max_waiting=1)
    first = provider.stream(asking())
    await anext(first)
    second = asyncio.create_task(collect(provider, asking("second")))
    while side.clock.asked.count(300.0) < 2:
        await turn()
    with pytest.raises(Overloaded) as caught:
        await collect(provider, asking("third"))
    await first.aclose()
    assert caught.value.retry_after_s is not None
    assert (await second).content == "echo: second"


async def test_connections_are_used_again(side):
    """Two answers in a row need one connection."""
    provider = side.provider()
    for _ in range(3):
        await collect(provider, asking())
    assert len({received.peer for received in side.double.chats}) == 1


async def test_a_connection_whose_answer_ends_late_is_used_again(side):
    """The end of the body may come after the last words; it is waited for, but not for ever."""
    ends = [asyncio.Event(), asyncio.Event()]
    side.double.queue(*[Reply(content="a", late_end=end) for end in ends])
    provider = side.provider()
    for number in range(2):
        task = asyncio.create_task(collect(provider, asking()))
        await side.clock.until_asked(1.0)
        if number:
            side.clock.step(1)
        else:
            ends[0].set()
        await task
        side.clock.asked.clear()
    await collect(provider, asking())
    first, second, third = [received.peer for received in side.double.chats]
    assert (first == second, second == third) == (True, False)


async def test_a_redirect_is_not_followed(side):
    """A prompt goes only where the settings say."""
    away = Reply(status=307, raw=b"", headers={"location": "/elsewhere"})
    side.double.queue(away)
    with pytest.raises(UpstreamGarbage):
        await collect(side.provider(), asking())
    assert side.double.at("/elsewhere") == []


async def test_half_a_surrogate_is_the_callers_mistake(side):
    """What is not text is refused before anything is sent."""
    with pytest.raises(InvalidRequest) as caught:
        await collect(side.provider(), asking("\ud800"))
    assert (caught.value.param, side.double.chats) == ("messages", [])


async def test_models_are_listed_and_described(side):
    """What is listed can be described; the window is capped by the options."""
    provider = side.provider(max_context_tokens=4096)
    listed = await provider.models()
    described = await provider.describe(listed[0].id)
    assert described in listed
    assert (described.context_tokens, described.can("tools")) == (4096, True)
    assert described.provider == provider.name
    with pytest.raises(ModelNotFound):
        await provider.describe("ghost")


async def test_health_is_asked_once_in_a_few_seconds(side):
    """Concurrent and quick repeated questions make one request; an old answer is renewed."""
    provider = side.provider(health_ttl_s=5.0)
    healths = await asyncio.gather(*[provider.health() for _ in range(5)])
    assert {health.ok for health in [*healths, await provider.health()]} == {True}
    before = len(side.double.requests)
    side.clock.step(6)
    await provider.health()
    assert (before, len(side.double.requests)) == (1, 2)
