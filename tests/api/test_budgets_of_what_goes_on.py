"""Budgets of runs that go on: after the user's word, or after an interruption."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient

from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply
from tests.fakes.people import Person, someone

SESSION = "session"
BUDGETS = "/api/admin/budgets"
SUM = Call(name="math_calc", arguments={"expression": "6*7"})
pytestmark = pytest.mark.asyncio(loop_scope=SESSION)


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def asking(
    doubles: Doubles, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """Serve with a rule that asks before the calculator is used."""
    folder = tmp_path_factory.mktemp("going-on")
    rules = {"APPROVALS__RULES": '["math_calc=ask"]'}
    async with live_server(folder, **doubles.environ(), **rules) as live:
        live.token = await live.log_in()
        yield live


@pytest_asyncio.fixture(loop_scope=SESSION)
async def admin(asking: LiveServer) -> AsyncIterator[AsyncClient]:
    """Speak as the administrator of that server."""
    async with asking.http(asking.token) as client:
        yield client


@pytest_asyncio.fixture(loop_scope=SESSION)
async def person(asking: LiveServer, admin: AsyncClient) -> Person:
    """Make a user."""
    return await someone(asking, admin)


@pytest_asyncio.fixture(loop_scope=SESSION)
async def mine(asking: LiveServer, person: Person) -> AsyncIterator[AsyncClient]:
    """Speak as that user."""
    async with asking.http(person.token) as client:
        yield client


async def limit(admin: AsyncClient, person: Person, requests: int) -> None:
    """Let the user make so many requests a month."""
    budget = {"scope": "user", "subject": person.id, "resource": "requests", "period": "month"}
    made = await admin.put(BUDGETS, json={**budget, "limit": requests})
    assert made.status_code == 200, made.text


def asked(mode: str) -> dict[str, Any]:
    """Ask in a session of its own."""
    messages = [{"role": "user", "content": "What is 6 times 7?"}]
    return {"model": f"{MODEL}@{mode}", "messages": messages, "store": True}


async def state_of(mine: AsyncClient, run_id: str) -> str:
    """Give the state a run is in when nothing more comes of it."""
    await mine.get(f"/api/runs/{run_id}/events")
    return (await mine.get(f"/api/runs/{run_id}")).json()["state"]


async def test_a_run_that_waits_goes_on_only_where_there_is_room(
    admin: AsyncClient, mine: AsyncClient, person: Person, ollama: OllamaDouble
) -> None:
    """The call stays undecided, by whichever way the word comes, and nothing is counted."""
    await limit(admin, person, 1)
    ollama.queue(Reply(calls=[SUM]))
    agent = (await mine.post(CHAT, json=asked("react"))).json()["x_agent"]
    [approval] = agent["approvals"]
    address = f"/api/runs/{agent['run_id']}/approvals/{approval['call_id']}"
    link = "/api/approve/" + approval["url"].rpartition("/")[2]
    for _ in range(2):
        refused = await mine.post(address, json={"decision": "approve"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "insufficient_quota")
        page = await mine.post(link, data={"decision": "deny"})
        assert (page.status_code, "Over the budget of 1 requests" in page.text) == (429, True)
    [waiting] = (await mine.get("/api/approvals")).json()
    assert (waiting["state"], await state_of(mine, agent["run_id"])) == ("pending", "waiting")
    await limit(admin, person, 2)
    ollama.queue(Reply(content="It is 42."))
    assert (await mine.post(address, json={"decision": "approve"})).status_code == 200
    assert await state_of(mine, agent["run_id"]) == "completed"
    assert (await mine.post(CHAT, json=asked("chat"))).status_code == 429


async def test_an_interrupted_run_goes_on_only_where_there_is_room(
    asking: LiveServer, admin: AsyncClient, mine: AsyncClient, person: Person, ollama: OllamaDouble
) -> None:
    """It stays interrupted with a clear reason, and each time it goes on counts."""
    await limit(admin, person, 1)
    ollama.reset()
    ollama.queue(Reply(content="one two three", fault=Fault(kind="hang", after=1)))
    async with mine.stream("POST", CHAT, json={**asked("chat"), "stream": True}) as answer:
        run_id = answer.headers["x-run-id"]
        asking.app.state.services.turns.interrupt_all()
        await answer.aread()
    for _ in range(2):
        refused = await mine.post(f"/api/runs/{run_id}/resume")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "insufficient_quota")
        assert "requests per month for this user" in refused.json()["error"]["message"]
    assert await state_of(mine, run_id) == "interrupted"
    await limit(admin, person, 2)
    ollama.queue(Reply(content="one two three"))
    assert (await mine.post(f"/api/runs/{run_id}/resume")).status_code == 202
    assert await state_of(mine, run_id) == "completed"
    again = await mine.post(f"/api/runs/{run_id}/resume")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "run_not_interrupted")
    assert (await mine.post(CHAT, json=asked("chat"))).status_code == 429
