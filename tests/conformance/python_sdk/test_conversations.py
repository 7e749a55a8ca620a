"""Conversations and stored completions through openai-python."""

from __future__ import annotations

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.fakes.completions import HI, MODEL, weather_tool
from tests.fakes.ollama_double import Call, OllamaDouble, Reply

HELLO: Any = {"type": "message", "role": "user", "content": "Hello"}


def test_a_conversation_is_made_read_changed_and_erased(client: OpenAI) -> None:
    """Its metadata is replaced as a whole."""
    made = client.conversations.create(metadata={"a": "b"}, items=[HELLO])
    assert (made.id[:5], made.object, made.metadata) == ("conv_", "conversation", {"a": "b"})
    assert client.conversations.retrieve(made.id) == made
    changed = client.conversations.update(made.id, metadata={"c": "d"})
    assert changed.metadata == {"c": "d"}
    gone = client.conversations.delete(made.id)
    assert (gone.id, gone.deleted) == (made.id, True)
    with pytest.raises(NotFoundError):
        client.conversations.retrieve(made.id)


def test_items_are_added_read_listed_and_deleted(client: OpenAI) -> None:
    """In pages that fetch one another, in either order."""
    kept = client.conversations.create()
    items = client.conversations.items
    added = items.create(kept.id, items=[{**HELLO, "content": f"Number {at}"} for at in range(5)])
    ids = [item.id for item in added.data]
    assert (added.first_id, added.last_id, added.has_more) == (ids[0], ids[-1], False)
    assert [one.id for one in items.list(kept.id, order="asc", limit=2)] == ids
    assert [one.id for one in items.list(kept.id, limit=2)] == ids[::-1]
    assert items.retrieve(ids[1], conversation_id=kept.id) == added.data[1]
    assert items.delete(ids[1], conversation_id=kept.id).id == kept.id
    assert [one.id for one in items.list(kept.id, order="asc")] == [ids[0], *ids[2:]]
    with pytest.raises(NotFoundError):
        items.retrieve(ids[1], conversation_id=kept.id)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "mild"},
        {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "x"},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "tides"},
        },
        {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["x"]},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_image", "image_url": "https://x.org/a", "detail": "low"}],
        },
    ],
    ids=lambda item: item["type"],
)
def test_items_of_every_kind_come_back(client: OpenAI, item: Any) -> None:
    """The strict client can read them."""
    kept = client.conversations.create(items=[item])
    [found] = client.conversations.items.list(kept.id)
    assert found.type == item["type"]


@pytest.mark.parametrize(
    ("items", "param"),
    [
        ([{"type": "item_reference", "id": "msg_1"}], "items[0]"),
        ([HELLO] * 21, "items"),
        ([{"type": "message", "role": "robot", "content": "x"}], "items[0]"),
    ],
    ids=["a reference", "too many", "an unknown role"],
)
def test_items_that_cannot_be_kept_are_named(client: OpenAI, items: Any, param: str) -> None:
    """By their place."""
    with pytest.raises(BadRequestError) as refused:
        client.conversations.create(items=items)
    assert str(refused.value.param).startswith(param)


def test_a_chat_goes_on_in_a_conversation(client: OpenAI, ollama: OllamaDouble) -> None:
    """One store, several doors."""
    kept = client.conversations.create(items=[{**HELLO, "content": "I am Ada."}])
    ollama.queue(Reply(content="You are Ada."))
    client.chat.completions.create(model=MODEL, messages=HI, extra_body={"session_id": kept.id})
    assert "I am Ada." in str(ollama.chats[-1].body["messages"])
    assert len(list(client.conversations.items.list(kept.id))) == 3


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_stored_completion_is_kept(
    client: OpenAI, lenient: OpenAI, ollama: OllamaDouble, *, stream: bool
) -> None:
    """It is read, changed, asked for its messages (those of users are no type of the client), and forgotten."""
    ollama.queue(Reply(content="I am well."))
    asked: Any = {"model": MODEL, "messages": HI, "store": True, "stream": stream}
    made = client.chat.completions.create(**asked, metadata={"a": "b"})
    made_id = {chunk.id for chunk in made}.pop() if stream else made.id
    kept = client.chat.completions.retrieve(made_id)
    assert (kept.choices[0].message.content, kept.id) == ("I am well.", made_id)
    assert client.chat.completions.update(made_id, metadata={"c": "d"}).id == made_id
    [message] = lenient.chat.completions.messages.list(made_id)
    assert (message.role, message.content) == ("user", HI[0]["content"])
    assert client.chat.completions.delete(made_id).deleted is True
    with pytest.raises(NotFoundError):
        client.chat.completions.retrieve(made_id)


def test_stored_completions_are_listed(client: OpenAI, ollama: OllamaDouble) -> None:
    """By model and metadata, in pages, with calls among them."""
    mark = {"mark": "listed"}
    ollama.queue(Reply(calls=[Call(name="get_weather")]), Reply(content="b"), Reply(content="c"))
    made = [
        client.chat.completions.create(
            model=MODEL, messages=HI, store=True, metadata=mark, tools=[weather_tool()]
        ).id
        for _ in range(3)
    ]
    completions = client.chat.completions
    assert [one.id for one in completions.list(metadata=mark, limit=2)] == made
    assert [one.id for one in completions.list(metadata=mark, order="desc")] == made[::-1]
    assert list(completions.list(metadata=mark, model="another")) == []


def test_what_is_not_stored_is_not_found(client: OpenAI) -> None:
    """The default of a chat."""
    made = client.chat.completions.create(model=MODEL, messages=HI)
    with pytest.raises(NotFoundError):
        client.chat.completions.retrieve(made.id)
