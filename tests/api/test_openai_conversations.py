"""`/v1/conversations`: OpenAI's conversations are the sessions of this server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI, ConflictError, NotFoundError

from tests.fakes.item_samples import KEPT, SAID
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.people import Person

MODEL = "llama3.2@chat"
CHAT = "/v1/chat/completions"
WHERE = "/v1/conversations"


def hello(text: str = "Hello there", **more: Any) -> dict[str, Any]:
    """Make the body of a request."""
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


def told(ollama: OllamaDouble) -> list[tuple[str, str]]:
    """Give role and content of what the last call of a model was told."""
    return [(one["role"], one.get("content", "")) for one in ollama.chats[-1].body["messages"]]


async def added(http: AsyncClient, *items: Any) -> tuple[str, list[str]]:
    """Open a conversation with items; give its id and theirs."""
    made = (await http.post(WHERE, json={"items": items})).json()
    where = f"{WHERE}/{made['id']}/items"
    listed = (await http.get(where, params={"order": "asc", "limit": 100})).json()
    return made["id"], [one["id"] for one in listed["data"]]


def call(call_id: str, name: str = "get_time") -> dict[str, Any]:
    """Make a call item."""
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"}


def result(call_id: str, output: str) -> dict[str, Any]:
    """Make a result item."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}


async def test_a_conversation_is_made_read_changed_and_erased(client: AsyncOpenAI) -> None:
    """With the stock client, which validates every answer."""
    made = await client.conversations.create(metadata={"topic": "demo"})
    assert (made.object, made.metadata) == ("conversation", {"topic": "demo"})
    assert made.id.startswith("conv_")
    assert await client.conversations.retrieve(made.id) == made
    changed = await client.conversations.update(made.id, metadata={"topic": "other"})
    assert changed.metadata == {"topic": "other"}
    assert (await client.conversations.update(made.id, metadata=None)).metadata == {}
    gone = await client.conversations.delete(made.id)
    assert (gone.id, gone.object, gone.deleted) == (made.id, "conversation.deleted", True)
    for again in (client.conversations.retrieve, client.conversations.delete):
        with pytest.raises(NotFoundError) as caught:
            await again(made.id)
        assert caught.value.param == "conversation_id"


@pytest.mark.parametrize("body", [{}, {"items": None, "metadata": None}])
async def test_nothing_is_needed_for_a_conversation(http: AsyncClient, body: Any) -> None:
    """Null counts as not given."""
    made = (await http.post(WHERE, json=body)).json()
    assert made == {
        "id": made["id"],
        "object": "conversation",
        "metadata": {},
        "created_at": made["created_at"],
    }


async def test_items_of_every_kind_come_back_whole(client: AsyncOpenAI) -> None:
    """What a client gave is what it gets, but for the id, and what OpenAI fills in."""
    items: Any = [*SAID, *KEPT]
    made = await client.conversations.create(items=items[:20])
    more = await client.conversations.items.create(made.id, items=items[20:])
    assert more.has_more is False
    assert (more.first_id, more.last_id) == (more.data[0].id, more.data[-1].id)
    listed = [one async for one in client.conversations.items.list(made.id, order="asc", limit=7)]
    assert listed[20:] == more.data
    assert len(listed) == len(items)
    for given, found in zip(items, listed, strict=True):
        seen = found.to_dict()
        for name in set(given) - {"id", "content", "output", "action"}:
            assert seen[name] == given[name], given
        parts = given.get("content")
        texts = [parts] if isinstance(parts, str) else [
            one.get("text") or one.get("refusal") for one in parts or ()
        ]  # fmt: skip
        shown: Any = seen.get("content") or ()
        assert [one.get("text") or one.get("refusal") for one in shown] == texts
        assert await client.conversations.items.retrieve(found.id, conversation_id=made.id) == found
    assert len({one.id for one in listed}) == len(listed)


async def test_items_are_listed_newest_first_in_pages(client: AsyncOpenAI) -> None:
    """`after`, `limit` and `order` as everywhere at OpenAI."""
    items: Any = [{"role": "user", "content": str(n)} for n in range(5)]
    made = await client.conversations.create(items=items)
    page = await client.conversations.items.list(made.id, limit=2)
    assert [one.content[0].text for one in page.data] == ["4", "3"]  # type: ignore[union-attr]
    assert (page.has_more, page.first_id, page.last_id) == (True, page.data[0].id, page.data[1].id)
    every: list[Any] = [one async for one in client.conversations.items.list(made.id, limit=2)]
    assert [one.content[0].text for one in every] == ["4", "3", "2", "1", "0"]
    last = await client.conversations.items.list(made.id, after=every[-1].id)
    assert (last.data, last.has_more) == ([], False)


async def test_added_items_are_seen_by_the_next_turn(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """And the turn's own messages are items."""
    items: Any = [
        {"role": "user", "content": "I am Ada."},
        {"role": "assistant", "content": "Hello Ada."},
        *(one for one in KEPT if one["type"] != "custom_tool_call_output"),
        call("c9"),
        result("c9", "noon"),
    ]
    made = await client.conversations.create(items=items[:20])
    await client.conversations.items.create(made.id, items=items[20:] or items[:1])
    ollama.queue(Reply(content="You are Ada."))
    answer = await client.chat.completions.create(
        **hello("Who am I?"), extra_body={"session_id": made.id}
    )
    assert answer.choices[0].message.content == "You are Ada."
    roles = [(role, content) for role, content in told(ollama) if role != "system"]
    assert roles[:2] == [("user", "I am Ada."), ("assistant", "Hello Ada.")]
    assert ("tool", "noon") in roles
    assert roles[-1] == ("user", "Who am I?")
    assert "item" not in {role for role, _ in roles}
    newest: list[Any] = (await client.conversations.items.list(made.id, limit=2)).data
    assert [(one.role, one.content[0].text) for one in newest] == [
        ("assistant", "You are Ada."),
        ("user", "Who am I?"),
    ]


async def test_the_page_and_the_clients_see_one_conversation(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The page names it by its first question and shows no items that it does not know."""
    made, _ = await added(http, {"role": "user", "content": "Zebras, please. Now."}, *KEPT[:3])
    seen = (await http.get(f"/api/conversations/{made}")).json()
    assert seen["title"] == "Zebras, please."
    assert [one["message"]["role"] for one in seen["messages"]] == ["user", "assistant"]
    await http.patch(f"/api/conversations/{made}", json={"title": "Mine"})
    changed = (await http.post(f"{WHERE}/{made}", json={"metadata": {"a": "b"}})).json()
    assert changed["metadata"] == {"a": "b"}
    seen = (await http.get(f"/api/conversations/{made}")).json()
    assert (seen["title"], seen["metadata"]) == ("Mine", {"a": "b"})
    ollama.queue(Reply(content="Hi."))
    session = (await http.post(CHAT, json=hello(store=True))).json()["x_session_id"]
    items = (await http.get(f"{WHERE}/{session}/items", params={"order": "asc"})).json()["data"]
    assert [(one["role"], one["content"][0]["text"]) for one in items] == [
        ("user", "Hello there"),
        ("assistant", "Hi."),
    ]
    assert (await http.delete(f"{WHERE}/{session}")).json()["deleted"] is True
    assert (await http.get(f"/api/conversations/{session}")).status_code == 404


async def test_an_item_is_deleted_and_no_model_hears_of_it_again(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """The answer is the conversation."""
    items: Any = [{"role": "user", "content": word} for word in ("one", "two")]
    made = await client.conversations.create(items=items, metadata={"a": "b"})
    listed = (await client.conversations.items.list(made.id, order="asc")).data
    first: Any = listed[0].id
    gone = await client.conversations.items.delete(first, conversation_id=made.id)
    assert (gone.id, gone.metadata) == (made.id, {"a": "b"})
    for again in (client.conversations.items.retrieve, client.conversations.items.delete):
        with pytest.raises(NotFoundError) as caught:
            await again(first, conversation_id=made.id)
        assert caught.value.param == "item_id"
    await client.chat.completions.create(**hello("three"), extra_body={"session_id": made.id})
    assert [content for role, content in told(ollama) if role == "user"] == ["two", "three"]


@pytest.mark.parametrize(
    ("deleted", "heard"),
    [
        (1, [("user", "?"), ("user", "!")]),
        (
            2,
            [
                ("user", "?"),
                ("assistant", ""),
                ("tool", "(The caller gave no result for this call.)"),
                ("user", "!"),
            ],
        ),
    ],
)
async def test_half_a_pair_of_call_and_result_is_never_sent(
    http: AsyncClient, ollama: OllamaDouble, deleted: int, heard: Any
) -> None:
    """A strict upstream refuses a result without its call, and a call without its result."""
    made, ids = await added(http, {"role": "user", "content": "?"}, call("a"), result("a", "noon"))
    assert (await http.delete(f"{WHERE}/{made}/items/{ids[deleted]}")).status_code == 200
    answer = await http.post(CHAT, json=hello("!", session_id=made))
    assert answer.status_code == 200, answer.text
    assert told(ollama) == heard


async def test_calls_made_at_once_and_their_results_are_told_in_pairs(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Whatever the order in which they were added."""
    items = [call("a"), call("b"), result("b", "two"), result("a", "one")]
    made, _ = await added(http, {"role": "user", "content": "?"}, *items)
    assert (await http.post(CHAT, json=hello("!", session_id=made))).status_code == 200
    assert [(role, content) for role, content in told(ollama) if role == "tool"] == [
        ("tool", "one"),
        ("tool", "two"),
    ]
    assert [role for role, _ in told(ollama)] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
        "user",
    ]


async def test_a_result_that_answers_nothing_does_not_spoil_the_conversation(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """It can be added, and is told to no model."""
    made, _ = await added(http, {"role": "user", "content": "?"}, result("nobody", "x"))
    assert (await http.post(CHAT, json=hello("!", session_id=made))).status_code == 200
    assert told(ollama) == [("user", "?"), ("user", "!")]


TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {}}} for name in ("one", "two")
]


async def test_one_of_several_calls_of_a_turn_is_deleted_and_the_others_keep_their_ids(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Also where the run's own transcript knows the deleted one."""
    for agent_type in ("chat", "react"):
        ollama.queue(Reply(content="So.", calls=[Call(name="one"), Call(name="two")]))
        fields = {"tools": TOOLS, "agent_type": agent_type, "model": "llama3.2"}
        made = (await http.post(CHAT, json=hello(store=True) | fields)).json()["x_session_id"]
        where = f"{WHERE}/{made}/items"
        items = (await http.get(where, params={"order": "asc"})).json()["data"]
        calls = [one for one in items if one["type"] == "function_call"]
        assert [one["name"] for one in calls] == ["one", "two"]
        assert (await http.delete(f"{where}/{calls[0]['id']}")).status_code == 200
        left = (await http.get(where, params={"order": "asc"})).json()["data"]
        assert left == [one for one in items if one != calls[0]]
        assert (await http.get(f"{where}/{calls[1]['id']}")).json() == calls[1]
        ollama.queue(Reply(content="Fine."))
        again = hello("go on", session_id=made) | fields
        assert (await http.post(CHAT, json=again)).status_code == 200
        heard = [one for one in ollama.chats[-1].body["messages"] if one.get("tool_calls")]
        names = [it["function"]["name"] for one in heard for it in one["tool_calls"]]
        assert names == ["two"], agent_type
        assert (await http.delete(f"{where}/{calls[1]['id']}")).status_code == 200
        assert (await http.delete(f"{where}/{calls[1]['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"metadata": {str(n): "x" for n in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: "x"}}, "metadata"),
        ({"metadata": {"k": "x" * 513}}, "metadata"),
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
    for _ in range(300):
        deep = [deep]
    item = {"type": "reasoning", "summary": [], "extra": deep}
    answer = await http.post(f"{WHERE}/{made}/items", json={"items": [item]})
    assert answer.status_code == 200
    assert len((await http.get(f"{WHERE}/{made}/items")).json()["data"]) == 2


async def test_the_conversations_of_an_erased_account_are_gone(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """Nobody else can read them either."""
    async with server.http(person.token) as theirs:
        made, _ = await added(theirs, SAID[0])
    assert (await http.delete(f"/api/users/{person.id}")).status_code == 204
    assert (await http.get(f"{WHERE}/{made}/items")).status_code == 404
