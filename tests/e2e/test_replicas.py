"""Two real servers on one real PostgreSQL: whichever is asked, and whichever dies."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.ollama_double import Fault, Reply
from tests.fakes.replicas import Replicas, two_replicas, until
from tests.fakes.sql_databases import empty_postgres, postgres_copy

MODEL = "llama3.2"
HANG = Fault(kind="hang", after=3)
STEADY = Reply(count=60, tokens_per_second=20)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own."""
    with empty_postgres() as server:
        yield server


@pytest.fixture
async def replicas(postgres: str, tmp_path: Path) -> AsyncIterator[Replicas]:
    """Two servers that know of each other."""
    with postgres_copy(postgres) as url:
        async with two_replicas(tmp_path, url) as made:
            yield made


def events(frames: str) -> list[tuple[str, str, Any]]:
    """Read server-sent events as id, name and data; comments are left out."""
    found: list[tuple[str, str, Any]] = []
    for frame in frames.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in frame.split("\n") if line and not line.startswith(":")
        )
        if "data" in fields:
            found.append((fields.get("id", ""), fields["event"], json.loads(fields["data"])))
    return found


async def read(answer: httpx.Response, *, until_chars: int | None = None) -> str:
    """Read a stream to its end, or until it has said so much."""
    whole = ""
    async for piece in answer.aiter_text():
        whole += piece
        said = "".join(it.get("text", "") for _, name, it in events(whole) if name == "content")
        if until_chars is not None and len(said) >= until_chars:
            break
    return whole


def text_of(found: list[tuple[str, str, Any]]) -> str:
    return "".join(data["text"] for _, name, data in found if name == "content")


async def begin(http: httpx.AsyncClient, **more: Any) -> tuple[str, asyncio.Task[str]]:
    """Ask for a stream; give the run's id and the task that reads the answer."""
    body = {
        "model": f"{MODEL}@chat",
        "messages": [{"role": "user", "content": "count"}],
        "stream": True,
        **more,
    }
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answered() -> str:
        async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
            assert answer.status_code == 200, await answer.aread()
            started.set_result(answer.headers["x-run-id"])
            try:
                return "".join([piece async for piece in answer.aiter_text()])
            except httpx.HTTPError:
                return "broken"

    task = asyncio.create_task(answered())
    await asyncio.wait([started, task], return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        await task
    return started.result(), task


@pytest.mark.parametrize("store", [True, False])
async def test_a_stream_of_one_server_is_followed_on_the_other_without_a_gap(
    replicas: Replicas, *, store: bool
) -> None:
    """From the beginning and from the middle; with a session and without a trace in any table."""
    replicas.ollama.queue(STEADY)
    run_id, task = await begin(replicas.one.http, store=store)
    address = f"/api/runs/{run_id}/events"
    async with replicas.other.http.stream("GET", address) as answer:
        assert answer.status_code == 200
        part = await read(answer, until_chars=40)
    seen = [it for it in events(part) if it[0]]
    resumed = {"last-event-id": seen[-1][0]}
    here = asyncio.create_task(replicas.other.http.get(address, headers=resumed))
    there = asyncio.create_task(replicas.one.http.get(address))
    rest, whole = events((await here).text), events((await there).text)
    assert rest[-1] == whole[-1] == ("", "end", {"state": "completed"})
    assert text_of(seen) + text_of(rest) == text_of(whole)
    assert rest[-2][0] == whole[-2][0]
    assert "[DONE]" in await task


async def test_a_stream_is_attached_again_after_its_server_was_killed(replicas: Replicas) -> None:
    """What was said until a second before is kept, the session is free, the run tells that it was cut off."""
    replicas.ollama.queue(Reply(count=2_000, tokens_per_second=40))
    run_id, task = await begin(replicas.one.http, store=True)
    address = f"/api/runs/{run_id}/events"
    follow = asyncio.create_task(replicas.other.http.get(address))
    async with replicas.other.http.stream("GET", address) as answer:
        seen = text_of(events(await read(answer, until_chars=300)))
    run = (await replicas.other.http.get(f"/api/runs/{run_id}")).json()
    assert (run["state"], len(run["trace"]["events"]) > 0) == ("running", True)
    session = {"session_id": run["conversation_id"], "messages": [{"role": "user", "content": "x"}]}
    busy = await replicas.other.http.post("/v1/chat/completions", json={"model": MODEL, **session})
    assert (busy.status_code, busy.json()["error"]["code"]) == (409, "session_busy")
    began = time.monotonic()
    await replicas.one.kill()
    assert await task == "broken"
    followed = events((await follow).text)
    assert time.monotonic() - began < 30
    assert followed[-1][2] == {"state": "interrupted"}
    assert text_of(followed).startswith(seen)
    again = events((await replicas.other.http.get(address)).text)
    assert text_of(again) == text_of(followed)
    kept = (await replicas.other.http.get(f"/api/conversations/{run['conversation_id']}")).json()
    said = kept["messages"][-1]
    assert (said["state"], said["message"]["content"]) == ("interrupted", text_of(again))
    free = await replicas.other.http.post("/v1/chat/completions", json={"model": MODEL, **session})
    assert free.status_code == 200


@pytest.mark.parametrize("store", [True, False])
async def test_a_run_is_stopped_from_the_other_server(replicas: Replicas, *, store: bool) -> None:
    """Its model is freed within a second; a stranger's run is missing, as soon."""
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    run_id, task = await begin(replicas.one.http, store=store)
    received = await replicas.ollama.arrived(1)
    began = time.monotonic()
    answer = await replicas.other.http.post(f"/api/runs/{run_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelling")
    async with asyncio.timeout(1):
        await received.cancelled.wait()
    assert time.monotonic() - began < 1
    await task
    missing = await replicas.other.http.get("/api/runs/run_00000000000000000000/events")
    assert missing.status_code == 404
    assert time.monotonic() - began < 3


async def test_a_strangers_run_is_missing_on_every_server(replicas: Replicas) -> None:
    """Followed, looked at or stopped."""
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    run_id, task = await begin(replicas.one.http)
    body = {"username": "bob", "password": "a password for Bob"}
    assert (await replicas.one.http.post("/api/users", json=body)).status_code == 201
    token = (await replicas.other.http.post("/api/auth/login", json=body)).json()["access_token"]
    bob = {"authorization": f"Bearer {token}"}
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
        address = f"/api/runs/{run_id}{path}"
        answer = await replicas.other.http.request(method, address, headers=bob)
        assert (answer.status_code, answer.json()["error"]["message"]) == (
            404,
            "There is no such run",
        )
    assert (await replicas.other.http.get(f"/api/runs/{run_id}")).json()["state"] == "running"
    await replicas.other.http.post(f"/api/runs/{run_id}/cancel")
    await task


async def test_a_background_response_is_read_and_stopped_on_the_other_server(
    replicas: Replicas,
) -> None:
    """As it stands, by its events from any number on, and to its end."""
    one, other = replicas.one.http, replicas.other.http
    replicas.ollama.queue(STEADY)
    body = {"model": f"{MODEL}@chat", "input": "count", "background": True, "stream": True}
    made: dict[str, Any] = {}
    async with one.stream("POST", "/v1/responses", json=body) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: ") and "response.created" in line:
                made = json.loads(line[6:])["response"]
                break
    address = f"/v1/responses/{made['id']}"
    assert (await other.get(address)).json()["status"] == "in_progress"
    streamed = await other.get(address, params={"stream": "true", "starting_after": 2})
    whole = await one.get(address, params={"stream": "true", "starting_after": 2})
    assert streamed.text.count("output_text.delta") > 50
    numbers = [
        json.loads(it[6:])["sequence_number"]
        for it in streamed.text.splitlines()
        if it.startswith("data: ")
    ]
    assert numbers == list(range(3, 3 + len(numbers)))
    assert numbers[-1] == json.loads(whole.text.strip().splitlines()[-1][6:])["sequence_number"]
    assert (await other.get(address)).json() == (await one.get(address)).json()
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    second = (await one.post("/v1/responses", json={**body, "stream": False})).json()
    received = await replicas.ollama.arrived(2)
    stopped = await other.post(f"/v1/responses/{second['id']}/cancel")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    assert received.cancelled.is_set()
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    third = (await one.post("/v1/responses", json={**body, "stream": False})).json()
    received = await replicas.ollama.arrived(3)
    assert (await other.delete(f"/v1/responses/{third['id']}")).status_code == 200
    assert received.cancelled.is_set()
    assert (await one.get(f"/v1/responses/{third['id']}")).status_code == 404


async def test_a_background_response_of_a_server_that_was_killed_has_failed(
    replicas: Replicas,
) -> None:
    """It is not in progress for ever, and who followed it is told."""
    other = replicas.other.http
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    body = {"model": f"{MODEL}@chat", "input": "count", "background": True}
    made = (await replicas.one.http.post("/v1/responses", json=body)).json()
    await replicas.ollama.arrived(1)
    address = f"/v1/responses/{made['id']}"
    assert (await other.get(address)).json()["status"] == "in_progress"
    followed = asyncio.create_task(other.get(address, params={"stream": "true"}))
    await replicas.one.kill()
    ended = await until(
        lambda: other.get(address), lambda it: it.json()["status"] not in {"queued", "in_progress"}
    )
    assert (ended.json()["status"], ended.json()["error"]["code"]) == ("failed", "server_error")
    assert "response.failed" in (await followed).text


async def test_an_approval_asked_on_one_server_is_decided_on_the_other(
    postgres: str, tmp_path: Path
) -> None:
    """Once, however many decide on both at the same moment."""
    with postgres_copy(postgres) as url:
        async with two_replicas(tmp_path, url, APPROVALS__RULES="math_calc=ask") as replicas:
            ask = {
                "model": "builtin@react",
                "messages": [{"role": "user", "content": "What is 12*(3+4)?"}],
                "store": True,
            }
            answer = (await replicas.one.http.post("/v1/chat/completions", json=ask)).json()
            assert answer["x_agent"]["state"] == "waiting", answer
            run_id = answer["x_agent"]["run_id"]
            [call] = (await replicas.other.http.get(f"/api/runs/{run_id}/approvals")).json()
            address = f"/api/runs/{run_id}/approvals/{call['call_id']}"
            decisions = await asyncio.gather(
                *(
                    side.http.post(address, json={"decision": "approve"})
                    for _ in range(10)
                    for side in (replicas.other, replicas.one)
                )
            )
            assert sorted(it.status_code for it in decisions) == [200] + [409] * 19
            ended = await replicas.other.http.get(f"/api/runs/{run_id}/events")
            assert '"state":"completed"' in ended.text
            kept = await replicas.one.http.get(f"/api/conversations/{answer['x_session_id']}")
            [_, said] = kept.json()["messages"]
            assert (said["state"], "84" in said["message"]["content"]) == ("completed", True)
