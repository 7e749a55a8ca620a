"""The Ollama double is proven against the real `ollama` client before anything trusts it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys

import aiohttp
import ollama
import orjson
import pytest

from tests.fakes.ollama_double import (
    Call,
    FakeModel,
    Fault,
    OllamaDouble,
    Reply,
    failing,
    reply_from,
    usual_models,
)

MODEL = "llama3.2"
ASKED = [{"role": "user", "content": "good morning"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@pytest.fixture
async def double():
    async with OllamaDouble() as running:
        yield running


@pytest.fixture
async def client(double):
    async with ollama.AsyncClient(host=double.url, trust_env=False) as opened:
        yield opened


async def streamed(client, **more):
    return [part async for part in await client.chat(stream=True, **{"model": MODEL, **more})]


async def test_an_unscripted_chat_echoes_the_question(client):
    """Without a script the answer depends on the question alone."""
    answer = await client.chat(model=MODEL, messages=ASKED)
    assert (answer.message.content, answer.done, answer.done_reason) == (
        "echo: good morning",
        True,
        "stop",
    )


async def test_a_streamed_chat_gives_one_part_per_token_and_a_done_part(client, double):
    """Parts join up to the text, and only the last is done."""
    double.queue(Reply(content=["one ", "two ", "three"], thinking=["hm"]))
    parts = await streamed(client, model="qwen3:8b", messages=ASKED, think=True)
    assert [part.message.thinking or "" for part in parts] == ["hm", "", "", "", ""]
    assert [part.message.content for part in parts] == ["", "one ", "two ", "three", ""]
    assert [part.done for part in parts] == [False] * 4 + [True]
    assert (parts[-1].prompt_eval_count, parts[-1].eval_count) == (11, 4)


async def test_zero_counters_are_left_out(client, double):
    """Go omits zero values, so the client sees None."""
    double.queue(Reply(content="hi", prompt_tokens=0, output_tokens=0))
    answer = await client.chat(model=MODEL, messages=ASKED)
    assert (answer.prompt_eval_count, answer.eval_count) == (None, None)


async def test_parallel_calls_come_in_lines_of_their_own(client, double):
    """Each call has its line, its index and its arguments as an object."""
    calls = [Call(name="get_weather", arguments={"city": city}) for city in ("Oslo", "Rome")]
    double.queue(Reply(calls=calls))
    parts = await streamed(client, messages=ASKED, tools=[TOOL])
    found = [part.message.tool_calls for part in parts]
    assert [[call.function.arguments for call in calls or ()] for calls in found] == [
        [{"city": "Oslo"}],
        [{"city": "Rome"}],
        [],
    ]


async def test_calls_can_come_together_in_the_done_line(client, double):
    """The llama-server path of Ollama sends every call at the end."""
    calls = [Call(name="a"), Call(name="b")]
    double.queue(Reply(calls=calls, calls_in_done_line=True, call_ids=False))
    parts = await streamed(client, messages=ASKED, tools=[TOOL])
    assert [call.function.name for call in parts[-1].message.tool_calls or ()] == ["a", "b"]
    assert parts[-1].done_reason == "stop"


async def test_a_schema_is_honoured_without_a_script(client):
    """The echo fits the schema in `format`."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}}
    answer = await client.chat(model=MODEL, messages=ASKED, format=schema)
    assert orjson.loads(answer.message.content or "") == {"n": 1, "s": "good morning"}


async def test_models_are_listed_shown_and_loaded(client, double):
    """List, show and ps speak the shapes the client parses."""
    double.catalogue.loaded.add("qwen3:8b")
    listed = [model.model for model in (await client.list()).models]
    shown = await client.show("qwen3:8b")
    running = (await client.ps()).models
    assert listed == list(usual_models())
    assert shown.capabilities == ["completion", "tools", "thinking"]
    assert (shown.modelinfo or {})["qwen3.context_length"] == 40_960
    assert [(model.model, model.context_length) for model in running] == [("qwen3:8b", 40_960)]


async def test_embeddings_have_unit_length_and_repeat(client):
    """The same text has the same vector; an empty input has none."""
    one = await client.embed(model="all-minilm", input=["a b", "a b", "c"])
    none = await client.embed(model="all-minilm", input=[])
    old = await client.embeddings(model="all-minilm", prompt="a b")
    assert one.embeddings[0] == one.embeddings[1] != one.embeddings[2]
    assert math.isclose(sum(value * value for value in one.embeddings[0]), 1, rel_tol=1e-6)
    assert (len(none.embeddings), len(old.embedding)) == (0, 384)


async def test_a_pull_reports_progress_and_adds_the_model(client, double):
    """After success the model can be shown; an unknown one fails inside the stream."""
    double.catalogue.pullable["new:latest"] = FakeModel()
    states = [part.status async for part in await client.pull("new", stream=True)]
    assert (states[0], states[-1]) == ("pulling manifest", "success")
    assert (await client.show("new")).capabilities == ["completion", "tools"]
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        [part async for part in await client.pull("ghost", stream=True)]


REFUSED = [
    ({"model": "ghost"}, 404, "model 'ghost' not found"),
    ({"model": "gemma:2b", "tools": [TOOL]}, 400, "does not support tools"),
    ({"think": True}, 400, '"llama3.2" does not support thinking'),
    ({"model": "r1", "think": "low"}, 400, "is not supported for this model"),
    ({"model": "all-minilm"}, 400, '"all-minilm" does not support chat'),
    ({"options": {"temperature": "hot"}}, 500, 'option "temperature" must be of type float32'),
    ({"options": {"stop": "x"}}, 500, 'option "stop" must be of type array'),
    ({"options": {"seed": True}}, 500, 'option "seed" must be of type integer'),
    ({"top_logprobs": 21}, 400, "top_logprobs must be between 0 and 20"),
]


@pytest.mark.parametrize(("fields", "status", "text"), REFUSED)
async def test_bad_requests_are_refused_in_ollamas_words(client, fields, status, text):
    """Status and text are those of the real server."""
    with pytest.raises(ollama.ResponseError) as caught:
        await client.chat(**{"model": MODEL, "messages": ASKED, **fields})
    assert (caught.value.status_code, text in caught.value.error) == (status, True)


RAW = [
    (b"", 400, b'{"error":"missing request body"}'),
    (b'{"messages":[]}', 400, b'{"error":"model is required"}'),
    (
        b'{"model":"llama3.2","messages":[{"role":"user","content":[1]}]}',
        400,
        b'{"error":"json: cannot unmarshal array into Go struct field '
        b'ChatRequest.messages.content of type string"}',
    ),
    (
        b'{"model":"llama3.2","messages":[],"format":"yaml"}',
        500,
        b'{"error":"invalid format: \\"yaml\\"; expected \\"json\\" or a valid JSON Schema object"}',
    ),
]


@pytest.mark.parametrize(("body", "status", "text"), RAW)
async def test_broken_bodies_are_refused_before_a_model_runs(double, body, status, text):
    """What the client library cannot send is refused too."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{double.url}/api/chat", data=body) as got,
    ):
        assert (got.status, orjson.loads(await got.read())) == (status, orjson.loads(text))


async def test_unknown_routes_answer_in_plain_text(double):
    """Gin's own 404 and 405 are not JSON."""
    async with aiohttp.ClientSession() as session:
        seen = [
            (got.status, got.content_type, await got.text())
            for got in (
                await session.get(f"{double.url}/v2/nothing"),
                await session.get(f"{double.url}/api/chat"),
                await session.get(double.url),
            )
        ]
    assert seen == [
        (404, "text/plain", "404 page not found"),
        (405, "text/plain", "405 method not allowed"),
        (200, "text/plain", "Ollama is running"),
    ]


async def test_an_empty_chat_loads_the_model(client):
    """No messages means load; keep_alive 0 means unload."""
    loaded = await client.chat(model=MODEL, messages=[])
    unloaded = await client.chat(model=MODEL, messages=[], keep_alive=0)
    assert (loaded.done_reason, unloaded.done_reason) == ("load", "unload")


async def test_scripts_are_asked_by_request_and_queues_by_model(client, double):
    """A queue entry for another model waits; a script may decline."""
    double.queue(Reply(content="for qwen"), model="qwen3:8b")
    double.script(lambda body: Reply(content="warm") if "options" in body else None)
    first = await client.chat(model=MODEL, messages=ASKED, options={"temperature": 1.0})
    second = await client.chat(model=MODEL, messages=ASKED)
    third = await client.chat(model="qwen3:8b", messages=ASKED)
    said = [answer.message.content for answer in (first, second, third)]
    assert said == ["warm", "echo: good morning", "for qwen"]
    assert [request.body["model"] for request in double.chats] == [MODEL, MODEL, "qwen3:8b"]


async def test_an_error_line_ends_the_stream(client, double):
    """The status stays 200; the client raises with status -1."""
    double.queue(Reply(content="a b c", fault=Fault(kind="error", after=1, text=b"it broke")))
    with pytest.raises(ollama.ResponseError, match="it broke") as caught:
        await streamed(client, messages=ASKED)
    assert caught.value.status_code == -1


async def test_status_faults_answer_before_the_stream(client, double):
    """429, 500 and 503 carry Ollama's error body."""
    for status in (429, 500, 503):
        double.queue(failing(status, f"no {status}"))
        with pytest.raises(ollama.ResponseError, match=f"no {status}") as caught:
            await streamed(client, messages=ASKED)
        assert caught.value.status_code == status


async def test_an_early_end_has_no_done_line(client, double):
    """The real client takes a cut answer for a whole one, which is why ours must not."""
    double.queue(Reply(content="a b c", fault=Fault(kind="end", after=2)))
    parts = await streamed(client, messages=ASKED)
    assert [part.message.content for part in parts] == ["a", " b"]


async def test_lines_may_be_split_anywhere(client, double):
    """Byte by byte, the answer is the same, split characters included."""
    double.queue(Reply(content=["grün ", "日本"], split_bytes=1))
    parts = await streamed(client, messages=ASKED)
    assert "".join(part.message.content or "" for part in parts) == "grün 日本"


async def test_a_client_that_leaves_is_noticed(client, double):
    """Closing the connection during a hang cancels the request."""
    double.queue(Reply(content="a b c", fault=Fault(kind="hang", after=1)))
    stream = await client.chat(model=MODEL, messages=ASKED, stream=True)
    assert (await anext(stream)).message.content == "a"
    await stream.aclose()
    request = await double.arrived(1)
    async with asyncio.timeout(30):
        await request.cancelled.wait()
    assert (double.cancelled, double.open_streams) == ([request], 0)


async def test_the_cheap_path_sends_the_tokens_asked_for(client, double):
    """N tokens at R per second, by many clients at a time."""
    double.script(lambda _: Reply(count=20, tokens_per_second=400.0))
    answers = await asyncio.gather(*[streamed(client, messages=ASKED) for _ in range(20)])
    texts = {"".join(part.message.content or "" for part in parts) for parts in answers}
    assert (texts, {parts[-1].eval_count for parts in answers}) == ({"word " * 20}, {20})


def test_a_script_file_can_say_everything():
    """Replies read from JSON equal those written in Python."""
    fields = {
        "content": "hi",
        "calls": [{"name": "f", "arguments": {"a": 1}}],
        "fault": {"kind": "error", "text": "x"},
    }
    assert reply_from(fields) == Reply(
        content="hi",
        calls=[Call(name="f", arguments={"a": 1})],
        fault=Fault(kind="error", text=b"x"),
    )


async def test_it_runs_as_a_program(tmp_path):
    """The program prints its address, serves the script and stops on SIGTERM."""
    script = tmp_path / "replies.json"
    script.write_bytes(orjson.dumps([{"content": "from the file"}]))
    command = ["-m", "tests.fakes.ollama_double", "--script", str(script)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        async with ollama.AsyncClient(host=url, trust_env=False) as client:
            answer = await client.chat(model=MODEL, messages=ASKED)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()
    assert (answer.message.content, process.returncode) == ("from the file", 0)
