"""Tools of the caller through openai-python: single, parallel, chosen, streamed, and their results."""

from __future__ import annotations

from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI, pydantic_function_tool
from pydantic import BaseModel

from tests.fakes.capable_model import capable
from tests.fakes.completions import HI, MODEL, weather_tool
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.sdk_chat import Chat

OSLO = Call(name="get_weather", arguments={"city": "Oslo"})
ROME = Call(name="get_weather", arguments={"city": "Rome"})
TIME = Call(name="get_time")
TOOLS = [weather_tool(), weather_tool("get_time")]
OSLO_TEXT = '{"city":"Oslo"}'


class GetWeather(BaseModel):
    """Tell the weather of a city."""

    city: str
    days: int


def test_a_call_is_handed_to_the_caller(chat: Chat, ollama: OllamaDouble) -> None:
    """With an id, a name, and arguments as one JSON text."""
    ollama.queue(Reply(calls=[OSLO]))
    said = chat(tools=TOOLS)
    assert (said.calls, said.finish, said.content) == (
        [("get_weather", OSLO_TEXT)],
        "tool_calls",
        "",
    )
    assert said.call_ids[0].startswith("call_")


def test_a_call_without_arguments_has_an_empty_object(chat: Chat, ollama: OllamaDouble) -> None:
    """Never an empty text, which is no JSON."""
    ollama.queue(Reply(calls=[TIME]))
    assert chat(tools=TOOLS).calls == [("get_time", "{}")]


@pytest.mark.parametrize(
    "form",
    [{}, {"calls_in_done_line": True}, {"call_ids": False}, {"call_index": False}],
    ids=["a line each", "in the last line", "without ids", "without index"],
)
def test_parallel_calls_stay_apart(chat: Chat, ollama: OllamaDouble, form: dict[str, bool]) -> None:
    """However the upstream writes them, each has an id of its own."""
    ollama.queue(Reply(calls=[OSLO, ROME, TIME], **form))
    said = chat(tools=TOOLS)
    assert [name for name, _ in said.calls] == ["get_weather", "get_weather", "get_time"]
    assert [given for _, given in said.calls] == [OSLO_TEXT, '{"city":"Rome"}', "{}"]
    assert len(set(said.call_ids)) == 3


def test_text_may_stand_before_a_call(chat: Chat, ollama: OllamaDouble) -> None:
    """Both reach the caller."""
    ollama.queue(Reply(content="Let me see.", calls=[OSLO]))
    said = chat(tools=TOOLS)
    assert (said.content, said.finish, len(said.calls)) == ("Let me see.", "tool_calls", 1)


def test_one_call_at_most_when_asked_so(chat: Chat, ollama: OllamaDouble) -> None:
    """Ollama has no such switch."""
    ollama.queue(Reply(calls=[OSLO, ROME]))
    assert chat(tools=TOOLS, parallel_tool_calls=False).calls == [("get_weather", OSLO_TEXT)]


def test_an_invented_tool_never_arrives(chat: Chat, ollama: OllamaDouble) -> None:
    """The caller could not carry it out."""
    ollama.queue(Reply(calls=[Call(name="launch_rocket")]), Reply(content="Sorry."))
    said = chat(tools=TOOLS)
    assert (said.calls, said.finish) == ([], "stop")


def test_a_model_may_answer_without_its_tools(chat: Chat, ollama: OllamaDouble) -> None:
    """tool_choice auto, named or not."""
    ollama.queue(Reply(content="No need."))
    said = chat(tools=TOOLS, tool_choice="auto")
    assert (said.content, said.calls, said.finish) == ("No need.", [], "stop")


def test_no_tool_is_called_when_none_may_be(chat: Chat, ollama: OllamaDouble) -> None:
    """Not even one that the model would like to call."""
    ollama.script(capable)
    said = chat(tools=TOOLS, tool_choice="none", messages=ask("Use the tool get_weather"))
    assert (said.calls, said.finish) == ([], "stop")


def ask(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    ("choice", "named"),
    [
        ("required", {"get_weather", "get_time"}),
        ({"type": "function", "function": {"name": "get_time"}}, {"get_time"}),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [weather_tool("get_time")]},
            },
            {"get_time"},
        ),
    ],
    ids=["required", "named", "allowed"],
)
def test_a_demanded_call_is_made(
    chat: Chat, ollama: OllamaDouble, choice: Any, named: set[str]
) -> None:
    """Though Ollama has no tool_choice, and nobody spoke of tools."""
    ollama.script(capable)
    said = chat(tools=TOOLS, tool_choice=choice, messages=ask("Hello!"))
    assert len(said.calls) == 1
    assert {name for name, _ in said.calls} <= named


@pytest.mark.parametrize("way", ["plain", "streamed"])
def test_a_turn_goes_on_with_the_result(client: OpenAI, ollama: OllamaDouble, way: str) -> None:
    """The model sees its own call and what came of it; arguments are an object again."""
    chat = Chat(client, way)
    ollama.queue(Reply(calls=[OSLO, ROME]), Reply(content="Mild in both."))
    first = chat(tools=TOOLS)
    calls = [
        {"id": key, "type": "function", "function": {"name": name, "arguments": given}}
        for key, (name, given) in zip(first.call_ids, first.calls, strict=True)
    ]
    results = [{"role": "tool", "tool_call_id": key, "content": "mild"} for key in first.call_ids]
    history: list[Any] = [
        *HI,
        {"role": "assistant", "content": None, "tool_calls": calls},
        *results,
    ]
    assert chat(tools=TOOLS, messages=history).content == "Mild in both."
    sent = ollama.chats[-1].body["messages"]
    [asked] = [one for one in sent if one.get("tool_calls")]
    assert [one["function"]["arguments"] for one in asked["tool_calls"]] == [
        {"city": "Oslo"},
        {"city": "Rome"},
    ]
    assert [one["content"] for one in sent if one["role"] == "tool"] == ["mild", "mild"]


def test_several_rounds_of_tools_come_to_an_end(client: OpenAI, ollama: OllamaDouble) -> None:
    """As an agent's loop around this server would do it."""
    ollama.queue(Reply(calls=[OSLO]), Reply(calls=[ROME]), Reply(content="Done."))
    messages: list[Any] = list(HI)
    for _ in range(5):
        answer = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
        message = answer.choices[0].message
        messages.append(message)
        if not message.tool_calls:
            break
        messages += [
            {"role": "tool", "tool_call_id": call.id, "content": [{"type": "text", "text": "mild"}]}
            for call in message.tool_calls
        ]
    assert (message.content, len(messages)) == ("Done.", 6)


def test_a_parsed_call_carries_its_model(client: OpenAI, ollama: OllamaDouble) -> None:
    """`.parse` with a pydantic tool, which is strict."""
    ollama.queue(Reply(calls=[Call(name="GetWeather", arguments={"city": "Oslo", "days": 2})]))
    answer = client.chat.completions.parse(
        model=MODEL, messages=HI, tools=[pydantic_function_tool(GetWeather)]
    )
    [call] = answer.choices[0].message.tool_calls or []
    assert call.function.parsed_arguments == GetWeather(city="Oslo", days=2)


def test_the_stream_helper_reports_the_arguments(client: OpenAI, ollama: OllamaDouble) -> None:
    """When they are done, with what they are parsed to."""
    ollama.queue(Reply(calls=[Call(name="GetWeather", arguments={"city": "Oslo", "days": 2})]))
    with client.chat.completions.stream(
        model=MODEL, messages=HI, tools=[pydantic_function_tool(GetWeather)]
    ) as stream:
        events = list(stream)
    [done] = [one for one in events if one.type == "tool_calls.function.arguments.done"]
    assert (done.name, done.index) == ("GetWeather", 0)
    assert done.parsed_arguments == GetWeather(city="Oslo", days=2)


async def test_the_asynchronous_client_gets_calls_too(
    aclient: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Through the stream helper."""
    ollama.queue(Reply(calls=[OSLO]))
    async with aclient.chat.completions.stream(
        model=MODEL, messages=HI, tools=[weather_tool()]
    ) as stream:
        final = await stream.get_final_completion()
    [call] = final.choices[0].message.tool_calls or []
    assert (call.function.name, call.function.arguments) == ("get_weather", OSLO_TEXT)


def test_a_model_without_tools_calls_them_nevertheless(chat: Chat, ollama: OllamaDouble) -> None:
    """It is asked in words, and keeps to the form it is given."""
    ollama.script(capable)
    said = chat(model="gemma:2b", tools=[weather_tool()], tool_choice="required")
    assert [name for name, _ in said.calls] == ["get_weather"]
