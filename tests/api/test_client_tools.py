"""Tools that the caller carries out: calls handed back, choices honoured, turns resumed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import CHAT, HI, MODEL, frames_of, joined, weather_tool
from tests.fakes.ollama_double import Call, OllamaDouble, Reply


async def test_the_calls_of_client_tools_are_handed_back(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Content is null, arguments are a JSON string, and no tool of the server is offered."""
    calls = [Call(name="get_weather", arguments={"city": "Oslo"}), Call(name="get_weather")]
    ollama.queue(Reply(calls=calls))
    answer = await client.chat.completions.create(model=MODEL, messages=HI, tools=[weather_tool()])
    choice = answer.choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    functions = [
        call.function for call in choice.message.tool_calls or () if call.type == "function"
    ]
    assert [(one.name, one.arguments) for one in functions] == [
        ("get_weather", '{"city":"Oslo"}'),
        ("get_weather", "{}"),
    ]
    sent = ollama.chats[-1].body["tools"]
    assert [tool["function"]["name"] for tool in sent] == ["get_weather"]


async def test_streamed_calls_are_counted_across_the_stream(
    streaming: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Parallel calls, which Ollama sends in lines of their own, stay apart."""
    calls = [Call(name="get_weather", arguments={"city": name}) for name in ("Oslo", "Rome")]
    ollama.queue(Reply(calls=calls))
    async with streaming.chat.completions.stream(
        model=MODEL, messages=HI, tools=[weather_tool()]
    ) as stream:
        final = await stream.get_final_completion()
    made = final.choices[0].message.tool_calls or []
    assert [call.function.arguments for call in made] == ['{"city":"Oslo"}', '{"city":"Rome"}']
    assert len({call.id for call in made}) == 2
    assert final.choices[0].finish_reason == "tool_calls"


async def test_a_call_delta_is_whole_and_content_free(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Index, id, type, name and arguments, then the finish reason in a chunk of its own."""
    ollama.queue(Reply(calls=[Call(name="get_weather")]))
    frames = await frames_of(http, tools=[weather_tool()])
    deltas = [one["choices"][0]["delta"] for one in frames[:-1]]
    [call] = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert call == {
        "index": 0,
        "id": call["id"],
        "type": "function",
        "function": {"name": "get_weather", "arguments": "{}"},
    }
    assert call["id"].startswith("call_")


async def test_without_parallel_calls_only_the_first_is_kept(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Ollama has no such switch."""
    ollama.queue(Reply(calls=[Call(name="get_weather"), Call(name="get_weather")]))
    answer = await client.chat.completions.create(
        model=MODEL, messages=HI, tools=[weather_tool()], parallel_tool_calls=False
    )
    assert len(answer.choices[0].message.tool_calls or ()) == 1


async def test_a_tool_that_the_caller_did_not_name_never_reaches_it(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """A hallucinated name is not passed on, and the answer does not claim a call."""
    ollama.queue(Reply(content="Let me see.", calls=[Call(name="rm_rf")]))
    body = {"model": MODEL, "messages": HI, "tools": [weather_tool()]}
    choice = (await http.post(CHAT, json=body)).json()["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", "Let me see.")
    assert "tool_calls" not in choice["message"]


async def test_tool_choice_none_sends_no_tools(http: AsyncClient, ollama: OllamaDouble) -> None:
    """And a named choice sends that tool alone."""
    ollama.queue(Reply(content="No."))
    tools = [weather_tool(), weather_tool("other")]
    body = {"model": MODEL, "messages": HI, "tools": tools, "tool_choice": "none"}
    assert (await http.post(CHAT, json=body)).status_code == 200
    assert "tools" not in ollama.chats[-1].body


@pytest.mark.parametrize(
    "choice",
    [
        "required",
        {"type": "function", "function": {"name": "other"}},
    ],
)
async def test_a_demanded_call_is_made(
    http: AsyncClient, ollama: OllamaDouble, choice: Any
) -> None:
    """Ollama knows no tool_choice, so the call is asked for under a schema."""
    decision = {"thought": "", "tool": "other", "input": {"city": "Oslo"}}
    ollama.queue(Reply(content=orjson.dumps(decision).decode()))
    tools = [weather_tool(), weather_tool("other")]
    body = {"model": MODEL, "messages": HI, "tools": tools, "tool_choice": choice}
    answer = (await http.post(CHAT, json=body)).json()["choices"][0]
    function = answer["message"]["tool_calls"][0]["function"]
    assert (answer["finish_reason"], function) == (
        "tool_calls",
        {"name": "other", "arguments": '{"city":"Oslo"}'},
    )


async def test_allowed_tools_leaves_the_others_out(http: AsyncClient, ollama: OllamaDouble) -> None:
    """OpenAI's fourth form of tool_choice."""
    ollama.queue(Reply(content="No need."))
    named = {"type": "function", "function": {"name": "other"}}
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [named]}}
    tools = [weather_tool(), weather_tool("other")]
    body = {"model": MODEL, "messages": HI, "tools": tools, "tool_choice": choice}
    assert (await http.post(CHAT, json=body)).status_code == 200
    assert [one["function"]["name"] for one in ollama.chats[-1].body["tools"]] == ["other"]


async def test_a_result_of_a_client_tool_is_answered(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The conversation as a stock client sends it back reaches the model whole."""
    ollama.queue(Reply(calls=[Call(name="get_weather", arguments={"city": "Oslo"})]))
    body = {"model": MODEL, "messages": HI, "tools": [weather_tool()]}
    message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "rain"}
    ollama.queue(Reply(content="It rains."))
    body["messages"] = [*HI, message, result]
    answer = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
    sent = ollama.chats[-1].body["messages"]
    assert answer["content"] == "It rains."
    assert [(one["role"], one.get("tool_name")) for one in sent] == [
        ("user", None),
        ("assistant", None),
        ("tool", "get_weather"),
    ]


async def test_client_tools_in_react_mode_end_the_turn_and_it_is_resumed(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """What the server's own tool had found before is there again when the result comes."""
    ollama.queue(
        Reply(calls=[Call(name="math_calc", arguments={"expression": "6*7"})]),
        Reply(calls=[Call(name="get_weather", arguments={"city": "Oslo"})]),
    )
    asked = [{"role": "user", "content": "Six times seven, and the weather?"}]
    body = {"model": f"{MODEL}@react", "messages": asked, "tools": [weather_tool()]}
    first = (await http.post(CHAT, json=body)).json()["choices"][0]
    assert first["finish_reason"] == "tool_calls"
    [call] = first["message"]["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city":"Oslo"}'}
    ollama.queue(Reply(content="42, and it rains."))
    result = {"role": "tool", "tool_call_id": call["id"], "content": "rain"}
    body["messages"] = [*asked, first["message"], result]
    second = (await http.post(CHAT, json=body)).json()["choices"][0]
    assert second["message"]["content"] == "42, and it rains."
    sent = ollama.chats[-1].body["messages"]
    named = [one["tool_name"] for one in sent if one["role"] == "tool"]
    assert named == ["math_calc", "get_weather"]
    assert "42" in next(one["content"] for one in sent if one["role"] == "tool")


async def test_a_client_tool_takes_the_place_of_the_servers_tool_of_that_name(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """It is offered once, and the caller carries it out."""
    ollama.queue(Reply(calls=[Call(name="math_calc")]))
    body = {"model": f"{MODEL}@react", "messages": HI, "tools": [weather_tool("math_calc")]}
    choice = (await http.post(CHAT, json=body)).json()["choices"][0]
    offered = [one["function"]["name"] for one in ollama.chats[-1].body["tools"]]
    assert offered.count("math_calc") == 1
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "math_calc"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"type": 5},
        {"properties": {"a": 5, "b": {"$ref": "#/x"}}},
        {"$ref": "#"},
        {"type": "object", "required": 5},
    ],
)
@pytest.mark.parametrize("model", ["builtin", "llama3.2", "gemma:2b", "gemma:2b@react"])
async def test_an_odd_schema_of_a_client_tool_is_no_failure(
    http: AsyncClient, ollama: OllamaDouble, parameters: dict[str, Any], model: str
) -> None:
    """Whatever JSON Schema allows, and some that it does not."""
    tool = {"type": "function", "function": {"name": "x", "parameters": parameters}}
    for choice in ("auto", "required"):
        decision = '{"thought": "", "tool": "x", "input": {}}'
        ollama.queue(Reply(content=decision), Reply(content="Well."))
        body = {"model": model, "messages": HI, "tools": [tool], "tool_choice": choice}
        answer = await http.post(CHAT, json=body)
        assert answer.status_code in {200, 400}, answer.text


async def test_text_before_a_client_call_stays_content(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """As it does with OpenAI, streamed or not."""
    reply = Reply(content="Let me look.", calls=[Call(name="get_weather")])
    ollama.queue(reply, reply)
    body = {"model": MODEL, "messages": HI, "tools": [weather_tool()]}
    message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
    assert (message["content"], len(message["tool_calls"])) == ("Let me look.", 1)
    assert joined(await frames_of(http, **body)) == "Let me look."
