"""What every model provider promises, over real sockets to a double of its server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

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
from backend.llm.ollama.provider import OllamaOptions, OllamaProvider
from backend.llm.openai_compatible.provider import (
    OpenAICompatibleOptions,
    OpenAICompatibleProvider,
)
from backend.ports.models import ModelDelta, ModelProvider, ModelRequest
from backend.ports.values import Usage
from tests.fakes.clock import WatchedClock
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.openai_double import OpenAIDouble
from tests.fakes.replies import HTML_PAGE, OUT_OF_MEMORY, Call, Fault, Reply, failing

MODEL = "llama3.2"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
LIMITS: dict[str, Any] = {"first_token_timeout_s": 300.0, "idle_timeout_s": 60.0}


@dataclass
class Side:
    """One provider and the double it talks to."""

    double: Any
    clock: WatchedClock
    kind: str
    made: list[ModelProvider]

    def provider(self, **options: Any) -> ModelProvider:
        """Make a provider with these options."""
        options = {**LIMITS, **options}
        provider: ModelProvider
        if self.kind == "ollama":
            options.setdefault("base_url", self.double.url)
            provider = OllamaProvider(OllamaOptions(**options), self.clock)
        else:
            options.setdefault("base_url", self.double.base_url)
            provider = OpenAICompatibleProvider(OpenAICompatibleOptions(**options), self.clock)
        self.made.append(provider)
        return provider


@pytest.fixture(params=["ollama", "openai_compatible"])
async def side(request):
    double = OllamaDouble() if request.param == "ollama" else OpenAIDouble()
    made: list[ModelProvider] = []
    async with double, asyncio.timeout(20):
        yield Side(double, WatchedClock(), request.param, made)
        for provider in made:
            await provider.aclose()


def asking(text="hi", **more) -> ModelRequest:
    fields = {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}
    return ModelRequest(**fields)


async def collect(provider, request, into=None) -> ModelDelta:
    """Join a whole stream into one delta; `into` keeps what came before a failure."""
    whole = into or ModelDelta()
    async for delta in provider.stream(request):
        assert whole.finish_reason is None
        whole.content += delta.content
        whole.reasoning += delta.reasoning
        whole.tool_calls += delta.tool_calls
        whole.finish_reason = delta.finish_reason
        whole.usage = delta.usage
    return whole


def answer(content="", *, finish="stop", reasoning="", tokens=0, calls=()) -> ModelDelta:
    usage = Usage(prompt_tokens=11, completion_tokens=tokens, model_calls=1)
    return ModelDelta(content, reasoning, tuple(calls), finish, usage)


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
    await received.cancelled.wait()


async def test_silence_in_the_middle_times_out(side):
    """After the idle limit since the last byte the upstream is let go."""
    side.double.queue(Reply(content="a b", fault=Fault(kind="hang", after=1)))
    stream = side.provider().stream(asking())
    assert (await anext(stream)).content == "a"
    rest = asyncio.create_task(anext(stream))
    await side.clock.until_asked(60.0)
    await turn()
    side.clock.step(61)
    with pytest.raises(UpstreamTimeout, match="60 s"):
        await rest
    await (await side.double.arrived(1)).cancelled.wait()


async def turn():
    """Let tasks that are ready run once."""
    ready = asyncio.Event()
    asyncio.get_running_loop().call_soon(ready.set)
    await ready.wait()


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


async def test_closing_the_stream_frees_the_server(side):
    """The upstream notices within a moment of real time that nobody listens."""
    side.double.queue(Reply(content="a b", fault=Fault(kind="hang", after=1)))
    stream = side.provider().stream(asking())
    await anext(stream)
    await stream.aclose()
    async with asyncio.timeout(1):
        await (await side.double.arrived(1)).cancelled.wait()


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
    async with asyncio.timeout(1):
        await received.cancelled.wait()


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
