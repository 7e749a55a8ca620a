"""Two real servers on one real PostgreSQL and one folder: one is killed, the other goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fakes.ollama_double import Call, Fault, Reply
from tests.fakes.replicas import (
    MODEL,
    Replica,
    Replicas,
    begin,
    events,
    read,
    streamed,
    text_of,
    two_replicas,
    until,
)
from tests.fakes.shared_budgets import set_on_all

pytestmark = pytest.mark.asyncio(loop_scope="module")
HANG = Fault(kind="hang", after=3)
SUM = Call(name="math_calc", arguments={"expression": "12*(3+4)"})
KEY = {"idempotency-key": "a request whose server dies"}
WHOLE = {"idempotency-key": "one that is not streamed"}
SEEN_AFTER_S = 30


@dataclass(slots=True)
class Killed:
    """What ran on a server that was killed, seen from the one that lives.

    `run` was followed and had said `seen`; `stepped` had made a step; `budgeted` is a client of a user who
    may have one answer at a time, and had it; `keyed` is the run that was asked for with `KEY`, `whole` the
    session in which a whole answer was asked for with `WHOLE`.
    """

    replicas: Replicas
    other: Replica
    run: dict[str, Any]
    seen: str
    followed: str
    stepped: str
    response: str
    response_followed: str
    budgeted: httpx.AsyncClient
    keyed: str
    whole: str
    at_s: float


def asking(session: str | None = None, text: str = "x") -> dict[str, Any]:
    """Ask in a session."""
    body = {"model": f"{MODEL}@chat", "messages": [{"role": "user", "content": text}]}
    return body if session is None else {**body, "session_id": session}


async def stepped_run(replicas: Replicas, http: httpx.AsyncClient) -> str:
    """Begin an agent's run that has made one step and hangs in the next; give its id."""
    before = len(replicas.ollama.chats)
    replicas.ollama.queue(Reply(calls=[SUM]), Reply(fault=Fault(kind="hang", after=0)))
    run_id, _ = await begin(http, mode="react", store=True)
    await replicas.ollama.arrived(before + 2)
    return run_id


async def one_at_a_time(replicas: Replicas) -> httpx.AsyncClient:
    """Let a user who may have one answer at a time have it on the first server."""
    user_id, here, there = await replicas.person("carol")
    budget = {"scope": "user", "subject": user_id, "resource": "concurrent_runs", "period": "now"}
    await set_on_all([replicas.other.http, replicas.one.http], {**budget, "limit": 1})
    before = len(replicas.ollama.chats)
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    await begin(here)
    await replicas.ollama.arrived(before + 1)
    full = await there.post("/v1/chat/completions", json=asking())
    assert full.status_code == 429, full.text
    return there


async def talking_run(replicas: Replicas) -> tuple[dict[str, Any], str, asyncio.Task[str]]:
    """Follow a run in a session on the other server; give it, what it has said, and its own stream."""
    other = replicas.other.http
    replicas.ollama.queue(Reply(count=2_000, tokens_per_second=40))
    run_id, task = await begin(replicas.one.http, store=True)
    async with other.stream("GET", f"/api/runs/{run_id}/events") as answer:
        seen = text_of(events(await read(answer, until_chars=300)))
    run = (await other.get(f"/api/runs/{run_id}")).json()
    assert (run["state"], len(run["trace"]["events"]) > 0) == ("running", True)
    session = run["conversation_id"]
    busy = await other.post("/v1/chat/completions", json=asking(session))
    assert (busy.status_code, busy.json()["error"]["code"]) == (409, "session_busy")
    return run, seen, task


async def in_background(replicas: Replicas) -> str:
    """Begin a response in the background that hangs; give its id."""
    before = len(replicas.ollama.chats)
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    body = {"model": f"{MODEL}@chat", "input": "count", "background": True}
    made = (await replicas.one.http.post("/v1/responses", json=body)).json()
    await replicas.ollama.arrived(before + 1)
    there = await replicas.other.http.get(f"/v1/responses/{made['id']}")
    assert there.json()["status"] == "in_progress"
    return made["id"]


async def keyed_run(replicas: Replicas) -> str:
    """Ask with a key for what hangs; give the run's id."""
    before = len(replicas.ollama.chats)
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    run_id, _ = await begin(replicas.one.http, headers=KEY, store=True)
    await replicas.ollama.arrived(before + 1)
    return run_id


async def keyed_whole(replicas: Replicas) -> tuple[str, asyncio.Task[httpx.Response]]:
    """Ask with a key for a whole answer that hangs; give its session and who waits for it."""
    before = len(replicas.ollama.chats)
    replicas.ollama.queue(Reply(content="One two three four", fault=HANG))
    http = replicas.one.http
    session = (await http.post("/v1/conversations", json={})).json()["id"]
    asked = http.post("/v1/chat/completions", json=asking(session), headers=WHOLE)
    task = asyncio.create_task(asked)
    await replicas.ollama.arrived(before + 1)
    return session, task


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def killed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Killed]:
    """Kill a server in the middle of all it does."""
    async with two_replicas(tmp_path_factory.mktemp("killed")) as replicas:
        other = replicas.other.http
        stepped = await stepped_run(replicas, replicas.one.http)
        budgeted = await one_at_a_time(replicas)
        response, keyed = await in_background(replicas), await keyed_run(replicas)
        whole, waiting = await keyed_whole(replicas)
        run, seen, task = await talking_run(replicas)
        follow = asyncio.create_task(other.get(f"/api/runs/{run['id']}/events"))
        streaming = {"stream": "true"}
        watched = asyncio.create_task(other.get(f"/v1/responses/{response}", params=streaming))
        at_s = time.monotonic()
        await replicas.one.kill()
        assert await task == "broken"
        with pytest.raises(httpx.HTTPError):
            await waiting
        followed = (await follow).text
        assert time.monotonic() - at_s < SEEN_AFTER_S
        yield Killed(
            replicas=replicas,
            other=replicas.other,
            run=run,
            seen=seen,
            followed=followed,
            stepped=stepped,
            response=response,
            response_followed=(await watched).text,
            budgeted=budgeted,
            keyed=keyed,
            whole=whole,
            at_s=at_s,
        )


async def test_a_budget_of_answers_at_once_is_free_again(killed: Killed) -> None:
    """Within thirty seconds, because its lease is not renewed any more."""
    killed.replicas.ollama.reset()
    left_s = max(1.0, killed.at_s + 30 - time.monotonic())
    await until(
        lambda: killed.budgeted.post("/v1/chat/completions", json=asking()),
        lambda it: it.status_code == 200,
        within_s=left_s,
    )


async def test_a_stream_that_was_followed_is_told_of_the_end(killed: Killed) -> None:
    """What was said until a second before is kept, and the session is free."""
    other, run = killed.other.http, killed.run
    followed = events(killed.followed)
    assert followed[-1][2] == {"state": "interrupted", "resumable": True}
    assert text_of(followed).startswith(killed.seen)
    again = events((await other.get(f"/api/runs/{run['id']}/events")).text)
    assert text_of(again) == text_of(followed)
    kept = (await other.get(f"/api/conversations/{run['conversation_id']}")).json()
    said = kept["messages"][-1]
    assert (said["state"], said["message"]["content"]) == ("interrupted", text_of(again))
    free = await other.post("/v1/chat/completions", json=asking(run["conversation_id"]))
    assert free.status_code == 200


async def test_a_background_response_has_failed(killed: Killed) -> None:
    """It is not in progress for ever, and who followed it is told."""
    address = f"/v1/responses/{killed.response}"
    ended = await until(
        lambda: killed.other.http.get(address),
        lambda it: it.json()["status"] not in {"queued", "in_progress"},
    )
    assert (ended.json()["status"], ended.json()["error"]["code"]) == ("failed", "server_error")
    assert "response.failed" in killed.response_followed


async def test_a_run_is_taken_up_by_the_other_server(killed: Killed) -> None:
    """Once, from the step that was made, whoever asks at the same moment."""
    other, ollama = killed.other.http, killed.replicas.ollama
    ollama.reset()
    ollama.queue(Reply(content="The sum is 84."))
    address = f"/api/runs/{killed.stepped}"
    said = await asyncio.gather(*(other.post(f"{address}/resume") for _ in range(4)))
    assert sorted(it.status_code for it in said) == [202, 409, 409, 409], [it.text for it in said]
    ended = (await other.get(f"{address}/events")).text
    assert '"state":"completed"' in ended
    assert ended.count("event: tool_call") == 1
    [again] = ollama.chats
    roles = [it["role"] for it in again.body["messages"] if it["role"] != "system"]
    assert roles == ["user", "assistant", "tool"]


async def test_a_key_whose_server_died_tells_of_its_run(killed: Killed) -> None:
    """The request is not carried out again by itself."""
    killed.replicas.ollama.reset()
    again = await killed.other.http.post(
        "/v1/chat/completions", json=streamed("chat", store=True), headers=KEY
    )
    assert (again.status_code, again.json()["error"]["code"]) == (409, "run_interrupted")
    assert again.headers["x-run-id"] == killed.keyed
    assert killed.replicas.ollama.chats == []


async def test_a_key_of_a_whole_answer_tells_of_its_run_which_goes_on(killed: Killed) -> None:
    """As that of a stream does, on the server that lives."""
    http, ollama = killed.other.http, killed.replicas.ollama
    ollama.reset()
    again = await http.post("/v1/chat/completions", json=asking(killed.whole), headers=WHOLE)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "run_interrupted")
    assert ollama.chats == []
    address = f"/api/runs/{again.headers['x-run-id']}"
    assert (await http.get(address)).json()["conversation_id"] == killed.whole
    ollama.queue(Reply(content="One two three four five"))
    assert (await http.post(f"{address}/resume")).status_code == 202
    assert '"state":"completed"' in (await http.get(f"{address}/events")).text
    assert len(ollama.chats) == 1


async def test_a_server_that_is_told_to_takes_runs_of_another_up_by_itself(killed: Killed) -> None:
    """With AGENT__RESUME_AFTER_CRASH=auto nobody has to ask."""
    replicas = killed.replicas
    replicas.ollama.reset()
    replicas.one = await replicas.start(AGENT__RESUME_AFTER_CRASH="auto")
    run_id = await stepped_run(replicas, replicas.other.http)
    replicas.ollama.queue(Reply(content="The sum is 84."))
    await replicas.other.kill()
    address = f"/api/runs/{run_id}"
    ended = await until(
        lambda: replicas.one.http.get(address), lambda it: it.json()["state"] == "completed"
    )
    assert "The sum is 84." in ended.text
