"""Two real servers and a worker on one real PostgreSQL and one folder: whichever is asked answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from backend.kit.clocks import SystemClock
from backend.storage.postgres_signals import PostgresSignals
from tests.fakes.ollama_double import Fault, Reply
from tests.fakes.other_time import with_clock_ahead
from tests.fakes.replicas import (
    MODEL,
    Replicas,
    begin,
    events,
    read,
    streamed,
    text_of,
    two_replicas,
)
from tests.fakes.shared_budgets import set_on_all

pytestmark = pytest.mark.asyncio(loop_scope="module")
HANG = Fault(kind="hang", after=3)
STEADY = Reply(count=60, tokens_per_second=20)
OAR = b"The spare key of the boathouse hangs behind the third oar."
WHERE = "Where is the spare key of the boathouse, says my document?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replicas]:
    """Two servers that know of each other, for the tests of this file."""
    folder = tmp_path_factory.mktemp("replicas")
    async with two_replicas(folder, APPROVALS__RULES="math_calc=ask") as made:
        await made.start_worker()
        yield made


@pytest.fixture
def replicas(both: Replicas) -> Replicas:
    """The two, with a model server that has forgotten what was before."""
    both.ollama.reset()
    return both


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


async def test_an_approval_asked_on_one_server_is_decided_on_the_other(replicas: Replicas) -> None:
    """Once, however many decide on both at the same moment."""
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


async def test_a_document_is_read_by_a_worker_apart_for_all_servers(replicas: Replicas) -> None:
    """Taken in by one, followed, quoted and erased on the other, and gone on both."""
    one, other = replicas.one.http, replicas.other.http
    told: list[str] = []
    signals = PostgresSignals(replicas.database_url, clock=SystemClock())
    signals.hear("document", lambda said: told.append(str(said["id"])))
    await signals.start()
    files = {"file": ("key.txt", OAR, "text/plain")}
    file = (await one.post("/api/files/upload?wait=0", files=files)).json()
    address = f"/api/files/documents/{file['file_id']}"
    followed = await other.get(f"{address}/events")
    await signals.aclose()
    states = [data["state"] for _, name, data in events(followed.text) if name == "state"]
    assert states[-1] == "ready", followed.text
    assert len(told) > 2  # the worker tells, not only the server that took it in
    body = {"model": "builtin@react", "messages": [{"role": "user", "content": WHERE}]}
    answer = (await other.post("/v1/chat/completions", json=body)).json()
    citation = f"/api/citations/{answer['x_agent']['citations'][0]['id']}"
    assert OAR.decode() in (await one.get(citation)).text
    assert (await other.delete(address)).status_code == 204
    for side in (one, other):
        assert (await side.get(address)).status_code == 404
        assert (await side.get(citation)).status_code == 404
        found = await side.post("/api/files/search", json={"query": "spare key of the boathouse"})
        assert found.json()["results"] == []


async def test_a_budget_is_exact_over_both_servers(replicas: Replicas) -> None:
    """Of fifty requests at once twenty are answered, as it says."""
    user_id, here, there = await replicas.person("carol")
    budget = {"scope": "user", "subject": user_id, "resource": "requests", "period": "day"}
    await set_on_all([replicas.other.http, replicas.one.http], {**budget, "limit": 20})
    body = {"model": f"{MODEL}@chat", "messages": [{"role": "user", "content": "hello"}]}
    asked = [
        side.post("/v1/chat/completions", json=body) for _ in range(25) for side in (here, there)
    ]
    codes = [it.status_code for it in await asyncio.gather(*asked)]
    assert (codes.count(200), codes.count(429)) == (20, 30)
    assert len(replicas.ollama.chats) == 20


@pytest.mark.parametrize("ahead_s", [-120, 120], ids=["slow", "fast"])
async def test_a_machine_with_a_wrong_clock_counts_as_the_others_do(
    replicas: Replicas, tmp_path: Path, ahead_s: int
) -> None:
    """What one server holds of a budget is not free for another, and a log-in is good on both."""
    wrong = await replicas.start(**with_clock_ahead(tmp_path / "clock", ahead_s))
    user_id, right, _ = await replicas.person(f"erin{ahead_s:+}")
    there = await wrong.of(f"erin{ahead_s:+}")
    replicas.stack.push_async_callback(there.aclose)
    token = {"authorization": there.headers["authorization"]}
    assert (await right.get("/api/auth/me", headers=token)).status_code == 200
    budget = {"scope": "user", "subject": user_id, "resource": "concurrent_runs", "period": "now"}
    await set_on_all([replicas.one.http, wrong.http], {**budget, "limit": 1})
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    holds, asks = (there, right) if ahead_s < 0 else (right, there)
    run_id, task = await begin(holds)
    body = {"model": f"{MODEL}@chat", "messages": [{"role": "user", "content": "hello"}]}
    assert (await asks.post("/v1/chat/completions", json=body)).status_code == 429
    assert (await asks.post(f"/api/runs/{run_id}/cancel")).status_code == 202
    await task
    assert (await asks.post("/v1/chat/completions", json=body)).status_code == 200
    await wrong.program.stop()


async def test_a_user_who_is_disabled_on_one_server_is_cut_off_on_the_other(
    replicas: Replicas,
) -> None:
    """Within five seconds the answer ends, and nothing more is answered."""
    user_id, here, there = await replicas.person("dave")
    replicas.ollama.queue(Reply(count=2_000, tokens_per_second=20))
    _, task = await begin(here)
    received = await replicas.ollama.arrived(1)
    disabled = await replicas.other.http.patch(f"/api/users/{user_id}", json={"disabled": True})
    assert disabled.status_code == 200, disabled.text
    async with asyncio.timeout(5):
        await task
        await received.cancelled.wait()
        for side in (here, there):
            while (await side.get("/v1/models")).status_code != 401:
                pass


async def test_a_key_stands_for_one_request_on_both_servers_at_once(replicas: Replicas) -> None:
    """The model is asked once, and all get the answer of one run."""
    body = {
        "model": f"{MODEL}@chat",
        "messages": [{"role": "user", "content": "hello"}],
        "store": True,
    }
    for turn in range(5):
        key = {"idempotency-key": f"both-{turn}"}
        replicas.ollama.reset()
        asked = [
            side.http.post("/v1/chat/completions", json=body, headers=key)
            for side in (replicas.one, replicas.other, replicas.one, replicas.other)
        ]
        answers = await asyncio.gather(*asked)
        assert [it.status_code for it in answers] == [200] * 4, [it.text for it in answers]
        assert len({it.headers["x-run-id"] for it in answers}) == 1
        assert len({it.content for it in answers}) == 1
        assert len(replicas.ollama.chats) == 1


@pytest.mark.parametrize("stream", [True, False])
async def test_a_request_of_no_session_goes_on_elsewhere_when_its_server_is_stopped(
    replicas: Replicas, *, stream: bool
) -> None:
    """Nobody can resume it: who comes with its key meanwhile gets an answer, and the model is asked once more."""
    third = await replicas.start(SERVER__SHUTDOWN_GRACE_S="1")
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    body = streamed("chat", stream=stream)
    ask = {"url": "/v1/chat/completions", "json": body, "headers": {"idempotency-key": f"{stream}"}}
    begun = asyncio.create_task(third.http.post(**ask))
    await replicas.ollama.arrived(1)
    sides = (replicas.one.http, replicas.other.http)
    waiting = [asyncio.create_task(http.post(**ask)) for http in sides]
    replicas.ollama.queue(Reply(content="One two three four five"))
    await third.program.stop()
    assert "run_interrupted" in (await begun).text
    answers = await asyncio.gather(*waiting)
    assert [it.status_code for it in answers] == [200, 200], [it.text for it in answers]
    assert "five" in answers[0].text
    assert answers[0].content == answers[1].content
    assert len(replicas.ollama.chats) == 2


async def test_an_upload_in_parts_is_put_together_from_both_servers(replicas: Replicas) -> None:
    """Begun on one, its parts on both, completed once of several times at the same moment."""
    one, other = replicas.one.http, replicas.other.http
    wanted = {"filename": "key.txt", "purpose": "batch", "mime_type": "text/plain"}
    made = (await one.post("/v1/uploads", json={**wanted, "bytes": len(OAR)})).json()
    address = f"/v1/uploads/{made['id']}"
    sent = await asyncio.gather(
        one.post(f"{address}/parts", files={"data": OAR[:20]}),
        other.post(f"{address}/parts", files={"data": OAR[20:]}),
    )
    body = {"part_ids": [it.json()["id"] for it in sent]}
    asked = [side.post(f"{address}/complete", json=body) for side in (one, other, one, other)]
    done = await asyncio.gather(*asked)
    assert min(it.status_code for it in done) == 200, [it.text for it in done]
    [file] = [it.json()["file"] for it in done if it.status_code == 200]
    assert (await one.get(f"/v1/files/{file['id']}/content")).content == OAR
    assert (await other.post(f"{address}/cancel")).json()["error"]["code"] == "upload_completed"
