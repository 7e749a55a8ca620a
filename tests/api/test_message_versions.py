"""Versions of messages: another question in a place, an answer given anew, which one is shown."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from httpx import AsyncClient

from tests.fakes.completions import CHAT
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply
from tests.fakes.people import someone

MODEL = "llama3.2@chat"


def asks(*texts: str, **more: Any) -> dict[str, Any]:
    """Make the body of a request."""
    return {"model": MODEL, "messages": [{"role": "user", "content": one} for one in texts], **more}


async def said(http: AsyncClient, *texts: str) -> str:
    """Open a session with questions, each answered by the double; give its id."""
    session_id = ""
    for text in texts:
        more = {"session_id": session_id} if session_id else {"store": True}
        answer = await http.post(CHAT, json=asks(text, **more))
        session_id = answer.json()["x_session_id"]
    return session_id


async def again(http: AsyncClient, session_id: str, replaced: str, *texts: str) -> httpx.Response:
    """Say something in a message's place, or have an answer given anew."""
    return await http.post(CHAT, json=asks(*texts, session_id=session_id, replaces=replaced))


async def seen(http: AsyncClient, session_id: str) -> list[Any]:
    """Give the messages that are shown."""
    answer = await http.get(f"/api/conversations/{session_id}")
    return list(answer.json()["messages"])


def words(messages: list[Any]) -> list[str]:
    """Give what messages say."""
    return [one["message"]["content"] for one in messages]


def told(ollama: OllamaDouble) -> list[str]:
    """Give what the last call of the model was told."""
    return [one["content"] for one in ollama.chats[-1].body["messages"]]


async def since(http: AsyncClient, session_id: str, message_id: str) -> httpx.Response:
    """Ask for what follows a message that is shown."""
    return await http.get(f"/api/conversations/{session_id}", params={"after": message_id})


async def show(http: AsyncClient, session_id: str, message_id: str) -> httpx.Response:
    """Have a version shown."""
    return await http.patch(f"/api/conversations/{session_id}", json={"shown": message_id})


async def test_an_answer_is_given_anew_from_the_same_question(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The model is told what it was told before; the first answer stays as another version."""
    session_id = await said(http, "One", "Two")
    *before, first = await seen(http, session_id)
    ollama.queue(Reply(content="Better."))
    answer = await again(http, session_id, first["id"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "Better."
    assert told(ollama) == ["One", "echo: One", "Two"]
    *still, second = await seen(http, session_id)
    assert still == before
    assert (second["message"]["content"], second["run_id"]) == (
        "Better.",
        answer.json()["x_agent"]["run_id"],
    )
    assert second["versions"] == [first["id"], second["id"]]
    assert [one["versions"] for one in still] == [[one["id"]] for one in still]


async def test_a_question_asked_otherwise_makes_a_branch(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """What followed the first one is neither told to the model nor shown, and the title stays."""
    session_id = await said(http, "One", "Two", "Three")
    old = await seen(http, session_id)
    answer = await again(http, session_id, old[2]["id"], "Two, please")
    assert answer.status_code == 200
    assert told(ollama) == ["One", "echo: One", "Two, please"]
    new = await seen(http, session_id)
    assert words(new) == ["One", "echo: One", "Two, please", "echo: Two, please"]
    assert new[2]["versions"] == [old[2]["id"], new[2]["id"]]
    conversation = (await http.get(f"/api/conversations/{session_id}")).json()
    assert conversation["title"] == "One"
    await http.post(CHAT, json=asks("Four", session_id=session_id))
    assert told(ollama)[2:] == ["Two, please", "echo: Two, please", "Four"]


async def test_the_first_question_has_versions_too(http: AsyncClient, ollama: OllamaDouble) -> None:
    """Nothing stands before it."""
    session_id = await said(http, "One")
    first = (await seen(http, session_id))[0]["id"]
    await again(http, session_id, first, "Uno")
    assert told(ollama) == ["Uno"]
    shown = await seen(http, session_id)
    assert words(shown) == ["Uno", "echo: Uno"]
    assert shown[0]["versions"] == [first, shown[0]["id"]]


async def test_a_version_is_shown_with_its_newest_continuation(http: AsyncClient) -> None:
    """And the conversation goes on from there, through every door."""
    session_id = await said(http, "One", "Two")
    old = await seen(http, session_id)
    await again(http, session_id, old[0]["id"], "Uno")
    back = await show(http, session_id, old[0]["id"])
    assert (back.status_code, back.json()["id"]) == (200, session_id)
    shown = await seen(http, session_id)
    assert words(shown) == words(old)
    assert [one["id"] for one in shown] == [one["id"] for one in old]
    listed = await http.get(f"/v1/conversations/{session_id}/items?order=asc")
    assert [one["content"][0]["text"] for one in listed.json()["data"]] == words(old)
    await http.post(
        "/v1/responses", json={"model": MODEL, "input": "3", "conversation": session_id}
    )
    assert words(await seen(http, session_id)) == [*words(old), "3", "echo: 3"]


async def test_items_of_versions_that_are_not_shown_are_as_if_they_were_not_there(
    http: AsyncClient,
) -> None:
    """They are neither read nor deleted by OpenAI's clients, and come back with their version."""
    session_id = await said(http, "One")
    where = f"/v1/conversations/{session_id}/items"
    question, answer = (await http.get(where, params={"order": "asc"})).json()["data"]
    await again(http, session_id, (await seen(http, session_id))[0]["id"], "Uno")
    for item in (question, answer):
        assert (await http.get(f"{where}/{item['id']}")).status_code == 404
        assert (await http.delete(f"{where}/{item['id']}")).status_code == 404
    first = (await seen(http, session_id))[0]["versions"][0]
    await show(http, session_id, first)
    assert (await http.get(f"{where}/{answer['id']}")).json() == answer


async def test_search_looks_into_every_version(http: AsyncClient) -> None:
    """What was said is found, shown or not."""
    session_id = await said(http, "Aardvarks of the Karoo")
    await again(http, session_id, (await seen(http, session_id))[0]["id"], "Meerkats")
    for words_said in ("aardvarks", "meerkats"):
        found = (await http.get("/api/conversations", params={"query": words_said})).json()
        assert [one["id"] for one in found["conversations"]] == [session_id]


async def test_the_run_of_a_version_that_is_not_shown_stays_readable(http: AsyncClient) -> None:
    """With its trace."""
    session_id = await said(http, "One")
    first = (await seen(http, session_id))[1]
    await again(http, session_id, first["id"])
    run = (await http.get(f"/api/runs/{first['run_id']}")).json()
    assert (run["state"], run["conversation_id"]) == ("completed", session_id)


async def test_a_new_answer_that_fails_leaves_the_old_one_shown(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Nothing was said in its place."""
    session_id = await said(http, "One")
    before = await seen(http, session_id)
    ollama.queue(Reply(content="x", fault=Fault(kind="error", text=b"no")))
    failed = await again(http, session_id, before[1]["id"])
    assert failed.status_code >= 400
    assert await seen(http, session_id) == before


async def test_a_question_that_nobody_has_answered_is_answered_without_being_put_again(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """As after a failure; it is no version of itself, and what is named must be the last."""
    ollama.queue(Reply(content="x", fault=Fault(kind="error", text=b"no")))
    failed = await http.post(CHAT, json=asks("One", store=True))
    assert failed.status_code >= 400
    session_id = failed.headers["x-session-id"]
    [question] = await seen(http, session_id)
    ollama.queue(Reply(content="Uno."))
    answer = await again(http, session_id, question["id"])
    assert answer.status_code == 200, answer.text
    assert told(ollama) == ["One"]
    same, said_then = await seen(http, session_id)
    assert (same, said_then["message"]["content"]) == (question, "Uno.")
    refused = await again(http, session_id, question["id"])
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "replaces")


@pytest.mark.parametrize("streamed", [False, True])
async def test_nothing_is_shown_otherwise_while_an_answer_is_given(
    http: AsyncClient, ollama: OllamaDouble, *, streamed: bool
) -> None:
    """A switch and a second version are told that the session is busy."""
    session_id = await said(http, "One")
    question, answer = await seen(http, session_id)
    hold = asyncio.Event()
    ollama.queue(Reply(content="Slowly.", hold=hold))
    body = asks(session_id=session_id, replaces=answer["id"], stream=streamed)
    running = asyncio.create_task(http.post(CHAT, json=body))
    await ollama.arrived(2)
    assert await seen(http, session_id) == [question]
    busy = await show(http, session_id, answer["id"])
    assert (busy.status_code, busy.json()["error"]["code"]) == (409, "session_busy")
    second = await again(http, session_id, question["id"], "Uno")
    assert (second.status_code, second.json()["error"]["code"]) == (409, "session_busy")
    hold.set()
    assert (await running).status_code == 200
    assert words(await seen(http, session_id)) == ["One", "Slowly."]


async def test_what_cannot_be_replaced_is_refused_by_name(http: AsyncClient) -> None:
    """And nothing is stored."""
    session_id = await said(http, "One")
    question, answer = await seen(http, session_id)
    await again(http, session_id, question["id"], "Uno")
    before = await seen(http, session_id)
    for body in (
        asks("x", replaces=answer["id"]),
        asks("x", replaces=answer["id"], store=True),
        asks(replaces=answer["id"]),
        asks(replaces=before[0]["id"], session_id=session_id),
        asks("x", replaces=answer["id"], session_id=session_id),
        asks("x", replaces="msg_nobody", session_id=session_id),
    ):
        refused = await http.post(CHAT, json=body)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "replaces")
    for body in (asks(), asks(session_id=session_id), asks(replaces="", session_id=session_id)):
        refused = await http.post(CHAT, json=body)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages")
    unknown = await http.post(CHAT, json=asks("x", replaces="msg_1", session_id="conv_nobody"))
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (404, "session_id")
    assert await seen(http, session_id) == before


async def test_messages_of_others_are_like_missing_ones(
    server: LiveServer, http: AsyncClient
) -> None:
    """Named in one's own conversation, or in theirs."""
    theirs = await said(http, "One")
    foreign = (await seen(http, theirs))[1]["id"]
    other = await someone(server, http)
    async with server.http(other.token) as mine:
        session_id = await said(mine, "Hello")
        answers = [await again(mine, session_id, one) for one in (foreign, "msg_0")]
        assert answers[0].json() == answers[1].json()
        shows = [await show(mine, session_id, one) for one in (foreign, "msg_0")]
        assert [one.status_code for one in shows] == [404, 404]
        assert shows[0].json() == shows[1].json()
        assert (await show(mine, theirs, foreign)).status_code == 404
        assert words(await seen(mine, session_id)) == ["Hello", "echo: Hello"]


async def test_a_change_of_what_is_shown_can_come_with_a_title(http: AsyncClient) -> None:
    """Alone it does not count as use: the list stays in its order."""
    session_id = await said(http, "One")
    question = (await seen(http, session_id))[0]["id"]
    await again(http, session_id, question, "Uno")
    where = f"/api/conversations/{session_id}"
    before = (await http.get(where)).json()
    both = (await http.patch(where, json={"shown": question, "title": "Numbers"})).json()
    assert both["title"] == "Numbers"
    after = (await http.get(where)).json()
    assert words(after["messages"]) == ["One", "echo: One"]
    alone = (await http.patch(where, json={"shown": before["messages"][0]["id"]})).json()
    assert alone == both


async def test_a_stored_completion_of_another_version_is_kept(http: AsyncClient) -> None:
    """Beside the one it replaces."""
    session_id = await said(http, "One")
    answer = (await seen(http, session_id))[1]["id"]
    body = asks(session_id=session_id, replaces=answer, store=True)
    made = (await http.post(CHAT, json=body)).json()
    kept = (await http.get(f"{CHAT}/{made['id']}")).json()
    assert kept["choices"] == made["choices"]
    assert (await http.get(f"{CHAT}/{made['id']}/messages")).json()["data"] == []


async def test_only_what_follows_a_message_is_given_when_it_is_named(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Each message comes as it does with all others, the newest one has nothing behind it."""
    session_id = await said(http, "One", "Two")
    everything = await seen(http, session_id)
    ollama.queue(Reply(content="Better."))
    await again(http, session_id, everything[-1]["id"])
    shown = await seen(http, session_id)
    for at, one in enumerate(shown, 1):
        answer = await since(http, session_id, one["id"])
        assert answer.json()["messages"] == shown[at:]
    assert len(shown[-1]["versions"]) == 2


async def test_nothing_follows_a_message_that_is_not_shown(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """A version that was left is no place to go on from, nor is another conversation's message."""
    session_id, other = await said(http, "One"), await said(http, "Else")
    _, first = await seen(http, session_id)
    ollama.queue(Reply(content="Better."))
    await again(http, session_id, first["id"])
    strange = (await seen(http, other))[0]["id"]
    for message_id in (first["id"], strange, "msg_none", ""):
        answer = await since(http, session_id, message_id)
        assert (answer.status_code, answer.json()["error"]["param"]) == (404, "after")
