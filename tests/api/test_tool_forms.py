"""Tools in the forms that OpenAI has besides functions: custom tools, and `functions` of old."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import CHAT, HI, MODEL, choices, frames_of
from tests.fakes.ollama_double import Call, OllamaDouble, Reply

NOTE: Any = {"type": "custom", "custom": {"name": "note", "description": "Keep a note"}}
WEATHER: Any = {"name": "weather", "parameters": {"type": "object", "properties": {}}}
CUSTOM_CALL = {"type": "custom", "custom": {"name": "note", "input": 'say "hi"\n'}}


async def test_a_custom_tool_is_called_with_free_text(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The model sees a function with one argument, the client its own kind of call."""
    ollama.queue(Reply(calls=[Call(name="note", arguments={"input": 'say "hi"\n'})]))
    answer = await client.chat.completions.create(model=MODEL, messages=HI, tools=[NOTE])
    [call] = answer.choices[0].message.tool_calls or []
    shown = call.model_dump()
    call_id = shown.pop("id")
    assert shown == CUSTOM_CALL
    [offered] = ollama.chats[-1].body["tools"]
    assert list(offered["function"]["parameters"]["properties"]) == ["input"]

    ollama.queue(Reply(content="Kept."))
    more: list[Any] = [
        *HI,
        {"role": "assistant", "tool_calls": [{"id": call_id, **CUSTOM_CALL}]},
        {"role": "tool", "tool_call_id": call_id, "content": "ok"},
    ]
    last = await client.chat.completions.create(model=MODEL, messages=more, tools=[NOTE])
    assert last.choices[0].message.content == "Kept."
    sent = ollama.chats[-1].body["messages"]
    [again] = next(one["tool_calls"] for one in sent if "tool_calls" in one)
    assert again["function"] == {"name": "note", "arguments": {"input": 'say "hi"\n'}}


async def test_a_streamed_call_of_a_custom_tool_has_its_form(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Index, id, type and the input."""
    ollama.queue(Reply(calls=[Call(name="note", arguments={"input": 'say "hi"\n'})]))
    frames = await frames_of(http, tools=[NOTE])
    [call] = [
        one["delta"]["tool_calls"][0]
        for frame in frames[:-1]
        for one in choices(frame)
        if "tool_calls" in one["delta"]
    ]
    assert call == {"index": 0, "id": call["id"], **CUSTOM_CALL}


@pytest.mark.parametrize("choice", [{"type": "custom", "custom": {"name": "note"}}, "required"])
async def test_a_custom_tool_can_be_demanded(
    client: AsyncOpenAI, ollama: OllamaDouble, choice: Any
) -> None:
    """By its own form of choice too."""
    ollama.queue(Reply(calls=[Call(name="note", arguments={"input": "x"})]))
    ollama.queue(Reply(content='{"tool": "note", "arguments": {"input": "x"}}'))
    answer = await client.chat.completions.create(
        model=MODEL, messages=HI, tools=[NOTE], tool_choice=choice
    )
    assert answer.choices[0].finish_reason == "tool_calls"


async def test_functions_of_old_are_called_and_answered_in_their_own_form(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """`function_call` goes out and comes back, and a message of role function answers it."""
    ollama.queue(Reply(calls=[Call(name="weather", arguments={"city": "Oslo"})]))
    body = {"model": MODEL, "messages": HI, "functions": [WEATHER], "function_call": "auto"}
    [choice] = choices((await http.post(CHAT, json=body)).json())
    assert choice["finish_reason"] == "function_call"
    assert "tool_calls" not in choice["message"]
    call = choice["message"]["function_call"]
    assert call == {"name": "weather", "arguments": '{"city":"Oslo"}'}

    ollama.queue(Reply(content="Rain."))
    result = {"role": "function", "name": "weather", "content": "rain"}
    said = {"role": "assistant", "content": None, "function_call": call}
    answer = await http.post(CHAT, json={**body, "messages": [*HI, said, result]})
    assert choices(answer.json())[0]["message"]["content"] == "Rain."
    sent = ollama.chats[-1].body["messages"]
    assert [one["role"] for one in sent] == ["user", "assistant", "tool"]
    assert (sent[2]["tool_name"], sent[2]["content"]) == ("weather", "rain")


async def test_a_streamed_function_call_of_old_has_its_form(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """One delta with name and arguments, and the finish reason of its time."""
    ollama.queue(Reply(calls=[Call(name="weather", arguments={"city": "Oslo"})]))
    frames = await frames_of(http, functions=[WEATHER])
    deltas = [one for frame in frames[:-1] for one in choices(frame)]
    assert [one["delta"]["function_call"]["name"] for one in deltas if "function_call" in one["delta"]] == ["weather"]  # fmt: skip
    assert deltas[-1]["finish_reason"] == "function_call"
