"""Chat completions as a stock OpenAI client sees them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import CHAT, HI, MODEL, frames_of, joined
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import OllamaDouble, Reply


async def test_a_plain_answer_passes_the_strict_validation_of_the_sdk(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The whole object is OpenAI's, and what Steward adds stands under names of its own."""
    ollama.queue(Reply(content="I am well.", prompt_tokens=7, output_tokens=3))
    answer = await client.chat.completions.create(model=MODEL, messages=HI)
    shown = answer.model_dump(exclude_unset=True)
    agent = shown.pop("x_agent")
    assert (agent["route"], agent["state"], agent["citations"]) == ("chat", "completed", [])
    message = {"role": "assistant", "content": "I am well.", "refusal": None}
    assert shown == {
        "id": "chatcmpl-" + agent["run_id"].removeprefix("run_"),
        "object": "chat.completion",
        "created": answer.created,
        "model": MODEL,
        "system_fingerprint": "fp_steward",
        "service_tier": "default",
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}],
        "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 3,
            "total_tokens": 10,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
    }
    assert str(answer._request_id).startswith("req_")


async def test_a_stream_has_the_shape_that_clients_rely_on(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """One id and time, the role once and first, a finish reason key everywhere, [DONE] last."""
    ollama.queue(Reply(content="I am well."))
    frames = await frames_of(http)
    *chunks, done = frames
    assert done == "[DONE]"
    assert len({(one["id"], one["created"], one["model"], one["object"]) for one in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [one for one in chunks[1:] if "role" in one["choices"][0]["delta"]] == []
    assert [one["choices"][0]["finish_reason"] for one in chunks] == [
        *[None] * (len(chunks) - 1),
        "stop",
    ]
    assert chunks[-1]["choices"][0]["delta"] == {}
    assert joined(frames) == "I am well."
    assert [one for one in chunks if "usage" in one] == []


async def test_usage_comes_only_when_asked_for_and_in_a_last_chunk_without_choices(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Every other chunk says null."""
    ollama.queue(Reply(content="I am well.", prompt_tokens=7, output_tokens=3))
    *chunks, last, done = await frames_of(http, stream_options={"include_usage": True})
    assert done == "[DONE]"
    assert {one["usage"] for one in chunks} == {None}
    assert all(one["choices"] for one in chunks)
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 10)


async def test_a_stock_client_streams_with_the_helper_of_the_sdk(
    streaming: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The accumulated message is the answer."""
    ollama.queue(Reply(content="One two three."))
    async with streaming.chat.completions.stream(model=MODEL, messages=HI) as stream:
        final = await stream.get_final_completion()
    assert (final.choices[0].message.content, final.choices[0].finish_reason) == (
        "One two three.",
        "stop",
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_a_length_limit_is_told(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """finish_reason length, whichever of the two names the limit came under."""
    ollama.queue(Reply(content="Half a", done_reason="length"))
    body = {"model": MODEL, "messages": HI, "max_completion_tokens": 5, "max_tokens": 9}
    if stream:
        frames = await frames_of(http, **body)
        assert frames[-2]["choices"][0]["finish_reason"] == "length"
    else:
        answer = (await http.post(CHAT, json=body)).json()
        assert answer["choices"][0]["finish_reason"] == "length"
    assert ollama.chats[-1].body["options"]["num_predict"] == 5


@pytest.mark.parametrize(
    ("name", "fields", "route"),
    [
        ("llama3.2@chat", {}, "chat"),
        ("llama3.2@react", {}, "react"),
        ("llama3.2:latest@react", {}, "react"),
        ("llama3.2", {"agent_type": "react"}, "react"),
        ("llama3.2@react", {"agent_type": "chat"}, "chat"),
    ],
)
async def test_a_mode_is_asked_for_by_suffix_or_field(
    http: AsyncClient, ollama: OllamaDouble, name: str, fields: dict[str, str], route: str
) -> None:
    """The upstream sees the bare name, the caller its own."""
    ollama.queue(Reply(content="Done."))
    answer = (await http.post(CHAT, json={"model": name, "messages": HI, **fields})).json()
    assert (answer["model"], answer["x_agent"]["route"]) == (name, route)
    assert ollama.chats[-1].body["model"] == name.partition("@")[0]


async def test_an_unknown_suffix_is_part_of_the_name(http: AsyncClient) -> None:
    """Only the three exact suffixes are read."""
    answer = await http.post(CHAT, json={"model": "llama3.2@fast", "messages": HI})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


async def test_reasoning_of_a_thinking_model_is_kept_apart(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """In a plain chat too."""
    ollama.queue(Reply(thinking="Hm, hm.", content="Yes."))
    frames = await frames_of(http, model="qwen3:8b@chat", reasoning_effort="high")
    assert (joined(frames, "reasoning_content"), joined(frames)) == ("Hm, hm.", "Yes.")
    assert ollama.chats[-1].body["think"] == "high"


async def test_thoughts_have_their_share_of_the_tokens(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Ollama counts all tokens together, so theirs are told by length."""
    ollama.queue(Reply(thinking="Hm, hm, hmm.", content="Yes.", output_tokens=8))
    body = {"model": "qwen3:8b@chat", "messages": HI}
    usage = (await http.post(CHAT, json=body)).json()["usage"]
    assert usage["completion_tokens"] == 8
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 6


async def test_an_answer_of_a_given_form_is_asked_for_under_its_schema(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """response_format json_schema becomes Ollama's format."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    form: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    ollama.queue(Reply(content='{"n": 1}'))
    answer = await client.chat.completions.create(model=MODEL, messages=HI, response_format=form)
    assert answer.choices[0].message.content == '{"n": 1}'
    assert ollama.chats[-1].body["format"] == schema


async def test_an_answer_that_is_not_json_is_not_passed_off_as_json(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """An explicit failure instead of broken JSON with a good end; cut short, it says length."""
    body = {"model": MODEL, "messages": HI, "response_format": {"type": "json_object"}}
    ollama.queue(*[Reply(content="Sure! Here it is")] * 4)
    for stream in (False, True):
        answer = await http.post(CHAT, json={**body, "stream": stream})
        code = answer.json()["error"]["code"]
        assert (answer.status_code, code) == (502, "invalid_structured_output")
        assert answer.headers["x-should-retry"] == "false"
    ollama.queue(Reply(content='{"a": ', done_reason="length"))
    cut = (await http.post(CHAT, json=body)).json()["choices"][0]
    assert (cut["finish_reason"], cut["message"]["content"]) == ("length", '{"a": ')


async def test_null_and_unknown_fields_do_no_harm(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Clients send None for what they do not set, and fields of other servers."""
    names = [
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "seed",
        "n",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "modalities",
        "audio",
        "functions",
        "function_call",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "store",
        "metadata",
        "user",
        "stream",
        "stream_options",
        "service_tier",
        "agent_type",
        "session_id",
        "on_disconnect",
        "top_k",
        "min_p",
        "keep_alive",
        "prediction",
        "verbosity",
        "web_search_options",
        "prompt_cache_key",
        "safety_identifier",
    ]
    echoed = {
        "role": "assistant",
        "content": "x",
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
        "reasoning_content": "y",
    }
    body = {"model": MODEL, "messages": [*HI, echoed, *HI], **dict.fromkeys(names)}
    body |= {"chat_template_kwargs": {"a": 1}, "top_k": 5, "logit_bias": {}}
    answer = await http.post(CHAT, json=body)
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["options"]["top_k"] == 5


async def test_the_models_are_listed_and_described(client: AsyncOpenAI) -> None:
    """Base names only; ids may hold colons, and a missing one is a 404 naming the field."""
    listed = [model.id async for model in await client.models.list()]
    assert {"builtin", "llama3.2:latest", "qwen3:8b"} <= set(listed)
    assert [name for name in listed if "@" in name] == []
    found = await client.models.retrieve("qwen3:8b")
    assert (found.id, found.object, found.owned_by) == ("qwen3:8b", "model", "library")


async def test_many_answers_at_once_do_not_mix(
    http: AsyncClient, ollama: OllamaDouble, server: LiveServer
) -> None:
    """Each stream carries its own words."""
    asked = [[{"role": "user", "content": f"Hello number {n}"}] for n in range(20)]
    found = await asyncio.gather(
        *(frames_of(http, model=f"{MODEL}@chat", messages=messages) for messages in asked)
    )
    assert [joined(frames) for frames in found] == [f"echo: Hello number {n}" for n in range(20)]
