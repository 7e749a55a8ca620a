"""`/v1/conversations`: OpenAI's conversations are the sessions of this server."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI, NotFoundError

from tests.fakes.item_samples import KEPT, SAID, call, result
from tests.fakes.ollama_double import Call, OllamaDouble, Reply

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
    made, _ = await added(http, {"role": "user", "content": "Giraffes, please. Now."}, *KEPT[:3])
    seen = (await http.get(f"/api/conversations/{made}")).json()
    assert seen["title"] == "Giraffes, please."
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
        (1, [("user", "?"), ("assistant", "(No answer was given.)"), ("user", "!")]),
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
    assert told(ollama) == [
        ("user", "?"),
        ("assistant", "(No answer was given.)"),
        ("user", "!"),
    ]


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
