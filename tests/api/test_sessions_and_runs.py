"""Stored conversations, the traces of runs, their replay, and stopping them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply

MODEL = "llama3.2@chat"
CHAT = "/v1/chat/completions"
HANG = Fault(kind="hang", after=2)


def hello(text: str = "Hello there", **more: Any) -> dict[str, Any]:
    """Make the body of a request."""
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


async def kept(http: AsyncClient, session_id: str) -> list[tuple[str, Any, str]]:
    """Give role, content and state of a conversation's messages."""
    found = (await http.get(f"/api/conversations/{session_id}")).json()["messages"]
    return [(one["message"]["role"], one["message"].get("content"), one["state"]) for one in found]


async def ended(http: AsyncClient, run_id: str) -> str:
    """Wait for a run's end by its own event stream and give its state."""
    text = (await http.get(f"/api/runs/{run_id}/events")).text
    return str(orjson.loads(text.rstrip().rpartition("data: ")[2])["state"])


async def test_a_stored_conversation_goes_on(client: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """`store` opens a session, `session_id` continues it with only what is new."""
    ollama.queue(Reply(content="Hi Ada."), Reply(content="You are Ada."))
    first: Any = await client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "I am Ada."}], store=True
    )
    assert first.x_session_id.startswith("conv_")
    second: Any = await client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Who am I?"}],
        extra_body={"session_id": first.x_session_id},
    )
    assert second.x_session_id == first.x_session_id
    sent = ollama.chats[-1].body["messages"]
    assert [one["content"] for one in sent] == ["I am Ada.", "Hi Ada.", "Who am I?"]


async def test_the_first_chunk_and_the_headers_name_the_session_and_the_run(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """A page can show and stop the run before a word has come."""
    ollama.queue(Reply(content="Hi."))
    answer = await http.post(CHAT, json=hello(stream=True, store=True))
    first = orjson.loads(answer.text.partition("data: ")[2].partition("\n")[0])
    assert first["x_session_id"] == answer.headers["x-session-id"]
    assert first["id"] == "chatcmpl-" + answer.headers["x-run-id"].removeprefix("run_")


async def test_a_stateless_request_keeps_no_conversation_but_a_trace(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Nothing is added to the list of conversations."""
    before = (await http.get("/api/conversations")).json()
    ollama.queue(Reply(content="Hi."))
    answer = (await http.post(CHAT, json=hello())).json()
    assert "x_session_id" not in answer
    assert (await http.get("/api/conversations")).json() == before
    run = (await http.get(f"/api/runs/{answer['x_agent']['run_id']}")).json()
    assert (run["state"], run["conversation_id"], run["route"]) == ("completed", None, "chat")


async def test_a_run_tells_how_long_it_took_once_it_has_ended(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Null while it goes on."""
    ollama.queue(Reply(content="Hi there, Ada.", fault=HANG))
    async with http.stream("POST", CHAT, json=hello(stream=True)) as answer:
        address = f"/api/runs/{answer.headers['x-run-id']}"
        assert (await http.get(address)).json()["duration_ms"] is None
        await http.post(f"{address}/cancel")
        await answer.aread()
    assert (await http.get(address)).json()["duration_ms"] >= 0


async def test_conversations_are_listed_searched_renamed_and_erased(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Newest first, in pages; the title comes from the first message."""
    made = []
    for text in ("Zebras in winter", "Zebras in summer", "Zebras at sea"):
        answer = await http.post(CHAT, json=hello(text, store=True))
        made.append(answer.json()["x_session_id"])
    page = (await http.get("/api/conversations", params={"query": "zebras", "limit": 2})).json()
    assert [one["title"] for one in page["conversations"]] == ["Zebras at sea", "Zebras in summer"]
    more = {"query": "zebras", "limit": 2, "cursor": page["next_cursor"]}
    rest = (await http.get("/api/conversations", params=more)).json()
    assert [one["id"] for one in rest["conversations"]] == made[:1]
    assert rest["next_cursor"] is None

    where = f"/api/conversations/{made[0]}"
    renamed = (await http.patch(where, json={"title": "Winter", "metadata": {"pin": True}})).json()
    assert (renamed["title"], renamed["metadata"]) == ("Winter", {"pin": True})
    found = (await http.get("/api/conversations", params={"query": "winter"})).json()
    assert made[0] in [one["id"] for one in found["conversations"]]
    assert await kept(http, made[0]) == [
        ("user", "Zebras in winter", "completed"),
        ("assistant", "echo: Zebras in winter", "completed"),
    ]
    gone = await http.delete(where)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await http.get(where)).status_code == 404
    assert (await http.delete(where)).status_code == 404
    for other in made[1:]:
        assert (await http.delete(f"/api/conversations/{other}")).status_code == 204


async def test_an_unknown_session_is_a_404_that_names_the_field(http: AsyncClient) -> None:
    """It is not made up on the way."""
    answer = await http.post(CHAT, json=hello(session_id="conv_nobody"))
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "session_id")


async def test_the_trace_of_a_run_tells_what_it_did(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Route, calls, results, usage."""
    call = Call(name="math_calc", arguments={"expression": "2*21"})
    ollama.queue(Reply(calls=[call]), Reply(content="42."))
    answer = (await http.post(CHAT, json=hello(agent_type="react"))).json()
    run = (await http.get(f"/api/runs/{answer['x_agent']['run_id']}")).json()
    assert (run["state"], run["route"], run["model"]) == ("completed", "react", "llama3.2")
    trace = run["trace"]
    assert trace["requested_model"] == MODEL
    assert trace["usage"] == answer["usage"]
    kinds = [one.get("type", one["kind"]) for one in trace["events"]]
    assert kinds == ["route", "tool_call", "tool_result", "content"]
    assert [one["role"] for one in trace["transcript"]] == ["assistant", "tool"]


async def replayed(http: AsyncClient, run_id: str, last: str | None) -> list[tuple[str, str]]:
    """Replay after an id; give (id, data) of each event, the end with no id."""
    headers = {"last-event-id": last} if last else {}
    answer = await http.get(f"/api/runs/{run_id}/events", headers=headers)
    assert answer.status_code == 200, answer.text
    found = []
    for block in answer.text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line[0] != ":")
        if fields:
            found.append((fields.get("id", ""), fields["data"]))
    return found


def told(events: list[tuple[str, str]]) -> str:
    """Join what events say."""
    return "".join(orjson.loads(data).get("text", "") for _, data in events)


async def test_a_replay_from_any_point_completes_the_whole(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """What was seen plus what comes after it is all there is, also from within a text."""
    call = Call(name="math_calc", arguments={"expression": "2*21"})
    ollama.queue(Reply(calls=[call]), Reply(content="It is forty-two."))
    answer = (await http.post(CHAT, json=hello(agent_type="react"))).json()
    run_id = answer["x_agent"]["run_id"]
    whole = await replayed(http, run_id, None)
    for at, (seen, _) in enumerate(whole[:-1]):
        assert await replayed(http, run_id, seen) == whole[at + 1 :]
    index = whole[-2][0].partition(".")[0]
    within = await replayed(http, run_id, f"{index}.6")
    assert told(within) == "forty-two."
    assert within[-1] == ("", '{"state":"completed"}')
    assert await replayed(http, run_id, "99.0") == [whole[-1]]


async def test_a_run_is_re_attached_to_while_it_goes_on(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """What was said comes at once, the rest as it is said, and the end when it has come."""
    ollama.queue(Reply(content="One two three", fault=HANG))
    async with http.stream("POST", CHAT, json=hello(stream=True, store=True)) as answer:
        run_id = answer.headers["x-run-id"]
        await read_until(answer.aiter_lines(), "two")
    async with http.stream("GET", f"/api/runs/{run_id}/events") as again:
        lines = again.aiter_lines()
        await read_until(lines, "One two")
        live = (await http.get(f"/api/runs/{run_id}")).json()
        assert (live["state"], live["trace"]["events"][-1]["text"]) == ("running", "One two")
        stopped = await http.post(f"/api/runs/{run_id}/cancel")
        assert (stopped.status_code, stopped.json()["state"]) == (202, "cancelling")
        assert await read_until(lines, "state") == 'data: {"state":"cancelled"}'


async def test_what_a_watcher_sees_live_is_what_is_stored(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Nothing twice, nothing left out, whichever event it joined after."""
    hold = asyncio.Event()
    call = Call(name="math_calc", arguments={"expression": "2*21"})
    ollama.queue(Reply(calls=[call]), Reply(content="It is forty-two.", hold=hold))
    body = hello(agent_type="react", store=True)
    waiting = asyncio.create_task(http.post(CHAT, json=body))
    await ollama.arrived(2)
    run_id = await the_running(http)
    watchers = [asyncio.create_task(replayed(http, run_id, last)) for last in (None, "1.1")]
    async with http.stream("GET", f"/api/runs/{run_id}/events") as events:
        await read_until(events.aiter_lines(), "tool_result")
    hold.set()
    await waiting
    whole, later = [await one for one in watchers]
    stored = await replayed(http, run_id, None)
    assert (told(whole), whole[-1]) == (told(stored), stored[-1])
    assert told(later) == told(stored[2:])


async def read_until(lines: AsyncIterator[str], words: str) -> str:
    """Read a stream up to the line that holds some words; leave it open."""
    async with asyncio.timeout(30):
        async for line in lines:
            if words in line:
                return line
    raise AssertionError(words)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cancelled_run_frees_the_upstream_and_keeps_what_was_said(
    http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """The one who waits gets what there is; the session is free for the next message."""
    ollama.queue(Reply(content="One two three", fault=HANG))
    waiting = asyncio.create_task(http.post(CHAT, json=hello(stream=stream, store=True)))
    received = await ollama.arrived(1)
    run_id = await the_running(http)
    await spoken(http, run_id)
    await http.post(f"/api/runs/{run_id}/cancel")
    async with asyncio.timeout(2):
        await received.cancelled.wait()
        answer = await waiting
    assert answer.status_code == 200
    session_id = answer.headers["x-session-id"]
    assert await kept(http, session_id) == [
        ("user", "Hello there", "completed"),
        ("assistant", "One two", "cancelled"),
    ]
    ollama.queue(Reply(content="Yes?"))
    assert (await http.post(CHAT, json=hello("And?", session_id=session_id))).status_code == 200
    again = await http.post(f"/api/runs/{run_id}/cancel")
    assert (again.status_code, again.json()["state"]) == (202, "cancelled")


async def the_running(http: AsyncClient) -> str:
    """Find the newest conversation's running run."""
    found = (await http.get("/api/conversations", params={"limit": 1})).json()
    return str(found["conversations"][0]["active_run_id"])


async def spoken(http: AsyncClient, run_id: str) -> None:
    """Wait until a run has said "One two"."""
    async with http.stream("GET", f"/api/runs/{run_id}/events") as events:
        await read_until(events.aiter_lines(), "two")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_a_stateless_request_frees_the_upstream(
    server: LiveServer, http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """Within a second, streamed or not."""
    ollama.queue(Reply(content="One two three", fault=HANG))
    async with server.http(server.token) as leaving:
        waiting = asyncio.create_task(leaving.post(CHAT, json=hello(stream=stream)))
        received = await ollama.arrived(1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1):
        await received.cancelled.wait()


@pytest.mark.parametrize(
    ("fields", "outcome"), [({}, "completed"), ({"on_disconnect": "cancel"}, "cancelled")]
)
async def test_the_run_of_a_session_outlives_its_client_unless_told_otherwise(
    server: LiveServer, http: AsyncClient, ollama: OllamaDouble, fields: Any, outcome: str
) -> None:
    """It ends and is stored."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="All of it.", hold=hold))
    async with server.http(server.token) as leaving:
        body = hello(stream=True, store=True, **fields)
        waiting = asyncio.create_task(leaving.post(CHAT, json=body))
        received = await ollama.arrived(1)
        run_id = await the_running(http)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    if fields:
        async with asyncio.timeout(2):
            await received.cancelled.wait()
    hold.set()
    assert await ended(http, run_id) == outcome
    run = (await http.get(f"/api/runs/{run_id}")).json()
    messages = await kept(http, run["conversation_id"])
    answer = [("assistant", "All of it.", "completed")] if not fields else []
    assert messages[1:] == answer


async def test_two_messages_at_once_in_one_session_are_refused_not_mixed(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """409 for the second, and the SDK would try again later."""
    ollama.queue(Reply(content="Hi."))
    session_id = (await http.post(CHAT, json=hello(store=True))).json()["x_session_id"]
    hold = asyncio.Event()
    ollama.queue(Reply(content="First.", hold=hold))
    first = asyncio.create_task(http.post(CHAT, json=hello("one", session_id=session_id)))
    await ollama.arrived(2)
    second = await http.post(CHAT, json=hello("two", session_id=session_id))
    assert (second.status_code, second.json()["error"]["code"]) == (409, "session_busy")
    hold.set()
    assert (await first).status_code == 200
    assert [content for _, content, _ in await kept(http, session_id)] == [
        "Hello there",
        "Hi.",
        "one",
        "First.",
    ]


TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}


@pytest.mark.parametrize("agent_type", ["auto", "react"])
async def test_a_session_goes_on_with_the_result_of_a_client_tool(
    http: AsyncClient, ollama: OllamaDouble, agent_type: str
) -> None:
    """Only the result is sent; the call is remembered."""
    ollama.queue(Reply(calls=[Call(name="get_weather")]), Reply(content="It rains."))
    fields = {"model": "llama3.2", "tools": [TOOL], "agent_type": agent_type}
    first = (await http.post(CHAT, json=hello(store=True) | fields)).json()
    [call] = first["choices"][0]["message"]["tool_calls"]
    result = {"role": "tool", "tool_call_id": call["id"], "content": "rain"}
    body = {**fields, "messages": [result], "session_id": first["x_session_id"]}
    second = (await http.post(CHAT, json=body)).json()
    assert second["choices"][0]["message"]["content"] == "It rains."
    sent = [one["role"] for one in ollama.chats[-1].body["messages"] if one["role"] != "system"]
    assert sent == ["user", "assistant", "tool"]


@pytest.mark.parametrize("agent_type", ["auto", "react"])
async def test_a_client_call_that_was_never_carried_out_does_not_spoil_the_session(
    http: AsyncClient, ollama: OllamaDouble, agent_type: str
) -> None:
    """A strict upstream refuses calls without results, for ever."""
    fields = {"model": "llama3.2", "tools": [TOOL], "agent_type": agent_type}
    ollama.queue(Reply(calls=[Call(name="get_weather")]), Reply(content="Fine."))
    first = (await http.post(CHAT, json=hello(store=True) | fields)).json()
    again = hello("Never mind.", session_id=first["x_session_id"])
    assert (await http.post(CHAT, json=again)).status_code == 200
    assert [(one["role"], one["content"]) for one in ollama.chats[-1].body["messages"]] == [
        ("user", "Hello there"),
        ("assistant", ""),
        ("tool", "(The caller gave no result for this call.)"),
        ("user", "Never mind."),
    ]


async def test_erasing_a_conversation_stops_its_run(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The upstream is free, nothing comes back, and the client gets what there was."""
    ollama.queue(Reply(content="One two three", fault=HANG))
    waiting = asyncio.create_task(http.post(CHAT, json=hello(stream=True, store=True)))
    received = await ollama.arrived(1)
    found = (await http.get("/api/conversations", params={"limit": 1})).json()["conversations"][0]
    assert (await http.delete(f"/api/conversations/{found['id']}")).status_code == 204
    async with asyncio.timeout(2):
        await received.cancelled.wait()
        await waiting
    assert (await http.get(f"/api/conversations/{found['id']}")).status_code == 404
    assert (await http.get(f"/api/runs/{found['active_run_id']}")).status_code == 404


@pytest.mark.parametrize("text", ["x", "1", "-1.0", "1.-1", "1.2.3.4", "1.2.x", "9" * 30 + ".0"])
async def test_a_last_event_id_of_another_kind_is_refused(
    http: AsyncClient, ollama: OllamaDouble, text: str
) -> None:
    """It names the header."""
    ollama.queue(Reply(content="Hi."))
    run_id = (await http.post(CHAT, json=hello())).json()["x_agent"]["run_id"]
    answer = await http.get(f"/api/runs/{run_id}/events", headers={"last-event-id": text})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "Last-Event-ID")
