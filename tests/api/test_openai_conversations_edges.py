"""What `/v1/conversations` refuses, and how it holds under load and hostile input."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI, ConflictError

from tests.fakes.item_samples import SAID, call
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.people import Person

CHAT = "/v1/chat/completions"
WHERE = "/v1/conversations"


def hello(text: str = "Hello there", **more: Any) -> dict[str, Any]:
    """Make the body of a request."""
    return {"model": "llama3.2@chat", "messages": [{"role": "user", "content": text}], **more}


async def added(http: AsyncClient, *items: Any) -> tuple[str, list[str]]:
    """Open a conversation with items; give its id and theirs."""
    made = (await http.post(WHERE, json={"items": items})).json()
    where = f"{WHERE}/{made['id']}/items"
    listed = (await http.get(where, params={"order": "asc", "limit": 100})).json()
    return made["id"], [one["id"] for one in listed["data"]]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"metadata": {str(n): "x" for n in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: "x"}}, "metadata"),
        ({"metadata": {"k": "x" * 513}}, "metadata.k"),
        ({"metadata": {"k": 1}}, "metadata.k"),
        ({"metadata": {"k": {"n": None}}}, "metadata.k"),
        ({"metadata": ["x"]}, "metadata"),
        ({"items": "x"}, "items"),
        ({"items": [{"role": "user", "content": "x"}] * 21}, "items"),
        ({"items": ["x"]}, "items[0]"),
        ({"items": [{}]}, "items[0].type"),
        ({"items": [{"type": ["x"]}]}, "items[0].type"),
        ({"items": [{"type": "unheard_of"}]}, "items[0].type"),
        ({"items": [{"type": "item_reference", "id": "msg_1"}]}, "items[0].type"),
        ({"items": [{"role": "tool", "content": "x"}]}, "items[0].role"),
        ({"items": [{"role": [], "content": "x"}]}, "items[0].role"),
        ({"items": [{"role": "user"}]}, "items[0].content"),
        ({"items": [{"role": "user", "content": 5}]}, "items[0].content"),
        ({"items": [{"role": "user", "content": [5]}]}, "items[0].content[0].type"),
        ({"items": [{"role": "user", "content": [{"type": "x"}]}]}, "items[0].content[0].type"),
        (
            {"items": [{"role": "user", "content": [{"type": "input_image", "image_url": 5}]}]},
            "items[0].content[0].image_url",
        ),
        ({"items": [{"type": "function_call", "name": "x"}]}, "items[0].call_id"),
        (
            {"items": [{"type": "web_search_call", "action": {"type": "search", "query": 5}}]},
            "items[0].action.query",
        ),
        ({"items": [{"type": "function_call", "call_id": "x"}]}, "items[0].name"),
        ({"items": [{**call("x"), "arguments": {}}]}, "items[0].arguments"),
        ({"items": [{"type": "function_call_output", "call_id": "x"}]}, "items[0].output"),
        ({"items": [{"type": "reasoning", "summary": 5}]}, "items[0].summary"),
        ({"items": [SAID[0], {"type": "web_search_call"}]}, "items[1].action"),
        ({"items": [{"type": "shell_call_output", "call_id": "x", "output": [5]}]}, None),
    ],
)
async def test_bad_fields_are_refused_by_name(http: AsyncClient, body: Any, param: Any) -> None:
    """Nothing is kept of such a request."""
    before = (await http.get("/api/conversations")).json()
    answer = await http.post(WHERE, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert param is None or error["param"] == param, error
    assert (await http.get("/api/conversations")).json() == before


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"order": "up"}, "order"),
        ({"after": "msg_0"}, "after"),
        ({"include": "everything"}, "include[0]"),
    ],
)
async def test_a_list_refuses_what_it_cannot_give(
    http: AsyncClient, query: Any, param: str
) -> None:
    """By name."""
    made, _ = await added(http, SAID[0])
    answer = await http.get(f"{WHERE}/{made}/items", params=query)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_include_is_taken_in_both_spellings(http: AsyncClient, client: AsyncOpenAI) -> None:
    """All is included anyway."""
    made, _ = await added(http, SAID[0])
    for name in ("include", "include[]"):
        query = {name: "message.input_image.image_url"}
        assert (await http.get(f"{WHERE}/{made}/items", params=query)).status_code == 200
    page = await client.conversations.items.list(made, include=["reasoning.encrypted_content"])
    assert len(page.data) == 1


async def test_what_belongs_to_somebody_else_answers_like_what_is_missing(
    http: AsyncClient, mine: AsyncClient
) -> None:
    """In every method, and nothing happens to it."""
    made, ids = await added(http, SAID[0])
    there = f"{WHERE}/{made}"
    no_items = {"items": []}
    for method, where, body in [
        ("GET", there, None),
        ("POST", there, {"metadata": {}}),
        ("DELETE", there, None),
        ("GET", f"{there}/items", None),
        ("POST", f"{there}/items", no_items),
        ("POST", f"{there}/items", {"items": [SAID[0]]}),
        ("GET", f"{there}/items/{ids[0]}", None),
        ("DELETE", f"{there}/items/{ids[0]}", None),
    ]:
        missing = where.replace(made, "conv_nobody")
        theirs = await mine.request(method, where, json=body)
        nobodys = await mine.request(method, missing, json=body)
        assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())
        assert theirs.status_code == 404, (method, where)
    assert len((await http.get(f"{there}/items")).json()["data"]) == 1
    own, _ = await added(mine, SAID[0])
    for method in ("GET", "DELETE"):  # an item of another conversation
        answer = await mine.request(method, f"{WHERE}/{own}/items/{ids[0]}")
        assert answer.status_code == 404


async def test_two_additions_at_once_lose_nothing(http: AsyncClient) -> None:
    """Each is there, in one piece."""
    made, _ = await added(http)
    where = f"{WHERE}/{made}/items"
    bodies = [
        {"items": [{"role": "user", "content": f"{n}{part}"} for part in "ab"]} for n in range(9)
    ]
    answers = await asyncio.gather(*(http.post(where, json=body) for body in bodies))
    assert {one.status_code for one in answers} == {200}
    listed = (await http.get(where, params={"order": "asc", "limit": 100})).json()["data"]
    texts = [one["content"][0]["text"] for one in listed]
    assert sorted(texts) == sorted(f"{n}{part}" for n in range(9) for part in "ab")
    assert all(texts[at + 1] == texts[at][0] + "b" for at in range(0, 18, 2))


async def test_a_conversation_that_is_being_answered_takes_no_items(
    http: AsyncClient, client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """409, as for a second turn; reading it goes on, and so does the turn."""
    made, ids = await added(http, SAID[0])
    hold = asyncio.Event()
    ollama.queue(Reply(content="Hi.", hold=hold))
    turn = asyncio.create_task(http.post(CHAT, json=hello(session_id=made)))
    await ollama.arrived(1)
    item: Any = SAID[0]
    with pytest.raises(ConflictError) as caught:
        await client.conversations.items.create(made, items=[item])
    assert caught.value.code == "session_busy"
    with pytest.raises(ConflictError):
        await client.conversations.items.delete(ids[0], conversation_id=made)
    assert len((await client.conversations.items.list(made)).data) == 2
    hold.set()
    assert (await turn).status_code == 200
    await client.conversations.items.create(made, items=[item])
    assert len((await client.conversations.items.list(made)).data) == 4


async def test_erasing_a_conversation_stops_its_answer(
    http: AsyncClient, client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The upstream is free at once."""
    made, _ = await added(http, SAID[0])
    ollama.queue(Reply(content="One two three", hold=asyncio.Event()))
    turn = asyncio.create_task(http.post(CHAT, json=hello(session_id=made, stream=True)))
    received = await ollama.arrived(1)
    await client.conversations.delete(made)
    async with asyncio.timeout(2):
        await received.cancelled.wait()
        await turn
    assert (await http.get(f"{WHERE}/{made}")).status_code == 404


async def test_huge_and_deep_items_are_kept_or_refused_never_lost(http: AsyncClient) -> None:
    """A megabyte comes back, twenty do not arrive, and endless nesting breaks nothing."""
    text = "ü" * 500_000
    made, ids = await added(http, {"role": "user", "content": text})
    found = (await http.get(f"{WHERE}/{made}/items/{ids[0]}")).json()
    assert found["content"][0]["text"] == text
    body = {"items": [{"role": "user", "content": "x" * 20_000_000}]}
    assert (await http.post(f"{WHERE}/{made}/items", json=body)).status_code == 413
    deep: Any = "x"
    for levels, status in [(150, 200), (300, 400)]:
        for _ in range(levels):
            deep = [deep]
        item = {"type": "reasoning", "summary": [], "extra": deep}
        answer = await http.post(f"{WHERE}/{made}/items", json={"items": [item]})
        assert answer.status_code == status, levels
    assert len((await http.get(f"{WHERE}/{made}/items")).json()["data"]) == 2


async def test_the_conversations_of_an_erased_account_are_gone(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """Nobody else can read them either."""
    async with server.http(person.token) as theirs:
        made, _ = await added(theirs, SAID[0])
    assert (await http.delete(f"/api/users/{person.id}")).status_code == 204
    assert (await http.get(f"{WHERE}/{made}/items")).status_code == 404
