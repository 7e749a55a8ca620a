"""What a client sees when the model server fails: before the first token a status, later an event."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import openai
import orjson
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from backend.kit.fences import bare
from tests.fakes.live_server import LiveServer, live_server
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply, failing
from tests.fakes.replies import HTML_PAGE, OUT_OF_MEMORY, QUEUE_FULL, RUNNER_DIED

MODEL = "llama3.2@chat"
CHAT = "/v1/chat/completions"
HI: list[Any] = [{"role": "user", "content": "Hello there"}]


def body(**more: Any) -> dict[str, Any]:
    """Make the body of a request."""
    return {"model": MODEL, "messages": HI, **more}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (failing(500, RUNNER_DIED), 502, "upstream_error"),
        (failing(500, OUT_OF_MEMORY), 502, "upstream_out_of_memory"),
        (failing(503, QUEUE_FULL), 503, "overloaded"),
        (failing(429, "slow down", headers={"retry-after": "7"}), 503, "overloaded"),
        (Reply(status=502, raw=HTML_PAGE, content_type="text/html"), 502, "upstream_garbage"),
        (Reply(content="x", fault=Fault(kind="error", text=b"it broke")), 502, "upstream_error"),
        (Reply(content="x", fault=Fault(kind="raw", text=b"<html>")), 502, "upstream_garbage"),
        (Reply(content="x", fault=Fault(kind="end")), 502, "upstream_cut"),
        (failing(404, "model 'llama3.2' not found"), 404, "model_not_found"),
    ],
    ids=["500", "memory", "503", "429", "html", "error line", "garbage", "empty", "404"],
)
async def test_a_failure_before_the_first_token_is_a_status(
    http: AsyncClient, ollama: OllamaDouble, reply: Reply, status: int, code: str, *, stream: bool
) -> None:
    """Streamed or not, in OpenAI's error shape."""
    ollama.queue(reply)
    answer = await http.post(CHAT, json=body(stream=stream))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert set(error) == {"message", "type", "param", "code"}
    assert answer.headers["content-type"] == "application/json"
    if status == 503:
        assert int(answer.headers["retry-after"]) == (7 if "slow" in error["message"] else 5)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_missing_model_is_a_404_that_names_the_field(
    streaming: AsyncOpenAI, *, stream: bool
) -> None:
    """The SDK raises NotFoundError, also for a stream."""
    with pytest.raises(openai.NotFoundError) as caught:
        await streaming.chat.completions.create(model="nobody", messages=HI, stream=stream)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert str(caught.value.request_id).startswith("req_")


async def test_the_usual_model_is_a_language_model_when_there_is_one(http: AsyncClient) -> None:
    """The built-in model stands first in the list but answers only when nothing better is there."""
    answer = (await http.post(CHAT, json=body(model="default"))).json()
    assert answer["choices"][0]["message"]["content"].startswith("echo: ")


async def test_an_upstream_that_is_down_is_a_503_for_its_models_only(tmp_path: Path) -> None:
    """The built-in model goes on; the message says where Ollama was looked for, and how to start it."""
    async with (
        live_server(tmp_path, OLLAMA_HOST="http://127.0.0.1:9") as live,
        live.http(await live.log_in()) as http,
    ):
        down = await http.post(CHAT, json=body())
        works = await http.post(CHAT, json=body(model="builtin"))
        usual = await http.post(CHAT, json=body(model="default"))
        ready = (await http.get("/ready")).json()
        listed = (await http.get("/v1/models")).json()
    error = down.json()["error"]
    assert (down.status_code, error["code"]) == (503, "upstream_unreachable")
    assert "127.0.0.1:9" in error["message"]
    assert (works.status_code, usual.status_code) == (200, 200)
    assert [one["id"] for one in listed["data"]] == ["builtin", "all-minilm-l6-v2"]
    assert (ready["status"], ready["checks"]["model:ollama"]["ok"]) == ("ready", False)


@pytest.mark.parametrize("kind", ["cut", "end", "error", "raw"])
async def test_a_stream_that_breaks_in_the_middle_says_so(
    http: AsyncClient, ollama: OllamaDouble, kind: Any
) -> None:
    """What came is kept, an error event follows, and no chunk claims a good end."""
    fault = Fault(kind=kind, after=2, text=b"<oops>")
    ollama.queue(Reply(content="One two three four", fault=fault))
    answer = await http.post(CHAT, json=body(stream=True, store=True))
    assert answer.status_code == 200
    lines = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
    frames = [line if line == "[DONE]" else orjson.loads(line) for line in lines]
    errors = [one for one in frames if "error" in one]
    assert [set(one["error"]) for one in errors] == [{"message", "type", "param", "code"}]
    finished = [one["choices"][0]["finish_reason"] for one in frames if "choices" in one]
    assert set(finished) == {None}
    session = f"/api/conversations/{answer.headers['x-session-id']}"
    messages = (await http.get(session)).json()["messages"]
    assert (messages[-1]["message"]["content"], messages[-1]["state"]) == ("One two", "failed")


async def test_the_sdk_raises_when_a_stream_breaks(
    streaming: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """A user of a stock client cannot take half an answer for a whole one."""
    ollama.queue(Reply(content="One two three four", fault=Fault(kind="cut", after=2)))
    words = []
    stream = await streaming.chat.completions.create(model=MODEL, messages=HI, stream=True)

    async def read() -> None:
        async for chunk in stream:
            words.append(chunk.choices[0].delta.content)  # noqa: PERF401 - kept when it breaks

    with pytest.raises(openai.APIError) as caught:
        await read()
    assert "".join(filter(None, words)) == "One two"
    assert caught.value.code == "upstream_cut"


async def test_a_broken_answer_not_streamed_is_a_status(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Never a 200 with half an answer."""
    ollama.queue(Reply(content="One two three four", fault=Fault(kind="cut", after=2)))
    answer = await http.post(CHAT, json=body())
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_cut")


async def test_silence_is_filled_with_comments(
    streaming: AsyncOpenAI, http: AsyncClient, ollama: OllamaDouble
) -> None:
    """While a model loads, proxies and clients see that the connection lives."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="At last.", hold=hold))
    async with http.stream("POST", CHAT, json=body(stream=True)) as answer:
        lines = [line async for line in until_comment(answer, hold)]
    assert lines.count(": keep-alive") >= 1
    assert lines[-2] == "data: [DONE]"


async def until_comment(answer: Any, hold: asyncio.Event) -> Any:
    """Give the lines of a stream; let the model speak after the first comment."""
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            hold.set()
        yield line


async def test_the_sdk_does_not_mind_comments(streaming: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """They never become chunks."""
    ollama.queue(Reply(content="At last.", delay_s=2.2))
    stream = await streaming.chat.completions.create(model=MODEL, messages=HI, stream=True)
    words = [chunk.choices[0].delta.content async for chunk in stream]
    assert "".join(filter(None, words)) == "At last."


async def test_a_late_failure_of_a_started_stream_is_an_error_event(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """After the first comment there is no status left to give."""
    ollama.queue(failing(500, RUNNER_DIED, delay_s=1.5))
    answer = await http.post(CHAT, json=body(stream=True))
    assert answer.status_code == 200
    last = orjson.loads(answer.text.strip().rpartition("data: ")[2])
    assert last["error"]["code"] == "upstream_error"


async def test_a_stock_client_does_not_repeat_an_agent_that_has_acted(
    server: LiveServer, ollama: OllamaDouble
) -> None:
    """x-should-retry: false after a tool ran; a plain overload may be tried again."""
    call = Call(name="math_calc", arguments={"expression": "1+1"})
    ollama.queue(Reply(calls=[call]), failing(503, QUEUE_FULL))
    async with server.openai(server.token, max_retries=2) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            await client.chat.completions.create(model="llama3.2@react", messages=HI)
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(ollama.chats) == 2
    ollama.queue(failing(503, QUEUE_FULL, headers={"retry-after": "0"}), Reply(content="Yes."))
    async with server.openai(server.token, max_retries=1) as client:
        answer = await client.chat.completions.create(model=MODEL, messages=HI)
    assert answer.choices[0].message.content == "Yes."


async def test_a_failing_tool_does_not_fail_the_answer(
    http: AsyncClient, ollama: OllamaDouble, doubles: Any
) -> None:
    """The model is told, and answers."""
    doubles.weather.faults = []
    call = Call(name="weather", arguments={"place": "Nowhere at all"})
    ollama.queue(Reply(calls=[call]), Reply(content="I could not find it."))
    answer = await http.post(CHAT, json=body(model="llama3.2@react"))
    assert answer.json()["choices"][0]["message"]["content"] == "I could not find it."
    told = [one["content"] for one in ollama.chats[-1].body["messages"] if one["role"] == "tool"]
    assert bare(told[0]).startswith("Error")


@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_model_cannot_do_is_a_400_that_names_the_field(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """An image for a model without eyes; an upstream option of the wrong kind."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "See"}, image]}]
    answer = await http.post(CHAT, json=body(messages=messages, stream=stream))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (
        400,
        "unsupported_parameter",
        "messages[0].content[1]",
    )


async def test_a_message_that_does_not_fit_is_a_400(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Upstream's own word on it, in OpenAI's code."""
    ollama.queue(failing(400, "the input length exceeds the context length"))
    answer = await http.post(CHAT, json=body())
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "context_length_exceeded")
