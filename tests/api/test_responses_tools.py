"""Built-in tools of `/v1/responses`: ours under OpenAI's names, shown as OpenAI's items."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import MODEL
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.responses import RESPONSES, ask, events, texts, types

SEARCH = Call(name="web_search", arguments={"query": "tides"})
SOURCES = "web_search_call.action.sources"


def _offered(ollama: OllamaDouble, at: int = 0) -> set[str]:
    return {tool["function"]["name"] for tool in ollama.chats[at].body.get("tools", ())}


async def test_a_web_search_is_shown_and_cited(client: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """The item before the message, an address for each marker, sources only when asked for."""
    ollama.queue(Reply(calls=[SEARCH]), Reply(content="High water at nine [1]."))
    made = await client.responses.create(
        model=MODEL, input="Hello, how are you?", tools=[{"type": "web_search"}]
    )
    search, message = made.output
    assert search.type == "web_search_call"
    assert search.action.type == "search"
    assert (search.action.query, search.action.sources) == ("tides", None)
    assert message.type == "message"
    part = message.content[0]
    assert part.type == "output_text"
    [cited] = part.annotations
    assert cited.type == "url_citation"
    assert part.text[cited.start_index : cited.end_index] == "[1]"
    again = await client.responses.retrieve(made.id, include=[SOURCES])
    assert again.output[0].type == "web_search_call"
    assert again.output[0].action.type == "search"
    assert again.output[0].action.sources


async def test_only_the_tools_that_were_named_are_at_hand(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Even for small talk, and none of the server's others."""
    ollama.queue(Reply(content="Fine."))
    await ask(http, tools=[{"type": "web_search"}])
    assert _offered(ollama) == {"web_search", "web_fetch"}


async def test_a_search_streams_its_stages(http: AsyncClient, ollama: OllamaDouble) -> None:
    """In progress, searching, completed; then the text with its annotation."""
    ollama.queue(Reply(calls=[SEARCH]), Reply(content="At nine [1]."))
    found = await events(http, tools=[{"type": "web_search_preview"}])
    told = types(found)
    assert told[2:7] == [
        "output_item.added",
        "web_search_call.in_progress",
        "web_search_call.searching",
        "web_search_call.completed",
        "output_item.done",
    ]
    assert told.index("output_text.annotation.added") < told.index("output_text.done")
    items = [one["item"] for one in found if one["type"] == "response.output_item.done"]
    assert items == found[-1]["response"]["output"]


async def test_a_remark_before_a_call_is_a_message_of_its_own_in_a_stream(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """It cannot be taken back; an answer that is given at once has it as reasoning."""
    replies = [Reply(content="Let me look.", calls=[SEARCH]), Reply(content="At nine.")]
    ollama.queue(*replies)
    found = await events(http, tools=[{"type": "web_search"}])
    whole = found[-1]["response"]
    kinds = [one["type"] for one in whole["output"]]
    assert kinds == ["message", "web_search_call", "message"]
    assert (await http.get(f"{RESPONSES}/{whole['id']}")).json() == whole
    ollama.queue(*replies)
    made = await ask(http, tools=[{"type": "web_search"}])
    assert [one["type"] for one in made["output"]] == ["reasoning", "web_search_call", "message"]
    assert texts(made) == "At nine."


async def test_a_tool_without_a_namesake_is_a_call_of_the_server_steward(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Without tools in the request all of ours may run, as in chat completions."""
    call = Call(name="math_calc", arguments={"expression": "6*7"})
    ollama.queue(Reply(calls=[call]), Reply(content="42."))
    made = await client.responses.create(model=f"{MODEL}@react", input="What is 6*7?")
    assert (made.model, made.output_text) == (f"{MODEL}@react", "42.")
    called = made.output[0]
    assert called.type == "mcp_call"
    assert (called.server_label, called.name) == ("steward", "math_calc")
    assert orjson.loads(called.arguments) == {"expression": "6*7"}
    assert "42" in (called.output or "")


async def test_a_demanded_tool_is_called_first(http: AsyncClient, ollama: OllamaDouble) -> None:
    """The model has no way out of it, then answers."""
    decision = {"thought": "", "tool": "web_search", "input": {"query": "tides"}}
    ollama.queue(Reply(content=orjson.dumps(decision).decode()), Reply(content="At nine."))
    choice = {"type": "web_search_preview"}
    made = await ask(http, tools=[{"type": "web_search_preview"}], tool_choice=choice)
    assert [one["type"] for one in made["output"]] == ["web_search_call", "message"]
    assert made["tool_choice"] == choice


async def test_no_more_calls_are_made_than_are_allowed(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The model is told, and what was not made is not shown."""
    second = Call(name="web_search", arguments={"query": "boats"})
    ollama.queue(Reply(calls=[SEARCH, second]), Reply(content="At nine."))
    made = await ask(http, tools=[{"type": "web_search"}], max_tool_calls=1)
    assert [one["type"] for one in made["output"]] == ["web_search_call", "message"]
    told = [one for one in ollama.chats[-1].body["messages"] if one["role"] == "tool"]
    assert "allows 1 tool calls" in told[1]["content"]


async def test_functions_stand_beside_built_in_tools(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Ours are carried out, the caller's are handed back, and what was found is not lost."""
    function = {"type": "function", "name": "book", "parameters": {"type": "object"}}
    tools: list[Any] = [{"type": "web_search"}, function]
    ollama.queue(Reply(calls=[SEARCH]), Reply(calls=[Call(name="book")]))
    made = await ask(http, "Book a boat at high water", tools=tools)
    assert [one["type"] for one in made["output"]] == ["web_search_call", "function_call"]
    assert _offered(ollama) == {"web_search", "web_fetch", "book"}
    ollama.queue(Reply(content="Booked."))
    result = {
        "type": "function_call_output",
        "call_id": made["output"][1]["call_id"],
        "output": "ok",
    }
    after = await ask(http, [result], tools=tools, previous_response_id=made["id"])
    assert texts(after) == "Booked."
    roles = [one["role"] for one in ollama.chats[-1].body["messages"]]
    assert roles.count("tool") == 2


async def test_any_tool_fulfils_a_demand_for_one(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Where functions and built-in tools are given, the call may be of either."""
    function = {"type": "function", "name": "book", "parameters": {"type": "object"}}
    tools: list[Any] = [{"type": "web_search"}, function]
    decision = {"thought": "", "tool": "book", "input": {}}
    ollama.queue(Reply(content=orjson.dumps(decision).decode()))
    made = await ask(http, tools=tools, tool_choice="required")
    kinds = [one["type"] for one in made["output"]]
    assert kinds == ["function_call"]
    choices = ollama.chats[-1].body["format"]["anyOf"]
    names = {one["properties"]["tool"]["const"] for one in choices}
    assert names == {"web_search", "web_fetch", "book"}
    ollama.queue(Reply(content="Booked."))
    result = {**made["output"][0], "type": "function_call_output", "output": "ok"}
    after = await ask(http, [result], tools=tools, previous_response_id=made["id"])
    assert texts(after) == "Booked."
    decision = {"thought": "", "tool": "web_search", "input": {"query": "tides"}}
    ollama.queue(Reply(content=orjson.dumps(decision).decode()), Reply(content="At nine."))
    made = await ask(http, tools=tools, tool_choice="required")
    assert [one["type"] for one in made["output"]] == ["web_search_call", "message"]


async def test_choosing_none_takes_every_tool_away(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Whatever the request brings."""
    ollama.queue(Reply(content="Fine."))
    await ask(http, "Search the web", tools=[{"type": "web_search"}], tool_choice="none")
    assert _offered(ollama) == set()


@pytest.mark.parametrize("container", [{"type": "auto"}, "cntr_1"])
async def test_code_is_interpreted(http: AsyncClient, ollama: OllamaDouble, container: Any) -> None:
    """Its output only where it is asked for; where there is no sandbox, that is said."""
    call = Call(name="python_code", arguments={"code": "print(6*7)"})
    ollama.queue(Reply(calls=[call]), Reply(content="42."))
    body = {
        "model": MODEL,
        "input": "Compute 6*7",
        "tools": [{"type": "code_interpreter", "container": container}],
        "include": ["code_interpreter_call.outputs"],
    }
    answer = await http.post(RESPONSES, json=body)
    if answer.status_code == 400:
        assert answer.json()["error"]["param"] == "tools[0].type"
        return
    item = answer.json()["output"][0]
    assert (item["type"], item["code"]) == ("code_interpreter_call", "print(6*7)")
    assert "42" in item["outputs"][0]["logs"]
