"""`/v1/responses/compact`: a conversation made short, and gone on with."""

from __future__ import annotations

from typing import Any

from httpx import AsyncClient
from openai import AsyncOpenAI

from tests.fakes.completions import MODEL
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.responses import RESPONSES, ask, texts

COMPACT = f"{RESPONSES}/compact"
TALK: list[Any] = [
    {"role": "user", "content": "Name two tables."},
    {"type": "function_call", "call_id": "call_1", "name": "list", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "users, books"},
    {"role": "assistant", "content": "Users and books."},
    {"role": "user", "content": "Thanks."},
]


async def test_a_conversation_is_made_short_and_gone_on_with(
    client: AsyncOpenAI, http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The user's words stay; all else is in the summary, which a later model is told."""
    ollama.queue(Reply(content="Two tables: users and books."))
    # The stock client's own types know no message of a user in it, though OpenAI sends them.
    made = (await http.post(COMPACT, json={"model": MODEL, "input": TALK})).json()
    assert [one["type"] for one in made["output"]] == ["message", "message", "compaction"]
    assert made["object"] == "response.compaction"
    assert made["usage"]["input_tokens"] > 0
    told = [one["content"] for one in ollama.chats[-1].body["messages"]]
    assert told[2] == "users, books"
    assert "tools" not in ollama.chats[-1].body
    ollama.queue(Reply(content="Users first."))
    after = await client.responses.create(
        model=MODEL, input=[*made["output"], {"role": "user", "content": "Which first?"}]
    )
    assert after.output_text == "Users first."
    said = [one["content"] for one in ollama.chats[-1].body["messages"]]
    assert said[:2] == ["Name two tables.", "Thanks."]
    assert "Two tables: users and books." in said[2]
    listed = [one async for one in client.responses.input_items.list(after.id, order="asc")]
    assert [one.type for one in listed] == ["message", "message", "compaction", "message"]


async def test_a_chain_of_responses_is_made_short(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Nothing else needs to be sent."""
    first = await ask(http, "I am Ann.")
    ollama.queue(Reply(content="She is Ann."))
    body = {"model": MODEL, "previous_response_id": first["id"]}
    made = (await http.post(COMPACT, json=body)).json()
    assert made["output"][0]["content"][0]["text"] == "I am Ann."
    ollama.queue(Reply(content="Ann."))
    items = [*made["output"], {"role": "user", "content": "Who am I?"}]
    assert texts(await ask(http, items)) == "Ann."
    assert (await http.get(f"{RESPONSES}/{made['id']}")).status_code == 404


async def test_what_cannot_be_made_short_is_refused_by_its_field(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Nothing at all, and a compaction that somebody else made."""
    foreign = {"type": "compaction", "encrypted_content": "gAAAA"}
    for body, status, param in (
        ({"input": []}, 400, "input"),
        ({}, 400, "input"),
        ({"input": [foreign]}, 400, "input[0].encrypted_content"),
        ({"previous_response_id": "resp_gone"}, 400, "previous_response_id"),
        ({"input": "Hi", "model": "none"}, 404, "model"),
    ):
        answer = await http.post(COMPACT, json={"model": MODEL, **body})
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
    ollama.queue(Reply(error="broken", status=500))
    answer = await http.post(COMPACT, json={"model": MODEL, "input": "Hi"})
    assert answer.status_code == 502
