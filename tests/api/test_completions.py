"""`/v1/completions` over a socket: true completions of texts, streamed or not."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply, failing
from tests.fakes.people import code

MODEL = "llama3.2"
PATH = "/v1/completions"
GENERATE = "/api/generate"


async def ask(http: AsyncClient, **body: Any) -> Any:
    answer = await http.post(PATH, json={"model": MODEL, "prompt": "Once", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def frames_of(http: AsyncClient, **body: Any) -> list[Any]:
    asked = {"model": MODEL, "prompt": "Once", "stream": True, **body}
    answer = await http.post(PATH, json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
    return [line if line == "[DONE]" else orjson.loads(line) for line in lines]


def texts(frames: list[Any], index: int = 0) -> str:
    found = [one["choices"][0] for one in frames if one != "[DONE]" and one.get("choices")]
    return "".join(choice["text"] for choice in found if choice["index"] == index)


async def test_a_strict_client_completes_a_text(client: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """The raw text goes out, the continuation comes back whole."""
    ollama.queue(Reply(content=" upon a time"))
    made = await client.completions.create(model=MODEL, prompt="Once")
    assert made.id.startswith("cmpl-")
    assert (made.object, made.model, made.choices[0].text) == (
        "text_completion",
        MODEL,
        " upon a time",
    )
    assert (made.choices[0].finish_reason, made.choices[0].logprobs) == ("stop", None)
    assert made.usage is not None
    assert (made.usage.prompt_tokens, made.usage.total_tokens) == (11, 14)
    body = ollama.at(GENERATE)[0].body
    assert (body["prompt"], body["raw"]) == ("Once", True)
    assert body["options"] == {"num_ctx": 16_384, "num_predict": 16}


async def test_a_stock_client_streams(streaming: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """One id, the words as they come, the reason at the end, usage only when asked for."""
    ollama.queue(Reply(content=" upon a time"))
    stream = await streaming.completions.create(
        model=MODEL, prompt="Once", stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert len({(it.id, it.created, it.object) for it in chunks}) == 1
    *said, last = chunks
    assert "".join(it.choices[0].text for it in said) == " upon a time"
    reasons = [it.choices[0].finish_reason for it in said]
    assert (set(reasons[:-1]), reasons[-1]) == ({None}, "stop")
    assert (last.choices, last.usage and last.usage.total_tokens) == ([], 14)


async def test_without_being_asked_a_stream_has_no_usage(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """And no chunk without a choice."""
    frames = await frames_of(http)
    assert frames[-1] == "[DONE]"
    assert all(len(one["choices"]) == 1 and "usage" not in one for one in frames[:-1])


async def test_several_prompts_are_several_choices_in_order(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Each with its candidates beside each other; a prompt's tokens count once."""
    ollama.script(lambda body: Reply(content=f" {body['prompt']}{body['options']['seed']}"))
    made = await ask(http, prompt=["a", "b"], n=2, seed=5)
    assert [(it["index"], it["text"]) for it in made["choices"]] == [
        (0, " a5"),
        (1, " a6"),
        (2, " b5"),
        (3, " b6"),
    ]
    assert made["usage"]["prompt_tokens"] == 22
    frames = await frames_of(http, prompt=["a", "b"], n=2, seed=5)
    assert [texts(frames, at) for at in range(4)] == [" a5", " a6", " b5", " b6"]


async def test_echo_puts_the_prompt_first(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Streamed too; with no tokens wanted the model is not asked."""
    ollama.script(lambda _: Reply(content=" upon a time"))
    assert (await ask(http, echo=True))["choices"][0]["text"] == "Once upon a time"
    assert texts(await frames_of(http, echo=True)) == "Once upon a time"
    count = len(ollama.at(GENERATE))
    made = await ask(http, echo=True, max_tokens=0)
    assert (made["choices"][0]["text"], made["choices"][0]["finish_reason"]) == ("Once", "length")
    assert len(ollama.at(GENERATE)) == count


@pytest.mark.parametrize("stop", ["END", ["x", "END"], [" E", "NO"]])
async def test_nothing_of_a_stop_string_is_shown(
    http: AsyncClient, ollama: OllamaDouble, stop: Any
) -> None:
    """Also when the model server does not stop there and cuts it into pieces."""
    reply = Reply(content=["one two", " E", "ND", " three"])
    ollama.queue(reply, reply)
    made = await ask(http, stop=stop)
    assert (made["choices"][0]["text"].rstrip(), made["choices"][0]["finish_reason"]) == (
        "one two",
        "stop",
    )
    assert texts(await frames_of(http, stop=stop)).rstrip() == "one two"


async def test_probabilities_have_the_old_shape(client: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """Offsets count from the beginning of the prompt."""
    ollama.queue(Reply(content=" upon a"))
    made = await client.completions.create(model=MODEL, prompt="Once", logprobs=1)
    told = made.choices[0].logprobs
    assert told is not None
    assert told.model_dump() == {
        "tokens": [" upon", " a"],
        "token_logprobs": [-0.25, -0.5],
        "top_logprobs": [{"other0": -1.0, " upon": -0.25}, {"other0": -1.0, " a": -0.5}],
        "text_offset": [4, 9],
    }


async def test_streamed_probabilities_are_the_same(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Piece by piece, and none for text that a stop string took away."""
    reply = Reply(content=[" one", " two", " END", " three"])
    ollama.queue(reply, reply)
    whole = (await ask(http, logprobs=0, stop="END"))["choices"][0]["logprobs"]
    frames = await frames_of(http, logprobs=0, stop="END")
    parts = [one["choices"][0]["logprobs"] for one in frames[:-1]]
    for name in ("tokens", "token_logprobs", "text_offset"):
        assert [it for part in parts if part for it in part[name]] == whole[name]
    assert whole["tokens"][:2] == [" one", " two"]
    assert " three" not in whole["tokens"]


async def test_the_best_of_several_is_given(http: AsyncClient, ollama: OllamaDouble) -> None:
    """By the mean log probability; tokens of all of them are counted."""
    ollama.queue(Reply(content=" a b c d"), Reply(content=" a"), Reply(content=" a b"))
    made = await ask(http, best_of=3)
    assert [it["text"] for it in made["choices"]] == [" a"]
    assert made["usage"]["completion_tokens"] == 7


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 3, "best_of": 2}, "best_of"),
        ({"best_of": 2, "stream": True}, "best_of"),
        ({"logprobs": 6}, "logprobs"),
        ({"logprobs": 1, "echo": True}, "echo"),
        ({"logit_bias": {"50256": -100}}, "logit_bias"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"suffix": "the end"}, "suffix"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"n": 0}, "n"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"prompt": []}, "prompt"),
        ({"prompt": {"a": 1}}, "prompt"),
        ({"prompt": ["a"] * 200, "n": 100}, "prompt"),
        ({"model": "all-minilm"}, "model"),
        ({"model": "all-minilm-l6-v2"}, "model"),
        ({"model": "builtin", "suffix": "x"}, "suffix"),
        ({"model": "builtin", "logprobs": 1}, "logprobs"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    http: AsyncClient, ollama: OllamaDouble, change: dict[str, Any], param: str
) -> None:
    """400, and `param` is the field."""
    answer = await http.post(PATH, json={"model": MODEL, "prompt": "x", **change})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"].startswith(param)


async def test_null_is_as_good_as_left_out(http: AsyncClient, ollama: OllamaDouble) -> None:
    """For every optional field, the prompt too; an empty bias is none."""
    names = (
        "prompt best_of echo frequency_penalty logprobs max_tokens n presence_penalty seed stop "
        "stream stream_options suffix temperature top_p user"
    )
    made = await ask(http, **dict.fromkeys(names.split()), logit_bias={}, unknown=1)
    assert len(made["choices"]) == 1


async def test_the_middle_is_filled_by_models_that_can(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Prompt and suffix go out apart."""
    ollama.queue(Reply(content="    pass\n"))
    model = "qwen2.5-coder:1.5b"
    made = await ask(http, model=model, prompt="def f():\n", suffix="\nprint(f())", max_tokens=64)
    assert made["choices"][0]["text"] == "    pass\n"
    assert ollama.at(GENERATE)[0].body["suffix"] == "\nprint(f())"


async def test_builtin_answers_the_text_as_a_message(http: AsyncClient) -> None:
    """It has no knowledge to go on with."""
    made = await ask(http, model="builtin", prompt="hello", max_tokens=200)
    assert made["choices"][0]["text"]
    assert made["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (failing(404, "model 'llama3.2' not found"), (404, "model_not_found")),
        (failing(503, "server busy"), (503, "overloaded")),
        (failing(500, "it broke"), (502, "upstream_error")),
        (
            failing(400, "the input length exceeds the context length"),
            (400, "context_length_exceeded"),
        ),
        (Reply(content="a", fault=Fault(kind="cut")), (503, "upstream_unreachable")),
    ],
)
async def test_what_fails_before_the_first_word_is_a_status(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool, reply: Reply, wanted: Any
) -> None:
    """Streamed or not."""
    ollama.queue(reply)
    answer = await http.post(PATH, json={"model": MODEL, "prompt": "x", "stream": stream})
    assert code(answer) == wanted


async def test_what_breaks_in_the_middle_is_an_error_event(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """After what was said, without a reason of an end and without [DONE]."""
    ollama.queue(Reply(content="a b c", fault=Fault(kind="error", after=1, text=b"it broke")))
    *said, last = await frames_of(http)
    assert (texts(said), set(last)) == ("a", {"error"})
    assert last["error"]["code"] == "upstream_error"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_frees_the_model_server(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """All of its candidates, within a second."""
    ollama.script(lambda _: Reply(content="a b", fault=Fault(kind="hang", after=1)))
    body = {"model": MODEL, "prompt": ["x", "y"], "stream": stream}
    task = asyncio.create_task(http.post(PATH, json=body))
    await ollama.arrived(2, GENERATE)
    task.cancel()
    async with asyncio.timeout(1):
        for received in ollama.at(GENERATE):
            await received.cancelled.wait()


async def test_a_quiet_stream_is_kept_open(http: AsyncClient, ollama: OllamaDouble) -> None:
    """By comments, which no client shows."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="late", hold=hold))
    body = {"model": MODEL, "prompt": "x", "stream": True}
    async with http.stream("POST", PATH, json=body) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if line == ": keep-alive":
                hold.set()
                break
        rest = [line async for line in lines]
    assert rest[-2:] == ["data: [DONE]", ""]
    assert any('"late"' in line for line in rest)


async def test_no_run_is_left_behind(server: LiveServer, http: AsyncClient) -> None:
    """Nothing of a completion stays, in memory either."""
    await ask(http, model="builtin")
    assert server.app.state.services.completions.active == set()
