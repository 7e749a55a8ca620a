"""Requests that come with an Idempotency-Key: carried out once, answered alike, bounded."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI

from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply
from tests.fakes.people import Person, a_key

CHAT = "/v1/chat/completions"
KEYED = {"idempotency-key": "one-key"}
ASK: dict[str, Any] = {
    "model": "llama3.2@chat",
    "messages": [{"role": "user", "content": "Hello"}],
    "store": True,
}


async def test_fifty_requests_at_once_are_one(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """The model is asked once, and everybody gets the same bytes."""
    said = await asyncio.gather(*(mine.post(CHAT, json=ASK, headers=KEYED) for _ in range(50)))
    assert {one.status_code for one in said} == {200}
    assert len({one.content for one in said}) == 1
    assert len({one.headers["x-run-id"] for one in said}) == 1
    assert len({one.headers["x-request-id"] for one in said}) == 50
    assert len(ollama.chats) == 1


async def test_a_later_request_gets_the_kept_answer(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """The second answer says that it is one again; another body under the key is a conflict."""
    first = await mine.post(CHAT, json=ASK, headers=KEYED)
    again = await mine.post(CHAT, json=ASK, headers=KEYED)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    other = await mine.post(CHAT, json={**ASK, "temperature": 0.5}, headers=KEYED)
    code = other.json()["error"]["code"]
    assert (other.status_code, code) == (409, "idempotency_key_reused")
    assert other.headers["x-should-retry"] == "false"
    assert len(ollama.chats) == 1


async def test_a_stream_is_joined_while_it_runs_and_replayed_later(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Whoever comes during the answer, and whoever comes after it, sees every event from the first."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="one two three", late_end=hold))
    body = {**ASK, "stream": True}
    async with mine.stream("POST", CHAT, json=body, headers=KEYED) as first:
        pieces = first.aiter_bytes()
        begun = await anext(pieces)
        second = asyncio.create_task(mine.post(CHAT, json=body, headers=KEYED))
        hold.set()
        whole = begun + b"".join([piece async for piece in pieces])
    assert (await second).content == whole
    later = await mine.post(CHAT, json=body, headers=KEYED)
    assert later.content == whole
    assert later.headers["content-type"].startswith("text/event-stream")
    assert whole.rstrip().endswith(b"data: [DONE]")
    assert len(ollama.chats) == 1


async def test_a_client_that_leaves_finds_its_answer_when_it_comes_again(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Also one without a session, whose run would end with its client otherwise."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="one two three", late_end=hold))
    body = {**ASK, "store": False, "stream": True}
    async with mine.stream("POST", CHAT, json=body, headers=KEYED) as first:
        _ = await anext(first.aiter_bytes())
    hold.set()
    later = await mine.post(CHAT, json=body, headers=KEYED)
    assert b"three" in later.content
    assert len(ollama.chats) == 1


async def test_an_answer_that_another_server_is_about_to_keep_is_waited_for(
    mine: httpx.AsyncClient, server: LiveServer, person: Person, ollama: OllamaDouble
) -> None:
    """Its run has ended a moment before; that it is lost is told when it does not come."""
    first = await mine.post(CHAT, json=ASK, headers=KEYED)
    keyed = server.app.state.services.keyed
    await keyed.aclose()
    store = keyed.store
    key_hash = hashlib.sha256(b"one-key").hexdigest()
    kept = await store.get(person.id, key_hash)
    assert kept is not None
    await store.note(replace(kept, server_id="srv_other", status=0, headers=(), body=b""))
    again = asyncio.create_task(mine.post(CHAT, json=ASK, headers=KEYED))
    await asyncio.wait([again], timeout=0.3)
    assert not again.done()
    await store.note(kept)
    assert (await again).content == first.content
    await store.note(replace(kept, server_id="srv_other", status=0, headers=(), body=b""))
    lost = await mine.post(CHAT, json=ASK, headers=KEYED)
    assert (lost.status_code, lost.json()["error"]["code"]) == (409, "run_interrupted")
    assert len(ollama.chats) == 1


async def test_what_failed_here_is_tried_again(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """An answer of 5xx is not kept; one of 4xx is."""
    ollama.queue(Reply(status=500, error="boom"))
    failed = await mine.post(CHAT, json=ASK, headers=KEYED)
    assert failed.status_code >= 500
    assert (await mine.post(CHAT, json=ASK, headers=KEYED)).status_code == 200
    wrong = {**ASK, "temperature": 99}
    key = {"idempotency-key": "wrong"}
    refused = [await mine.post(CHAT, json=wrong, headers=key) for _ in range(2)]
    assert [one.status_code for one in refused] == [400, 400]
    assert refused[1].headers["idempotent-replayed"] == "true"


async def test_a_stream_that_broke_off_is_tried_again(
    mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Its status was sent before the model server failed; the answer is one that nobody wants twice."""
    key = {"idempotency-key": "broken-off"}
    body = {**ASK, "stream": True}
    ollama.queue(Reply(content="one two three", fault=Fault(kind="cut", after=2)))
    first = await mine.post(CHAT, json=body, headers=key)
    assert (first.status_code, "upstream_cut" in first.text) == (200, True)
    again = await mine.post(CHAT, json=body, headers=key)
    assert "[DONE]" in again.text
    assert (await mine.post(CHAT, json=body, headers=key)).content == again.content


async def test_a_key_is_its_users_own(
    mine: httpx.AsyncClient, http: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """The same key of another user is another key; a stranger gets no answer at all."""
    own = await mine.post(CHAT, json=ASK, headers=KEYED)
    others = await http.post(CHAT, json=ASK, headers=KEYED)
    assert own.headers["x-run-id"] != others.headers["x-run-id"]
    nobody = {**KEYED, "authorization": "Bearer sk-wrong"}
    assert (await mine.post(CHAT, json=ASK, headers=nobody)).status_code == 401


async def test_a_key_bound_to_less_gets_no_answer_of_a_wider_one(
    server: LiveServer, mine: httpx.AsyncClient, ollama: OllamaDouble
) -> None:
    """Of the same user, with the same key and body: what it may not ask for it is not given either."""
    own = await mine.post(CHAT, json=ASK, headers=KEYED)
    for scopes, status in ((("files",), 403), (("chat", "tools:math_calc"), 200)):
        async with server.http(await a_key(mine, *scopes)) as narrow:
            answer = await narrow.post(CHAT, json=ASK, headers=KEYED)
            assert answer.status_code == status
            assert "idempotent-replayed" not in answer.headers
            assert answer.headers.get("x-run-id") != own.headers["x-run-id"]
    async with server.http(await a_key(mine, "tools:math_calc", "chat")) as alike:
        assert "idempotent-replayed" in (await alike.post(CHAT, json=ASK, headers=KEYED)).headers


async def test_an_upload_with_another_boundary_is_the_same_upload(mine: httpx.AsyncClient) -> None:
    """Clients make a new boundary for each try; the file is kept once."""
    answers: list[httpx.Response] = []
    for boundary in ("first", "quite-another-one"):
        form = (
            f'--{boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
            f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
            f"The vault opens at seven.\r\n--{boundary}--\r\n"
        )
        kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
        answers.append(
            await mine.post("/v1/files", content=form.encode(), headers={**KEYED, **kind})
        )
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].content == answers[1].content
    assert len((await mine.get("/v1/files")).json()["data"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_of_the_wrong_length_is_refused(mine: httpx.AsyncClient, key: str) -> None:
    """Nothing is carried out."""
    answer = await mine.post(CHAT, json=ASK, headers={"idempotency-key": key})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "Idempotency-Key")


async def test_a_stock_client_can_send_its_keys(
    server: LiveServer, person: Person, ollama: OllamaDouble
) -> None:
    """OpenAI's client gives each request one key for all its tries once it knows the header."""
    async with server.openai(person.token, max_retries=2) as client:
        client._idempotency_header = "Idempotency-Key"
        ollama.queue(Reply(status=500, error="boom"))
        answer = await client.chat.completions.create(
            model="llama3.2@chat", messages=[{"role": "user", "content": "Hello"}]
        )
    assert answer.choices[0].message.content
    assert isinstance(client, AsyncOpenAI)


@contextlib.asynccontextmanager
async def cutting(server: LiveServer, ollama: OllamaDouble) -> AsyncIterator[str]:
    """Pass connections on to a server, but reset the first one once the model was asked."""
    host, port = server.url.removeprefix("http://").split(":")
    came = 0

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            writer.write(piece)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        there = await asyncio.open_connection(host, int(port))
        ways = [asyncio.create_task(passed(reader, there[1]))]
        if came == 1:
            await ollama.arrived(1)
            writer.transport.abort()
            there[1].transport.abort()
        else:
            ways.append(asyncio.create_task(passed(there[0], writer)))
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(*ways)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    assert came == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_a_stock_client_whose_connection_was_reset_joins_the_run_it_began(
    server: LiveServer,
    person: Person,
    mine: httpx.AsyncClient,
    ollama: OllamaDouble,
    *,
    stream: bool,
) -> None:
    """Its own second try has the same key: there is one run, and one session with one answer."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="one two three", late_end=hold))
    async with cutting(server, ollama) as url:
        client = AsyncOpenAI(base_url=f"{url}/v1", api_key=person.token, max_retries=1, timeout=20)
        async with client:
            asked = asyncio.create_task(
                client.chat.completions.create(
                    model="llama3.2@chat",
                    messages=[{"role": "user", "content": "Hello"}],
                    stream=stream,
                    extra_body={"store": True},
                    extra_headers={"Idempotency-Key": f"cut-{stream}"},
                )
            )
            await ollama.arrived(1)
            hold.set()
            answer: Any = await asked
            said = (
                "".join([one.choices[0].delta.content or "" async for one in answer if one.choices])
                if stream
                else answer.choices[0].message.content
            )
    assert said == "one two three"
    assert len(ollama.chats) == 1
    [session] = (await mine.get("/api/conversations")).json()["conversations"]
    kept = (await mine.get(f"/api/conversations/{session['id']}")).json()["messages"]
    assert [one["message"]["role"] for one in kept] == ["user", "assistant"]
