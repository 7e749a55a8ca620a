"""What the OpenAI-compatible provider does beyond the promises of every provider."""

from __future__ import annotations

import orjson
import pytest

from backend.errors import (
    ContextTooLong,
    InvalidRequest,
    StewardError,
    UnsupportedByModel,
    UpstreamCut,
    UpstreamError,
    UpstreamGarbage,
)
from backend.llm.openai_compatible.provider import (
    OpenAICompatibleOptions,
    OpenAICompatibleProvider,
)
from backend.ports.models import ModelDelta, ModelRequest
from backend.ports.values import Usage
from tests.fakes.clock import WatchedClock
from tests.fakes.openai_double import OpenAIDouble, chunk_of
from tests.fakes.replies import Reply

ASKED = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
PIXEL = {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}


@pytest.fixture
async def double():
    async with OpenAIDouble() as running:
        yield running


@pytest.fixture
async def provider(double):
    options = OpenAICompatibleOptions(base_url=double.base_url, retries=0)
    made = OpenAICompatibleProvider(options, WatchedClock())
    yield made
    await made.aclose()


async def collect(provider, messages=ASKED, **more):
    request = ModelRequest(model="llama3.2", messages=messages, **more)
    whole = ModelDelta()
    async for delta in provider.stream(request):
        whole.content += delta.content
        whole.reasoning += delta.reasoning
        whole.tool_calls += delta.tool_calls
        whole.finish_reason, whole.usage = delta.finish_reason, delta.usage
    return whole


def sse(*events, end=b"data: [DONE]\n\n", newline=b"\n"):
    body = b"".join(b"data: " + event + b"\n\n" for event in events) + end
    raw = body.replace(b"\n", newline)
    return Reply(raw=raw, content_type="text/event-stream", split_bytes=7)


STOP = chunk_of("m", {}, finish_reason="stop")
HELLO = chunk_of("m", {"role": "assistant", "content": "hello"})


async def test_a_plain_request_asks_for_usage_and_nothing_else(provider, double):
    """Fields that were not asked for are left out, empty tools too."""
    await collect(provider)
    assert double.chats[0].body == {
        "model": "llama3.2",
        "messages": ASKED,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_every_field_is_passed_on(provider, double):
    """OpenAI's own fields go through, Ollama's knobs do not."""
    schema = {"type": "object", "additionalProperties": False}
    await collect(
        provider,
        tools=[TOOL],
        tool_choice="required",
        response_schema=schema,
        max_output_tokens=5,
        temperature=0.5,
        top_p=0.9,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        seed=1,
        stop=["x"],
        reasoning_effort="low",
        options={"top_k": 4, "keep_alive": "5m"},
    )
    sent = double.chats[0].body
    assert {name: sent[name] for name in sent if name not in {"model", "messages", "stream"}} == {
        "stream_options": {"include_usage": True},
        "max_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.9,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "seed": 1,
        "stop": ["x"],
        "tools": [TOOL],
        "tool_choice": "required",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
        "reasoning_effort": "low",
        "top_k": 4,
    }


async def test_messages_keep_their_parts_and_lose_foreign_keys(provider, double):
    """Strict servers refuse keys they do not know."""
    message = {"role": "user", "content": [PIXEL], "reasoning_content": "x", "annotations": []}
    double.queue(Reply(content="ok"))
    await collect(provider, messages=[message], response_schema="json")
    assert double.chats[0].body["messages"] == [{"role": "user", "content": [PIXEL]}]
    assert double.chats[0].body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
async def test_events_may_have_comments_names_and_any_line_ends(provider, double, newline):
    """Comments and event names are left out; [DONE] may lack its blank line."""
    reply = sse(HELLO, STOP, end=b": ping\n\nevent: done\ndata: [DONE]\n", newline=newline)
    double.queue(reply)
    assert (await collect(provider)).content == "hello"


async def test_an_event_may_span_lines(provider, double):
    """`data` lines of one event are joined by line feeds."""
    spread = orjson.dumps(orjson.loads(HELLO), option=orjson.OPT_INDENT_2)
    double.queue(sse(spread.replace(b"\n", b"\ndata: "), STOP))
    assert (await collect(provider)).content == "hello"


async def test_the_end_may_come_without_done(provider, double):
    """A finish reason is enough; without one the answer was cut."""
    double.queue(sse(HELLO, STOP, end=b""), sse(HELLO, end=b""), sse(HELLO))
    assert (await collect(provider)).finish_reason == "stop"
    for _ in range(2):
        with pytest.raises(UpstreamCut):
            await collect(provider)


async def test_the_last_event_may_lack_its_blank_line(provider, double):
    """A finish chunk at the very end of the body still counts."""
    double.queue(sse(HELLO, end=b"data: " + STOP))
    assert (await collect(provider)).finish_reason == "stop"


async def test_thoughts_have_two_names(provider, double):
    """`reasoning_content` and `reasoning` are the same."""
    double.queue(
        sse(
            chunk_of("m", {"reasoning_content": "a"}),
            chunk_of("m", {"reasoning": "b"}),
            chunk_of("m", {"content": None, "reasoning": None}),
            STOP,
        )
    )
    assert (await collect(provider)).reasoning == "ab"


async def test_usage_may_ride_on_the_finish_chunk(provider, double):
    """The last usage wins, with reasoning tokens where told."""
    counts = {
        "prompt_tokens": 3,
        "completion_tokens": 5,
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    finish = orjson.loads(STOP) | {"usage": counts}
    double.queue(sse(HELLO, orjson.dumps(finish)))
    assert (await collect(provider)).usage == Usage(
        prompt_tokens=3, completion_tokens=5, reasoning_tokens=2, model_calls=1
    )


@pytest.mark.parametrize(
    ("sent", "given"),
    [("content_filter", "content_filter"), ("function_call", "tool_calls"), ("eos", "stop")],
)
async def test_finish_reasons_are_ours(provider, double, sent, given):
    """Unknown ones mean stop."""
    double.queue(sse(HELLO, chunk_of("m", {}, finish_reason=sent)))
    assert (await collect(provider)).finish_reason == given


async def test_stop_after_calls_means_tool_calls(provider, double):
    """Some servers end a tool turn with stop."""
    piece = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    double.queue(sse(chunk_of("m", {"tool_calls": [piece]}), STOP))
    whole = await collect(provider, tools=[TOOL])
    assert (whole.finish_reason, len(whole.tool_calls)) == ("tool_calls", 1)


async def test_old_servers_are_asked_again_without_what_they_refuse(provider, double):
    """Each refusal costs one request in the life of the provider."""
    double.refused_fields = {
        "stream_options": "unknown field stream_options",
        "max_tokens": "Use 'max_completion_tokens' instead.",
    }
    for _ in range(2):
        assert (await collect(provider, max_output_tokens=5)).content == "echo: hi"
    extra = [sorted(set(chat.body) - {"model", "messages", "stream"}) for chat in double.chats]
    assert extra == [
        ["max_tokens", "stream_options"],
        ["max_tokens"],
        ["max_completion_tokens"],
        ["max_completion_tokens"],
    ]


BODIES = [
    (400, {"error": {"message": "no", "param": "top_p", "code": 400}}, InvalidRequest, "top_p"),
    (
        400,
        {"error": {"message": "too much", "code": "context_length_exceeded"}},
        ContextTooLong,
        "messages",
    ),
    (
        400,
        {"message": "This model's maximum context length is 8192 tokens."},
        ContextTooLong,
        "messages",
    ),
    (
        400,
        {"error": '"auto" tool choice requires --enable-auto-tool-choice'},
        UnsupportedByModel,
        "tools",
    ),
    (422, {"detail": "bad"}, InvalidRequest, None),
    (401, {"error": {"message": "key?"}}, UpstreamError, None),
    (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, UpstreamError, None),
    (307, {}, UpstreamGarbage, None),
    (404, {}, UpstreamGarbage, None),
]


@pytest.mark.parametrize(("status", "body", "error", "param"), BODIES)
async def test_errors_of_every_shape_become_ours(provider, double, status, body, error, param):
    """Code, text and status decide; the field is passed on."""
    double.queue(Reply(status=status, raw=orjson.dumps(body)))
    with pytest.raises(StewardError) as caught:
        await collect(provider)
    assert (type(caught.value), caught.value.param) == (error, param)


async def test_the_key_is_sent_and_never_shown(double):
    """Options hide it; a refused key is the installation's trouble, not the caller's."""
    double.api_key = "sk-secret"
    right = OpenAICompatibleOptions(base_url=double.base_url, api_key=lambda: "sk-secret")
    wrong = OpenAICompatibleOptions(base_url=double.base_url, api_key=lambda: "sk-wrong")
    good = OpenAICompatibleProvider(right, WatchedClock())
    bad = OpenAICompatibleProvider(wrong, WatchedClock())
    assert ((await collect(good)).content, (await good.health()).ok) == ("echo: hi", True)
    with pytest.raises(UpstreamError, match="UPSTREAM_OPENAI_API_KEY"):
        await collect(bad)
    health = await bad.health()
    await good.aclose()
    await bad.aclose()
    assert ("secret" in repr(right), health.ok, "sk-" in health.detail) == (False, False, False)


async def test_a_server_without_a_list_is_taken_at_its_word(provider, double):
    """Some gateways have no /models; any name is tried there."""
    double.fail("/v1/models", Reply(status=404, error="no such route"))
    assert (await provider.models(), (await provider.describe("anything")).id) == ([], "anything")


async def test_a_new_model_is_found_before_the_list_is_old(provider, double):
    """A name that the kept list lacks is looked for again."""
    await provider.describe("llama3.2")
    double.models.append({"id": "new/model:Q4", "context_length": 2048})
    assert (await provider.describe("new/model:Q4")).context_tokens == 2048


async def test_a_list_of_another_shape_is_garbage(provider, double):
    """A page where a list should be is named as such."""
    double.fail("/v1/models", Reply(raw=b"<html></html>", content_type="text/html"))
    with pytest.raises(UpstreamGarbage):
        await provider.models()
