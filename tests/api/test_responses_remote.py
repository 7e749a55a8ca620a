"""The `mcp` tool of `/v1/responses`, with a real MCP server: listed, called, asked for, gone on with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import MODEL
from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.mcp_server import McpDouble, mcp_double
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.people import a_key
from tests.fakes.responses import RESPONSES, ask, events, texts, types

SESSION = "session"
SECRET = "sesame-open-8"
QUESTION = "What is 20 plus 22?"
ADD = Call(name="lab__add", arguments={"a": 20, "b": 22})
NOTE = Call(name="lab__note", arguments={"text": "hello"})


@pytest_asyncio.fixture(loop_scope=SESSION)
async def tools() -> AsyncIterator[McpDouble]:
    """Serve tools."""
    async with mcp_double() as double:
        yield double


@pytest_asyncio.fixture(loop_scope=SESSION)
async def live(
    doubles: Doubles, tools: McpDouble, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """Serve an agent server that may reach them."""
    folder = tmp_path_factory.mktemp("remote")
    allowed = {"MCP__ALLOWED_HOSTS": tools.host}
    async with live_server(folder, **doubles.environ(), **allowed) as server:
        server.token = await server.log_in()
        yield server


@pytest_asyncio.fixture(loop_scope=SESSION)
async def http(live: LiveServer) -> AsyncIterator[AsyncClient]:
    """Speak plain HTTP to it."""
    async with live.http(live.token) as client:
        yield client


@pytest_asyncio.fixture(loop_scope=SESSION)
async def client(live: LiveServer) -> AsyncIterator[AsyncOpenAI]:
    """Speak to it through a stock client that validates what it gets."""
    async with live.openai(live.token, _strict_response_validation=True) as made:
        yield made


def mcp(tools: McpDouble, **fields: Any) -> Any:
    """Name the server as a caller does, who wants to be asked about nothing."""
    named = {"type": "mcp", "server_label": "lab", "server_url": tools.url}
    return {**named, "authorization": SECRET, "require_approval": "never", **fields}


def kinds(response: Any) -> list[str]:
    """Give the types of a response's items."""
    return [one["type"] for one in response["output"]]


def word(approval_id: str, *, approve: bool = True, **fields: Any) -> Any:
    """Answer an approval request."""
    named = {"type": "mcp_approval_response", "approval_request_id": approval_id}
    return {**named, "approve": approve, **fields}


async def test_remote_tools_are_listed_called_and_shown(
    client: AsyncOpenAI, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """In the server's own names; headers are told to nobody but that server."""
    ollama.queue(Reply(calls=[ADD]), Reply(content="It is 42."))
    made = await client.responses.create(model=MODEL, input=QUESTION, tools=[mcp(tools)])
    listed, called, message = made.output
    assert listed.type == "mcp_list_tools"
    assert [one.name for one in listed.tools] == ["add", "note", "fail", "big", "slow"]
    assert called.type == "mcp_call"
    assert (called.server_label, called.name, called.status) == ("lab", "add", "completed")
    assert (called.output, called.error) == ("the sum is 42", None)
    assert message.type == "message"
    assert made.output_text == "It is 42."
    assert await client.responses.retrieve(made.id) == made
    assert SECRET not in made.model_dump_json()
    assert tools.headers[-1]["authorization"] == f"Bearer {SECRET}"
    offered = {one["function"]["name"] for one in ollama.chats[0].body["tools"]}
    assert offered == {f"lab__{one.name}" for one in listed.tools}


async def test_a_stream_tells_of_remote_tools_in_order(
    http: AsyncClient, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """The list before the call, the call before the text; read again it is the same."""
    ollama.queue(Reply(calls=[ADD]), Reply(content="42."))
    found = await events(http, QUESTION, tools=[mcp(tools)])
    told = [one for one in types(found) if "mcp" in one]
    assert told == [
        "mcp_list_tools.in_progress",
        "mcp_list_tools.completed",
        "mcp_call.in_progress",
        "mcp_call_arguments.delta",
        "mcp_call_arguments.done",
        "mcp_call.completed",
    ]
    whole = found[-1]["response"]
    assert [one["item"] for one in found if one["type"].endswith("item.done")] == whole["output"]
    again = await http.get(f"{RESPONSES}/{whole['id']}", params={"stream": True})
    assert "mcp_list_tools.completed" in again.text


async def test_what_a_remote_tool_reports_as_wrong_is_the_calls_error(
    http: AsyncClient, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """The response goes on with it."""
    ollama.queue(Reply(calls=[Call(name="lab__fail")]), Reply(content="It failed."))
    made = await ask(http, QUESTION, tools=[mcp(tools)])
    called = made["output"][1]
    assert (called["status"], called["output"]) == ("failed", None)
    assert called["error"]["type"] == "mcp_tool_execution_error"


async def test_an_approved_call_is_made_by_the_response_that_brings_the_word(
    http: AsyncClient, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """Asking is OpenAI's default; the further response has an id and items of its own."""
    ollama.queue(Reply(calls=[NOTE]))
    asking = mcp(tools, require_approval=None)
    first = await ask(http, "Note hello", tools=[asking])
    assert (kinds(first), first["status"]) == (
        ["mcp_list_tools", "mcp_approval_request"],
        "completed",
    )
    asked = first["output"][1]
    assert (asked["server_label"], asked["name"]) == ("lab", "note")
    assert (asked["arguments"], tools.calls) == ('{"text":"hello"}', [])
    ollama.queue(Reply(content="It is noted."))
    given = [word(asked["id"])]
    second = await ask(http, given, tools=[asking], previous_response_id=first["id"])
    assert kinds(second) == ["mcp_call", "message"]
    assert second["output"][0]["approval_request_id"] == asked["id"]
    assert (second["output"][0]["output"], texts(second)) == ("noted hello", "It is noted.")
    assert tools.calls == [("note", {"text": "hello"})]
    assert second["id"] != first["id"]
    for one in (first, second):
        assert (await http.get(f"{RESPONSES}/{one['id']}")).json() == one
    listed = (await http.get(f"{RESPONSES}/{second['id']}/input_items")).json()["data"]
    assert [one["approval_request_id"] for one in listed] == [asked["id"]]


async def test_a_key_bound_to_other_tools_gives_no_word(
    http: AsyncClient, live: LiveServer, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """What it would let go on may use more than the key; the call still waits."""
    ollama.queue(Reply(calls=[NOTE]))
    asking = mcp(tools, require_approval=None)
    first = await ask(http, "Note hello", tools=[asking])
    body = {"model": MODEL, "input": [word(first["output"][1]["id"])]}
    async with live.http(await a_key(http, "chat", "tools:weather")) as bound:
        refused = await bound.post(RESPONSES, json={**body, "previous_response_id": first["id"]})
    assert (refused.status_code, tools.calls) == (403, [])
    assert "bound to tools" in refused.json()["error"]["message"]
    [waiting] = (await http.get("/api/approvals")).json()
    await http.post(f"/api/runs/{waiting['run_id']}/cancel")


async def test_what_follows_a_word_is_streamed_and_gone_on_from(
    http: AsyncClient, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """Its events begin with the call; the next response knows question and answer."""
    ollama.queue(Reply(calls=[NOTE]))
    asking = mcp(tools, require_approval="always")
    found = await events(http, "Note hello", tools=[asking])
    first = found[-1]["response"]
    ollama.queue(Reply(content="It is noted."))
    given = [word(first["output"][1]["id"])]
    found = await events(http, given, tools=[asking], previous_response_id=first["id"])
    assert [one["sequence_number"] for one in found] == list(range(len(found)))
    assert types(found)[2:4] == ["output_item.added", "mcp_call.in_progress"]
    second = found[-1]["response"]
    assert {one["id"] for one in second["output"]}.isdisjoint(one["id"] for one in first["output"])
    ollama.queue(Reply(content="Hello."))
    await ask(http, "What did you note?", previous_response_id=second["id"])
    said = [one["content"] for one in ollama.chats[-1].body["messages"]]
    assert said[-3:] == ["Note hello", "It is noted.", "What did you note?"]


async def test_a_refused_call_is_not_made_and_the_model_is_told(
    http: AsyncClient, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """With the user's reason; the call is no item."""
    ollama.queue(Reply(calls=[NOTE]))
    asking = mcp(tools, require_approval="always")
    first = await ask(http, "Note hello", tools=[asking])
    ollama.queue(Reply(content="Then not."))
    given = [word(first["output"][1]["id"], approve=False, reason="too private")]
    second = await ask(http, given, tools=[asking], previous_response_id=first["id"])
    assert (kinds(second), texts(second), tools.calls) == (["message"], "Then not.", [])
    told = [one["content"] for one in ollama.chats[-1].body["messages"] if one["role"] == "tool"]
    assert "too private" in told[-1]


async def test_a_word_may_come_with_the_whole_history(
    http: AsyncClient, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """From a client that keeps nothing on the server; later it is history and decides nothing."""
    ollama.queue(Reply(calls=[NOTE]))
    asking = mcp(tools, require_approval="always")
    items: list[Any] = [{"role": "user", "content": "Note hello"}]
    first = await ask(http, items, tools=[asking], store=False)
    items += [*first["output"], word(first["output"][1]["id"])]
    ollama.queue(Reply(content="Noted."))
    second = await ask(http, items, tools=[asking], store=False)
    assert kinds(second) == ["mcp_call", "message"]
    items += [*second["output"], {"role": "user", "content": "Thanks"}]
    ollama.queue(Reply(content="Welcome."))
    third = await ask(http, items, tools=[asking], store=False)
    assert texts(third) == "Welcome."
    assert len(tools.calls) == 1


async def test_a_word_that_decides_nothing_is_refused_by_its_place(
    http: AsyncClient, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """Unknown, given twice, given before, or beside other input."""
    ollama.queue(Reply(calls=[NOTE]))
    asking = mcp(tools, require_approval="always")
    first = await ask(http, "Note hello", tools=[asking])
    approval = first["output"][1]["id"]
    place = "input[0].approval_request_id"
    for given, status, param in (
        ([word("apr_unknown")], 404, place),
        ([word(approval), word(approval)], 400, place),
        ([word(approval, approve="yes")], 400, "input[0].approve"),
        ([{"role": "user", "content": "Hi"}, word(approval)], 400, "input"),
    ):
        body = {"model": MODEL, "input": given, "previous_response_id": first["id"]}
        answer = await http.post(RESPONSES, json=body)
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
    ollama.queue(Reply(content="Noted."))
    await ask(http, [word(approval)], previous_response_id=first["id"])
    body = {"model": MODEL, "input": [word(approval)], "previous_response_id": first["id"]}
    answer = await http.post(RESPONSES, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (409, place)


async def test_a_remote_tool_can_be_demanded(
    http: AsyncClient, ollama: OllamaDouble, tools: McpDouble
) -> None:
    """By its server and name; the model has no way out of it."""
    decision = '{"thought": "", "tool": "lab__add", "input": {"a": 1, "b": 2}}'
    ollama.queue(Reply(content=decision), Reply(content="3."))
    choice = {"type": "mcp", "server_label": "lab", "name": "add"}
    made = await ask(http, "Hello", tools=[mcp(tools)], tool_choice=choice)
    assert kinds(made) == ["mcp_list_tools", "mcp_call", "message"]
    assert made["tool_choice"] == choice
    assert tools.calls == [("add", {"a": 1, "b": 2})]


async def test_a_remote_server_that_cannot_be_used_fails_the_response(
    http: AsyncClient, tools: McpDouble
) -> None:
    """As OpenAI does: 424, with the reason."""
    tools.answer = lambda _: (401, {"content-type": "text/plain"}, b"who are you")
    body = {"model": MODEL, "input": QUESTION, "tools": [mcp(tools)]}
    answer = await http.post(RESPONSES, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (424, "tools")
