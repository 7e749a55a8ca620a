"""Models that are full: who waits is served in turn, told where they stand, and frees their place."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson

from tests.fakes.ollama_double import Reply
from tests.fakes.people import Person, someone
from tests.fakes.upstreams import CHAT, Served, body, served

ONE = {"MODELS__CONCURRENCY": "1", "SERVER__FIRST_BYTE_WAIT_S": "0"}


async def waiting(server: Served, count: int) -> dict[str, Any]:
    """Wait until that many calls stand in the queue; give what `/api/queue` says."""
    async with asyncio.timeout(30):
        while True:
            told = (await server.http.get("/api/queue")).json()
            if sum(one["waiting"] for one in told["models"]) == count:
                return told


async def asked_by(server: Served, person: Person, text: str) -> int:
    async with server.live.http(person.token) as http:
        return (await http.post(CHAT, json=body(text))).status_code


async def test_one_users_many_requests_do_not_starve_another_ones(tmp_path: Path) -> None:
    """The other user's request is the second to be served after the one that runs."""
    held = asyncio.Event()
    async with served(tmp_path, **ONE) as server:
        double = server.doubles[0]
        double.script(lambda _: Reply(content="done", hold=held))
        many, one = [await someone(server.live, server.http) for _ in range(2)]
        tasks = [asyncio.create_task(asked_by(server, many, "first"))]
        await double.arrived(1)
        tasks += [asyncio.create_task(asked_by(server, many, f"many {at}")) for at in range(6)]
        await waiting(server, 6)
        tasks.append(asyncio.create_task(asked_by(server, one, "mine")))
        told = (await waiting(server, 7))["models"][0]
        held.set()
        assert set(await asyncio.gather(*tasks)) == {200}
        said = [it.body["messages"][-1]["content"] for it in double.chats]
        assert said.index("mine") == 2
        assert (told["model"], told["limit"], told["running"]) == ("llama3.2:latest", 1, 1)
        users = {it["user_id"]: (it["running"], it["waiting"]) for it in told["users"]}
        assert users == {many.id: (1, 6), one.id: (0, 1)}
        assert (await waiting(server, 0))["models"] == []


async def test_who_waits_is_told_how_many_are_before_them(tmp_path: Path) -> None:
    """In the stream, and by their own line of `/api/queue`, which shows no other user."""
    held = asyncio.Event()
    async with served(tmp_path, **ONE) as server:
        double = server.doubles[0]
        double.queue(Reply(content="done", hold=held))
        person = await someone(server.live, server.http)
        first = asyncio.create_task(asked_by(server, person, "first"))
        await double.arrived(1)
        async with server.live.http(person.token) as http:
            sent = body("second", stream=True)
            async with http.stream("POST", CHAT, json=sent) as answer:
                lines = answer.aiter_lines()
                event = await _queued(lines)
                mine = (await http.get("/api/queue")).json()
                held.set()
                rest = [line async for line in lines if line]
        assert await first == 200
    assert event == {"type": "queued", "before": 0}
    assert rest[-1] == "data: [DONE]"
    assert mine["servers"] is None
    [told] = mine["models"]
    assert (told["users"], told["yours_running"], told["yours_waiting"]) == (None, 1, 1)
    assert told["before"] == 0


async def _queued(lines: Any) -> dict[str, Any]:
    async for line in lines:
        if line.startswith("data: {"):
            found = orjson.loads(line[6:]).get("x_agent") or {}
            if found.get("type") == "queued":
                return found
    raise AssertionError("nothing was told")


async def test_who_leaves_frees_the_place_in_the_queue_at_once(tmp_path: Path) -> None:
    """The model server never hears of the request."""
    held = asyncio.Event()
    async with served(tmp_path, **ONE) as server:
        double = server.doubles[0]
        double.queue(Reply(content="done", hold=held))
        person = await someone(server.live, server.http)
        first = asyncio.create_task(asked_by(server, person, "first"))
        await double.arrived(1)
        gone = asyncio.create_task(asked_by(server, person, "gone"))
        await waiting(server, 1)
        gone.cancel()
        await waiting(server, 0)
        held.set()
        assert await first == 200
        assert len(double.chats) == 1


async def test_a_full_queue_is_a_503_that_says_when_to_come_back(tmp_path: Path) -> None:
    """Its length and its patience are bounded."""
    held = asyncio.Event()
    async with served(tmp_path, MODELS__QUEUE_LENGTH="0", **ONE) as server:
        double = server.doubles[0]
        double.queue(Reply(content="done", hold=held))
        person = await someone(server.live, server.http)
        first = asyncio.create_task(asked_by(server, person, "first"))
        await double.arrived(1)
        refused = await server.http.post(CHAT, json=body("second"))
        held.set()
        assert await first == 200
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "overloaded"
    assert int(refused.headers["retry-after"]) > 0


async def test_a_model_may_have_a_limit_of_its_own(tmp_path: Path) -> None:
    """However its name is written."""
    held = asyncio.Event()
    given = {"MODELS__CONCURRENCY_OF": "llama3.2=1", "MODELS__QUEUE_LENGTH": "0"}
    async with served(tmp_path, **given) as server:
        double = server.doubles[0]
        double.queue(Reply(content="done", hold=held))
        person = await someone(server.live, server.http)
        first = asyncio.create_task(asked_by(server, person, "first"))
        await double.arrived(1)
        same = await server.http.post(CHAT, json=body("x", model="llama3.2:latest"))
        other = await server.http.post(CHAT, json=body("x", model="gemma:2b"))
        held.set()
        assert await first == 200
    assert (same.status_code, other.status_code) == (503, 200)


async def test_several_servers_are_told_to_administrators_and_in_ready(tmp_path: Path) -> None:
    """One that was killed is named; answers go on."""
    async with served(tmp_path, servers=2) as server:
        assert (await server.http.post(CHAT, json=body())).status_code == 200
        await server.doubles[0].stop()
        answers = [(await server.http.post(CHAT, json=body(str(at)))).status_code for at in (1, 2)]
        told = (await server.http.get("/api/queue")).json()["servers"]
        ready = (await server.http.get("/ready")).json()["checks"]
    assert answers == [200, 200]
    states = {one["address"]: one["state"] for one in told}
    assert states == {server.doubles[0].url: "failing", server.doubles[1].url: "ok"}
    place = server.doubles[0].url.removeprefix("http://")
    assert (ready["model:ollama"]["ok"], ready["model:ollama"]["state"]) == (True, "limited")
    assert ready[f"model:ollama:{place}"]["ok"] is False
