"""Anthropic's way of asking, answered from the same turns."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from httpx import AsyncClient

from tests.fakes.completions import MODEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, OllamaDouble, Reply, failing

MESSAGES = "/v1/messages"
HELLO: Any = {
    "model": MODEL,
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "Hello, how are you?"}],
}
WEATHER: Any = {
    "name": "get_weather",
    "description": "Tell the weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def events_of(text: str) -> list[tuple[str, Any]]:
    """Read a stream as pairs of name and data, comments left out."""
    found: list[tuple[str, Any]] = []
    for block in filter(None, text.split("\n\n")):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))))
    return found


async def test_an_answer_has_the_shape_of_a_message(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """System text, limits and stop words reach the model; usage comes back."""
    ollama.queue(Reply(content="I am well.", prompt_tokens=7, output_tokens=3))
    asked = {**HELLO, "system": [{"type": "text", "text": "Be brief."}], "stop_sequences": ["END"]}
    answer = (await http.post(MESSAGES, json=asked)).json()
    run_id = answer.pop("x_agent")["run_id"]
    assert answer == {
        "id": "msg_" + run_id.removeprefix("run_"),
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": "I am well."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 7,
            "output_tokens": 3,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }
    sent = ollama.chats[-1].body
    assert sent["messages"][0] == {"role": "system", "content": "Be brief."}
    assert sent["options"]["num_predict"] == 50


async def test_a_tool_is_called_and_its_result_taken(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """A tool_use block goes out, a tool_result block comes back in the user's next message."""
    ollama.queue(Reply(calls=[Call(name="get_weather", arguments={"city": "Oslo"})]))
    first = (await http.post(MESSAGES, json={**HELLO, "tools": [WEATHER]})).json()
    assert first["stop_reason"] == "tool_use"
    [use] = first["content"]
    assert (use["type"], use["name"], use["input"]) == ("tool_use", "get_weather", {"city": "Oslo"})

    ollama.queue(Reply(content="Rain in Oslo."))
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": [{"type": "text", "text": "rain"}]}  # fmt: skip
    more = [
        *HELLO["messages"],
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [result]},
    ]
    last = (await http.post(MESSAGES, json={**HELLO, "messages": more, "tools": [WEATHER]})).json()
    assert last["content"] == [{"type": "text", "text": "Rain in Oslo."}]
    assert [one["role"] for one in ollama.chats[-1].body["messages"]] == [
        "user",
        "assistant",
        "tool",
    ]


async def test_a_stream_opens_and_closes_its_blocks(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Text and a call are blocks of their own, counted through; reason and usage come before the end."""
    ollama.queue(Reply(content="Let me look.", calls=[Call(name="get_weather", arguments={"city": "Oslo"})]))  # fmt: skip
    answer = await http.post(MESSAGES, json={**HELLO, "tools": [WEATHER], "stream": True})
    events = [(name, data) for name, data in events_of(answer.text) if name != "ping"]
    names = [name for name, _ in events]
    assert (names[0], names[-2:]) == ("message_start", ["message_delta", "message_stop"])
    assert all(data["type"] == name for name, data in events)
    starts = [data for name, data in events if name == "content_block_start"]
    assert [(one["index"], one["content_block"]["type"]) for one in starts][-2:] == [
        (len(starts) - 2, "text"),
        (len(starts) - 1, "tool_use"),
    ]
    assert names.count("content_block_stop") == len(starts)
    text = "".join(data["delta"].get("text", "") for _, data in events if "delta" in data)
    [given] = [data["delta"]["partial_json"] for _, data in events if "partial_json" in data.get("delta", {})]  # fmt: skip
    assert (text, given) == ("Let me look.", '{"city":"Oslo"}')
    assert events[-2][1]["delta"]["stop_reason"] == "tool_use"


async def test_an_answer_keeps_to_the_schema_that_was_asked_for(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """As `output_config.format`, or as the older `output_format`; effort is handed on."""
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    form = {"type": "json_schema", "schema": schema}
    thinker = {**HELLO, "model": "qwen3:8b"}
    for fields in ({"output_config": {"format": form, "effort": "low"}}, {"output_format": form}):
        ollama.queue(Reply(content='{"age": 36}'))
        answer = (await http.post(MESSAGES, json={**thinker, **fields})).json()
        assert orjson.loads(answer["content"][-1]["text"]) == {"age": 36}
        assert ollama.chats[-1].body["format"]["required"] == ["age"]
    assert ollama.chats[-2].body["think"] == "low"


async def test_tokens_of_a_conversation_are_counted_without_an_answer(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """More words and tools count more; the model is not asked."""
    short = {"model": MODEL, "messages": HELLO["messages"]}
    counts: list[int] = []
    for more in ({}, {"tools": [WEATHER]}, {"tools": [WEATHER], "system": "Be brief. " * 40}):
        answer = await http.post(f"{MESSAGES}/count_tokens", json={**short, **more})
        assert answer.json().keys() == {"input_tokens"}
        counts.append(answer.json()["input_tokens"])
    assert 0 < counts[0] < counts[1] < counts[2]
    assert ollama.chats == []


async def test_a_thread_is_refused_so_that_their_clients_go_on_without_it(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Their tool runner sends threads by itself, and drops them at this very error."""
    answer = await http.post(MESSAGES, json={**HELLO, "thread": {"type": "create"}})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "thread")
    assert error["details"]["error_code"] == "thread_unsupported_request"
    assert ollama.chats == []


@pytest.mark.parametrize(
    ("fields", "status", "kind"),
    [
        ({"max_tokens": 0}, 400, "invalid_request_error"),
        ({"messages": []}, 400, "invalid_request_error"),
        ({"stop_sequences": list("abcde")}, 400, "invalid_request_error"),
        ({"model": "nobody/has:it"}, 404, "not_found_error"),
        ({"output_config": {"effort": "huge"}}, 400, "invalid_request_error"),
        ({"output_format": {"type": "json_schema"}}, 400, "invalid_request_error"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, 400, "invalid_request_error"),
        (
            {"messages": [{"role": "user", "content": [{"type": "x"}]}]},
            400,
            "invalid_request_error",
        ),
    ],
    ids=str,
)
async def test_a_refusal_has_the_shape_of_its_world(
    http: AsyncClient, ollama: OllamaDouble, fields: Any, status: int, kind: str
) -> None:
    """`type: error` outside, Anthropic's word for the kind inside, and the request's id."""
    answer = await http.post(MESSAGES, json={**HELLO, **fields})
    body = answer.json()
    assert (answer.status_code, body["type"], body["error"]["type"]) == (status, "error", kind)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert ollama.chats == []


async def test_a_failure_before_the_first_word_of_a_stream_is_a_status(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """As with chat completions, in this shape."""
    ollama.queue(failing(500, "model runner has unexpectedly stopped"))
    answer = await http.post(MESSAGES, json={**HELLO, "stream": True})
    assert (answer.status_code, answer.json()["error"]["type"]) == (502, "api_error")


async def test_an_api_key_may_come_in_the_header_of_their_clients(
    server: LiveServer, anyone: AsyncClient, ollama: OllamaDouble
) -> None:
    """x-api-key is what Anthropic's SDKs send; a wrong one is refused like any other."""
    ollama.queue(Reply(content="Hi."))
    answer = await anyone.post(MESSAGES, json=HELLO, headers={"x-api-key": server.token})
    assert answer.status_code == 200
    wrong = await anyone.post(MESSAGES, json=HELLO, headers={"x-api-key": "sk-wrong"})
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (401, "authentication_error")
