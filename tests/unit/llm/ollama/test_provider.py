"""What the Ollama provider does beyond the promises of every provider, over real sockets."""

from __future__ import annotations

import asyncio

import pytest

from backend.errors import (
    InvalidRequest,
    ModelNotFound,
    UnsupportedByModel,
    UpstreamGarbage,
    UpstreamTimeout,
)
from backend.llm.ollama.provider import OllamaOptions, OllamaProvider
from backend.ports.models import ModelDelta, ModelRequest
from backend.ports.values import Health, Usage
from tests.fakes.clock import WatchedClock
from tests.fakes.ollama_double import Call, FakeModel, OllamaDouble, Reply, failing

ASKED = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.fixture
async def double():
    async with OllamaDouble() as running:
        yield running


@pytest.fixture
def clock():
    return WatchedClock()


@pytest.fixture
async def provider(double, clock):
    made = OllamaProvider(OllamaOptions(base_url=double.url + "/"), clock)
    yield made
    await made.aclose()


async def collect(provider, model="llama3.2", **more):
    request = ModelRequest(model=model, messages=ASKED, **more)
    return [delta async for delta in provider.stream(request)]


def text_of(deltas):
    return "".join(delta.content for delta in deltas)


@pytest.mark.parametrize("in_done_line", [False, True])
async def test_calls_are_taken_from_either_place(provider, double, in_done_line):
    """Calls in lines of their own and calls in the done line come out alike."""
    double.queue(Reply(calls=[Call(name="f"), Call(name="g")], calls_in_done_line=in_done_line))
    deltas = await collect(provider, tools=[TOOL])
    names = [call["function"]["name"] for delta in deltas for call in delta.tool_calls]
    assert (names, deltas[-1].finish_reason) == (["f", "g"], "tool_calls")


async def test_counters_that_ollama_leaves_out_are_zero(provider, double):
    """Go omits zero values."""
    double.queue(Reply(content="hi", prompt_tokens=0, output_tokens=0))
    assert (await collect(provider))[-1].usage == Usage(model_calls=1)


async def test_lines_that_come_together_leave_as_one_delta(provider, double):
    """A batch of lines costs one delta."""
    double.queue(Reply(count=50, tokens_per_second=0.0))
    deltas = await collect(provider)
    assert text_of(deltas) == "word " * 50
    assert len(deltas) < 50


async def test_a_model_that_was_only_loaded_is_asked_once_more(provider, double):
    """`done_reason: load` is not an answer."""
    double.queue(Reply(done_reason="load"), Reply(content="now"))
    deltas = await collect(provider)
    assert (text_of(deltas), len(double.chats)) == ("now", 2)
    double.queue(Reply(done_reason="load"), Reply(done_reason="load"))
    with pytest.raises(UpstreamGarbage, match="again and again"):
        await collect(provider)


async def test_a_model_without_levels_is_told_to_think_and_that_is_remembered(provider, double):
    """The refusal costs one request in the life of the provider."""
    double.queue(Reply(thinking="hm", content="a"), Reply(thinking="hm", content="b"))
    first = await collect(provider, "r1", reasoning_effort="low")
    second = await collect(provider, "r1", reasoning_effort="high")
    off = await collect(provider, "r1", reasoning_effort="none")
    assert (text_of(first), text_of(second), text_of(off)) == ("a", "b", "echo: hi")
    assert [chat.body["think"] for chat in double.chats] == ["low", True, True, False]


async def test_a_name_without_tag_means_latest(provider, double):
    """Both spellings describe one model and are asked for once."""
    short, full = await provider.describe("llama3.2"), await provider.describe("llama3.2:latest")
    assert (short.id, full.id) == ("llama3.2", "llama3.2:latest")
    assert (short.capabilities, len(double.at("/api/show"))) == (full.capabilities, 1)
    names = [info.id for info in await provider.models()]
    assert names == list(double.catalogue.models)


async def test_a_description_is_shared_and_ages(provider, double, clock):
    """Concurrent askers share one request; after the time to live it is asked again."""
    await asyncio.gather(*[provider.describe("qwen3:8b") for _ in range(10)])
    shown = len(double.at("/api/show"))
    clock.step(301)
    await provider.describe("qwen3:8b")
    assert (shown, len(double.at("/api/show"))) == (1, 2)


async def test_the_window_is_the_smallest_of_model_file_and_settings(provider, double):
    """context_length of any architecture, num_ctx of the model file, and the cap."""
    double.catalogue.models |= {
        "small:latest": FakeModel(context_length=2048, architecture="phi3"),
        "filed:latest": FakeModel(parameters='stop "x"\nnum_ctx                        3000'),
        "vast:latest": FakeModel(context_length=1_000_000),
    }
    infos = [await provider.describe(name) for name in ("small", "filed", "vast")]
    assert [info.context_tokens for info in infos] == [2048, 3000, 16_384]


async def test_an_old_server_tells_of_tools_in_its_template(provider, double):
    """Before capabilities were listed, the template was the only sign."""
    double.catalogue.models["old:latest"] = FakeModel(show_capabilities=False)
    info = await provider.describe("old")
    assert info.capabilities == frozenset({"completion", "tools"})


async def test_an_unknown_model_says_how_to_get_it(provider):
    """The hint is a command to copy."""
    with pytest.raises(ModelNotFound, match=r"`ollama pull ghost`") as caught:
        await collect(provider, "ghost")
    assert caught.value.param == "model"


async def test_tools_are_refused_before_anything_is_sent(provider, double):
    """The model's capabilities are known from its description."""
    with pytest.raises(UnsupportedByModel) as caught:
        await collect(provider, "gemma:2b", tools=[TOOL])
    assert (caught.value.param, double.chats) == ("tools", [])


TEXTS = [
    (
        400,
        "registry.ollama.ai/library/m:latest does not support tools",
        UnsupportedByModel,
        "tools",
    ),
    (400, '"m" does not support thinking', UnsupportedByModel, "reasoning_effort"),
    (400, '"m" does not support chat', UnsupportedByModel, "model"),
    (500, 'option "top_k" must be of type integer', InvalidRequest, "top_k"),
    (
        500,
        'invalid format: "x"; expected "json" or a valid JSON Schema object',
        InvalidRequest,
        "response_format",
    ),
]


@pytest.mark.parametrize(("status", "text", "error", "param"), TEXTS)
async def test_error_texts_name_the_field(provider, double, status, text, error, param):
    """Ollama tells by text alone what was wrong."""
    double.queue(failing(status, text))
    with pytest.raises(error) as caught:
        await collect(provider)
    assert (type(caught.value), caught.value.param) == (error, param)


async def test_health_names_what_is_loaded(provider, double):
    """The detail is for people."""
    double.catalogue.loaded.add("qwen3:8b")
    assert await provider.health() == Health(
        ok=True, detail=f"Ollama at {double.url} has qwen3:8b loaded."
    )


async def test_a_control_request_has_a_deadline(provider, double, clock):
    """A server that hangs on /api/show does not hang us."""
    double.fail("/api/show", Reply(status=200, raw=b"{}", hold=asyncio.Event()))
    task = asyncio.create_task(provider.describe("llama3.2"))
    await double.arrived(1, "/api/show")
    clock.step(11)
    with pytest.raises(UpstreamTimeout, match="10 s"):
        await task


OTHER_SERVERS = [
    Reply(status=404, raw=b"404 page not found", content_type="text/plain"),
    Reply(status=502, raw=b"<html></html>", content_type="text/html"),
    Reply(status=200, raw=b"<html></html>", content_type="text/html"),
]


@pytest.mark.parametrize("reply", OTHER_SERVERS)
async def test_another_server_at_the_address_is_found_out(provider, double, reply):
    """A wrong address is not taken for a missing model."""
    double.fail("/api/show", reply)
    with pytest.raises(UpstreamGarbage, match="does not answer as Ollama"):
        await provider.describe("llama3.2")


async def test_images_reach_the_model(provider, double):
    """The double takes base64 strings only, as Ollama does."""
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    request = ModelRequest(model="llava", messages=[{"role": "user", "content": [part]}])
    assert [delta async for delta in provider.stream(request)][-1].finish_reason == "stop"
    assert double.chats[0].body["messages"][0]["images"] == ["AAAA"]


async def test_a_schema_is_honoured(provider):
    """The schema reaches the server as `format`."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert text_of(await collect(provider, response_schema=schema)) == '{"n":1}'


async def test_the_last_delta_alone_carries_the_end(provider, double):
    """Usage and finish reason come once, with the done line."""
    double.queue(Reply(content=["a"], split_bytes=10))
    usage = Usage(prompt_tokens=11, completion_tokens=1, model_calls=1)
    assert await collect(provider) == [
        ModelDelta("a"),
        ModelDelta(finish_reason="stop", usage=usage),
    ]


async def test_words_make_an_answer_whatever_the_reason(provider, double):
    """Only a silent `load` is asked again."""
    double.queue(Reply(content="a", done_reason="load"))
    deltas = await collect(provider)
    assert (text_of(deltas), deltas[-1].finish_reason, len(double.chats)) == ("a", "stop", 1)
