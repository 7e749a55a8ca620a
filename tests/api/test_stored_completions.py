"""Completions that are kept because of `store: true`, and found again by their id."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from openai import AsyncOpenAI, NotFoundError

from tests.fakes.item_samples import PIXEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply, failing
from tests.fakes.people import Person

MODEL = "llama3.2@chat"
CHAT = "/v1/chat/completions"


def hello(text: str = "Hello there", **more: Any) -> dict[str, Any]:
    """Make the body of a request whose answer is kept."""
    return {
        "model": MODEL,
        "messages": [{"role": "user", "content": text}],
        "store": True,
        **more,
    }


async def test_a_kept_completion_is_read_changed_and_deleted(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """With the stock client, which validates every answer; it is what was sent, with its metadata."""
    ollama.queue(Reply(content="Hi."))
    sent = await client.chat.completions.create(**hello(metadata={"topic": "demo"}))
    kept = await client.chat.completions.retrieve(sent.id)
    assert kept.to_dict() == {**sent.to_dict(), "metadata": {"topic": "demo"}}
    changed = await client.chat.completions.update(sent.id, metadata={"topic": "other"})
    assert changed.to_dict() == {**sent.to_dict(), "metadata": {"topic": "other"}}
    assert await client.chat.completions.retrieve(sent.id) == changed
    assert not (await client.chat.completions.update(sent.id, metadata=None)).to_dict()["metadata"]
    gone = await client.chat.completions.delete(sent.id)
    assert (gone.id, gone.object, gone.deleted) == (sent.id, "chat.completion.deleted", True)
    for again in (
        client.chat.completions.retrieve(sent.id),
        client.chat.completions.delete(sent.id),
        client.chat.completions.update(sent.id, metadata={}),
    ):
        with pytest.raises(NotFoundError) as caught:
            await again
        assert caught.value.param == "completion_id"


async def test_several_answers_of_one_request_are_kept_as_one_completion(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """When the last of them has ended, in the order in which they were sent."""
    ollama.queue(Reply(content="One."), Reply(content="Two."))
    sent = await client.chat.completions.create(**hello(n=2))
    kept = await client.chat.completions.retrieve(sent.id)
    assert kept.to_dict() == {**sent.to_dict(), "metadata": {}}
    assert len(kept.choices) == 2


@pytest.mark.parametrize("n", [1, 2])
async def test_messages_in_parts_are_kept_too(
    client: AsyncOpenAI, ollama: OllamaDouble, n: int
) -> None:
    """What such messages hold is checked, and kept as references, when the turn begins."""
    ollama.queue(*[Reply(content=f"Answer {at}.") for at in range(n)])
    parts = [{"type": "text", "text": "Hello"}, {"type": "text", "text": "there"}]
    body = hello(messages=[{"role": "user", "content": parts}], n=n)
    sent = await client.chat.completions.create(**body)
    kept = await client.chat.completions.retrieve(sent.id)
    assert kept.to_dict() == {**sent.to_dict(), "metadata": {}}


async def test_only_what_is_to_be_stored_is_kept(http: AsyncClient, ollama: OllamaDouble) -> None:
    """False, null and nothing are the same."""
    for more in ({"store": False}, {"store": None}, {}):
        body = {**hello(), "store": None, **more}
        sent = (await http.post(CHAT, json=body)).json()
        assert (await http.get(f"{CHAT}/{sent['id']}")).status_code == 404


async def test_a_streamed_completion_is_kept_like_another(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Whole, and there as soon as the stream has ended."""
    ollama.queue(Reply(content="One two three."))
    stream = await http.post(CHAT, json=hello(stream=True, metadata={"a": "b"}))
    first = orjson.loads(stream.text.partition("data: ")[2].partition("\n")[0])
    kept = (await http.get(f"{CHAT}/{first['id']}")).json()
    assert (kept["id"], kept["created"], kept["model"]) == (first["id"], first["created"], MODEL)
    assert kept["choices"][0]["message"]["content"] == "One two three."
    assert (kept["object"], kept["metadata"]) == ("chat.completion", {"a": "b"})
    assert kept["usage"]["total_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True])
async def test_a_completion_is_kept_although_its_client_has_left(
    server: LiveServer, http: AsyncClient, ollama: OllamaDouble, *, stream: bool
) -> None:
    """The run of a stored request goes on to its end."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="All of it.", hold=hold))
    async with server.http(server.token) as leaving:
        waiting = asyncio.create_task(leaving.post(CHAT, json=hello(stream=stream)))
        await ollama.arrived(1)
        [run_id] = server.app.state.services.turns.active
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    hold.set()
    await http.get(f"/api/runs/{run_id}/events")
    kept = (await http.get(f"{CHAT}/chatcmpl-{run_id.removeprefix('run_')}")).json()
    assert kept["choices"][0]["message"]["content"] == "All of it."


async def test_what_failed_is_not_kept(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Its client got an error, not a completion."""
    ollama.queue(failing(500, "no"))
    failed = await http.post(CHAT, json=hello())
    assert failed.status_code >= 500
    run_id = failed.headers["x-run-id"]
    answer = await http.get(f"{CHAT}/chatcmpl-{run_id.removeprefix('run_')}")
    assert answer.status_code == 404


async def test_calls_of_the_clients_tools_are_kept(
    client: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """As they were sent."""
    ollama.queue(Reply(calls=[Call(name="get_time")]))
    tool: Any = {"type": "function", "function": {"name": "get_time", "parameters": {}}}
    sent = await client.chat.completions.create(**hello(tools=[tool]))
    assert sent.choices[0].finish_reason == "tool_calls"
    kept = await client.chat.completions.retrieve(sent.id)
    assert kept.choices == sent.choices


async def test_kept_completions_are_listed_in_pages_by_model_and_metadata(
    server: LiveServer, person: Person, ollama: OllamaDouble
) -> None:
    """Oldest first, unless told otherwise."""
    async with server.openai(person.token, _strict_response_validation=True) as client:
        assert [one async for one in client.chat.completions.list()] == []
        made = [
            (
                await client.chat.completions.create(
                    **hello(str(n), metadata={"n": str(n % 2), "x": "y"})
                )
            ).id
            for n in range(5)
        ]
        other = await client.chat.completions.create(**hello(model="builtin@chat"))
        found = client.chat.completions
        assert [one.id async for one in found.list(limit=2)] == [*made, other.id]
        newest = [one.id async for one in found.list(order="desc", limit=2)]
        assert newest == [other.id, *reversed(made)]
        assert [one.id async for one in found.list(model="builtin@chat")] == [other.id]
        odd = found.list(metadata={"n": "1", "x": "y"}, limit=1)
        assert [one.id async for one in odd] == [made[1], made[3]]
        assert [one.id async for one in found.list(metadata={"n": "7"})] == []
        page = await found.list(limit=2, after=made[0])
        assert [one.id for one in page.data] == made[1:3]
        seen: Any = page
        assert (seen.first_id, seen.last_id, page.has_more) == (made[1], made[2], True)


async def test_the_messages_of_a_kept_completion_are_listed(
    http: AsyncClient, streaming: AsyncOpenAI, ollama: OllamaDouble
) -> None:
    """Each with an id; the parts of one stand beside its text."""
    image = {"type": "image_url", "image_url": {"url": PIXEL}}
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "name": "ada", "content": [{"type": "text", "text": "What?"}, image]},
        {"role": "assistant", "content": "A picture."},
        {"role": "user", "content": "Thanks"},
    ]
    body = hello(model="llava", messages=messages)
    sent = await http.post(CHAT, json=body)
    assert sent.status_code == 200, sent.text
    where = f"{CHAT}/{sent.json()['id']}/messages"
    listed = (await http.get(where)).json()
    assert [one["role"] for one in listed["data"]] == ["system", "user", "assistant", "user"]
    assert [one["content"] for one in listed["data"]] == [
        "Be brief.",
        "What?\n",
        "A picture.",
        "Thanks",
    ]
    second = listed["data"][1]
    assert (second["name"], second["content_parts"]) == ("ada", messages[1]["content"])
    assert listed["data"][0] == {
        "id": listed["first_id"],
        "role": "system",
        "content": "Be brief.",
        "name": None,
        "refusal": None,
        "content_parts": None,
    }
    found = streaming.chat.completions.messages
    paged = [one.id async for one in found.list(sent.json()["id"], limit=1, order="desc")]
    assert paged == [one["id"] for one in reversed(listed["data"])]


async def test_whoever_asks_for_more_than_a_page_gets_a_page(http: AsyncClient) -> None:
    """OpenAI's document names no most."""
    sent = (await http.post(CHAT, json=hello())).json()
    for where in (CHAT, f"{CHAT}/{sent['id']}/messages"):
        listed = await http.get(where, params={"limit": 1000})
        assert listed.status_code == 200
        assert 0 < len(listed.json()["data"]) <= 100


@pytest.mark.parametrize(
    ("where", "query", "param"),
    [
        ("", {"limit": 0}, "limit"),
        ("", {"order": "up"}, "order"),
        ("", {"after": "chatcmpl-0"}, "after"),
        ("/ID/messages", {"after": "msg_0"}, "after"),
        ("/ID/messages", {"limit": -1}, "limit"),
    ],
)
async def test_a_list_refuses_what_it_cannot_give(
    http: AsyncClient, where: str, query: Any, param: str
) -> None:
    """By name."""
    sent = (await http.post(CHAT, json=hello())).json()
    answer = await http.get(CHAT + where.replace("ID", sent["id"]), params=query)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize(
    ("metadata", "param"),
    [
        ({str(n): "x" for n in range(17)}, "metadata"),
        ({"k" * 65: "x"}, "metadata"),
        ({"k": "x" * 513}, "metadata.k"),
        (["x"], "metadata"),
    ],
)
async def test_bad_metadata_is_refused_by_name(
    http: AsyncClient, metadata: Any, param: str
) -> None:
    """Before a model is asked, and when it is changed."""
    refused = await http.post(CHAT, json=hello(metadata=metadata))
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    sent = (await http.post(CHAT, json=hello())).json()
    refused = await http.post(f"{CHAT}/{sent['id']}", json={"metadata": metadata})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    refused = await http.post(f"{CHAT}/{sent['id']}", json={})
    assert refused.json()["error"]["code"] == "missing_required_parameter"


async def test_what_belongs_to_somebody_else_answers_like_what_is_missing(
    http: AsyncClient, mine: AsyncClient
) -> None:
    """In every method, and nothing happens to it."""
    sent = (await http.post(CHAT, json=hello(metadata={"mine": "yes"}))).json()
    there = f"{CHAT}/{sent['id']}"
    for method, where, body in [
        ("GET", there, None),
        ("POST", there, {"metadata": {}}),
        ("DELETE", there, None),
        ("GET", f"{there}/messages", None),
    ]:
        theirs = await mine.request(method, where, json=body)
        nobodys = await mine.request(method, where.replace(sent["id"], "chatcmpl-0"), json=body)
        same = orjson.loads(theirs.content.replace(sent["id"].encode(), b"chatcmpl-0"))
        assert (theirs.status_code, same) == (404, nobodys.json()), method
    assert (await mine.get(CHAT, params={"after": sent["id"]})).status_code == 400
    assert (await mine.get(CHAT)).json()["data"] == []
    assert (await http.get(there)).json()["metadata"] == {"mine": "yes"}


async def test_a_kept_completion_goes_with_its_session_and_its_account(
    server: LiveServer, http: AsyncClient, person: Person, ollama: OllamaDouble
) -> None:
    """Who erases the conversation erases what was said in it."""
    async with server.http(person.token) as theirs:
        first, second = [(await theirs.post(CHAT, json=hello())).json() for _ in range(2)]
        where = f"/api/conversations/{first['x_session_id']}"
        assert (await theirs.delete(where)).status_code == 204
        assert (await theirs.get(f"{CHAT}/{first['id']}")).status_code == 404
        assert (await theirs.get(f"{CHAT}/{second['id']}")).status_code == 200
        answers = server.app.state.services.answers
        assert await answers.get(person.id, second["id"])
        assert (await http.delete(f"/api/users/{person.id}")).status_code == 204
        assert await answers.get(person.id, second["id"]) is None


async def test_a_completion_whose_session_is_erased_meanwhile_is_not_kept(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """And its client still gets its answer."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="One two", fault=Fault(kind="hang", after=2), hold=hold))
    waiting = asyncio.create_task(http.post(CHAT, json=hello()))
    await ollama.arrived(1)
    found = (await http.get("/api/conversations", params={"limit": 1})).json()["conversations"][0]
    await http.delete(f"/v1/conversations/{found['id']}")
    hold.set()
    answer = await waiting
    assert answer.status_code == 200
    assert (await http.get(f"{CHAT}/{answer.json()['id']}")).status_code == 404
