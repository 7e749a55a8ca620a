"""Responses in the background: polled, followed, cancelled, and what a stopped server leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from httpx import AsyncClient
from openai import AsyncOpenAI

from backend.api.responses.live import MOST_IN_BACKGROUND
from tests.fakes.completions import MODEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply
from tests.fakes.responses import RESPONSES, ask, events, events_in, refused, texts, types

HANG = Fault(kind="hang", after=2)


async def _ended(http: AsyncClient, response_id: str) -> Any:
    """Poll until the response has ended, as clients do."""
    while True:
        found = (await http.get(f"{RESPONSES}/{response_id}")).json()
        if found["status"] not in {"queued", "in_progress"}:
            return found


async def test_a_response_in_the_background_is_polled(
    client: AsyncOpenAI, http: AsyncClient, ollama: OllamaDouble
) -> None:
    """It is there at once, queued, and has its answer later."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="Fine.", hold=hold))
    made = await client.responses.create(model=MODEL, input="Hello", background=True)
    assert (made.status, made.background, made.output) == ("queued", True, [])
    now = await client.responses.retrieve(made.id)
    assert now.status == "in_progress"
    assert (await refused(http, previous_response_id=made.id))[:2] == (400, "previous_response_id")
    hold.set()
    found = await _ended(http, made.id)
    assert (found["status"], texts(found)) == ("completed", "Fine.")


async def test_a_running_response_is_cancelled(http: AsyncClient, ollama: OllamaDouble) -> None:
    """What was said stays; a second time changes nothing; others cannot be cancelled."""
    ollama.queue(Reply(content="One two three", fault=HANG))
    made = await ask(http, background=True)
    path = f"{RESPONSES}/{made['id']}"
    while not (await http.get(path)).json()["output"]:
        pass
    stopped = (await http.post(f"{path}/cancel")).json()
    assert stopped["status"] == "cancelled"
    assert texts(stopped).startswith("One")
    assert (await http.get(path)).json() == stopped
    assert (await http.post(f"{path}/cancel")).json() == stopped
    usual = await ask(http)
    assert (await http.post(f"{RESPONSES}/{usual['id']}/cancel")).status_code == 400


async def test_a_stream_is_gone_on_from_where_it_was_lost(
    client: AsyncOpenAI, http: AsyncClient, ollama: OllamaDouble
) -> None:
    """While it runs, and in the same pieces when it has ended."""
    hold = asyncio.Event()
    ollama.queue(Reply(content="One two three", late_end=hold))
    body = {"model": MODEL, "input": "Hello", "background": True, "stream": True}
    async with http.stream("POST", RESPONSES, json=body) as answer:
        response_id = answer.headers["x-run-id"].replace("run_", "resp_")
        async for line in answer.aiter_lines():
            if "output_text.delta" in line:
                break
    follow = asyncio.create_task(
        http.get(f"{RESPONSES}/{response_id}", params={"stream": True, "starting_after": 4})
    )
    hold.set()
    live = events_in((await follow).text)
    assert [one["sequence_number"] for one in live] == list(range(5, 5 + len(live)))
    assert types(live)[-1] == "completed"
    kept = await http.get(
        f"{RESPONSES}/{response_id}", params={"stream": True, "starting_after": 4}
    )
    assert events_in(kept.text) == live
    stream = await client.responses.retrieve(response_id, stream=True)
    assert [event.sequence_number async for event in stream] == list(range(5 + len(live)))


async def test_a_foreground_response_stops_with_its_client(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The upstream is freed; what was said is kept as cancelled."""
    ollama.queue(Reply(content="One two three", fault=HANG))
    async with http.stream(
        "POST", RESPONSES, json={"model": MODEL, "input": "Hello", "stream": True}
    ) as answer:
        response_id = answer.headers["x-run-id"].replace("run_", "resp_")
        async for line in answer.aiter_lines():
            if "output_text.delta" in line:
                break
    assert (await _ended(http, response_id))["status"] == "cancelled"


async def test_what_a_stopped_server_left_has_failed(server: LiveServer, http: AsyncClient) -> None:
    """It does not stay in progress for ever."""
    made = await ask(http, background=True)
    await _ended(http, made["id"])
    services = server.app.state.services
    owner = (await http.get("/api/auth/me")).json()["id"]
    kept = await services.answers.get(owner, made["id"])
    run = await services.runs.get(owner, kept.run_id)
    body = {**kept.body, "status": "in_progress", "output": []}
    await services.answers.save(replace(kept, body=body))
    await services.runs.save(replace(run, state="running"))
    assert (await http.get(f"{RESPONSES}/{made['id']}")).json()["status"] == "in_progress"
    await services.runs.interrupt_running(1)
    found = (await http.get(f"{RESPONSES}/{made['id']}")).json()
    assert (found["status"], found["error"]["code"]) == ("failed", "server_error")


async def test_a_background_stream_is_queued_first(http: AsyncClient) -> None:
    """Then like any other."""
    found = await events(http, background=True)
    assert types(found)[:3] == ["created", "queued", "in_progress"]


async def test_of_one_user_only_so_many_responses_run_in_the_background(
    server: LiveServer, http: AsyncClient, mine: AsyncClient, ollama: OllamaDouble
) -> None:
    """Nobody waits for them, so that nothing else would bound them; others are not held up."""
    hold = asyncio.Event()
    ollama.script(lambda _: Reply(content="Fine.", hold=hold))
    body = {"model": MODEL, "input": "Hello", "background": True}
    made = await asyncio.gather(*[mine.post(RESPONSES, json=body) for _ in range(70)])
    begun = [one.json()["id"] for one in made if one.status_code == 200]
    assert (len(begun), {one.status_code for one in made}) == (MOST_IN_BACKGROUND, {200, 429})
    late = await mine.post(RESPONSES, json=body)
    assert (late.status_code, late.json()["error"]["param"]) == (429, "background")
    assert late.headers["retry-after"]
    others = (await http.post(RESPONSES, json=body)).json()
    hold.set()
    assert (await _ended(http, others["id"]))["status"] == "completed"
    for one in begun:
        assert (await _ended(mine, one))["status"] == "completed"
    assert (await mine.post(RESPONSES, json=body)).status_code == 200
