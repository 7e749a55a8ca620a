"""Two servers on one PostgreSQL: budgets that both keep to, and users who may not go on anywhere."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from httpx import AsyncClient

from backend.kit.clocks import SystemClock
from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply
from tests.fakes.people import SECRET, Person, a_key, someone
from tests.fakes.shared_budgets import set_on_all
from tests.fakes.sql_databases import empty_postgres, postgres_copy

HI = [{"role": "user", "content": "hi"}]
ENDLESS = Reply(content="This one never comes to an end.", fault=Fault(kind="hang", after=5))
STREAM = {"model": MODEL, "messages": HI, "mode": "chat", "stream": True}
AT_MOST_S = 5.0
Pair = tuple[LiveServer, LiveServer]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """An empty database of a PostgreSQL of its own."""
    with empty_postgres() as server, postgres_copy(server) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(
    database: str, doubles: Doubles, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """Two servers that share the database, and nothing else."""
    folders: list[Path] = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    given = {
        **doubles.environ(),
        "DATABASE_URL": database,
        "SECRET_KEY": secrets.token_hex(32),
        "AUTH__LOGIN_FAILURES_PER_ADDRESS": "1000",
    }
    async with (
        live_server(folders[0], **given) as first,
        live_server(folders[1], **given) as second,
    ):
        first.token = second.token = await first.log_in()
        yield first, second


@pytest_asyncio.fixture(loop_scope="session")
async def admin(pair: Pair) -> AsyncIterator[AsyncClient]:
    """Speak to the first server as the administrator."""
    async with pair[0].http(pair[0].token) as http:
        yield http


@pytest_asyncio.fixture(loop_scope="session")
async def person(pair: Pair, admin: AsyncClient) -> Person:
    """Make an ordinary user."""
    return await someone(pair[0], admin)


async def ended(http: AsyncClient, path: str, body: Any, begun: asyncio.Event) -> float:
    """Read a stream to its end, however that comes; tell when it came."""
    with contextlib.suppress(httpx.TransportError):
        async with http.stream("POST", path, json=body) as answer:
            assert answer.status_code == 200
            async for text in answer.aiter_text():
                begun.set() if "one" in text else None
    return time.monotonic()


async def refused(http: AsyncClient, path: str = "/api/auth/me") -> float:
    """Ask again and again until that is refused; tell when it was."""
    while (await http.get(path)).status_code != 401:
        await SystemClock().sleep(0.1)
    return time.monotonic()


async def let_go(server: LiveServer, user_id: str) -> float:
    """Wait until a server does nothing for a user any more; tell when that was."""
    turns = server.app.state.services.turns
    while user_id in [one for one, _ in turns.owners()]:
        await SystemClock().sleep(0.05)
    return time.monotonic()


async def test_together_they_let_through_what_a_budget_allows(
    pair: Pair, admin: AsyncClient, person: Person
) -> None:
    """Fifty requests at once, half of them on each, against a budget of twenty."""
    of_person = {"scope": "user", "subject": person.id, "resource": "requests", "period": "day"}
    async with pair[1].http(pair[1].token) as other:
        budget_id = await set_on_all([admin, other], {**of_person, "limit": 20})
    body = {"model": "builtin", "messages": HI}
    async with pair[0].http(person.token) as first, pair[1].http(person.token) as second:
        answers = await asyncio.gather(
            *((first, second)[at % 2].post(CHAT, json=body) for at in range(50))
        )
    found = [one.status_code for one in answers]
    assert (found.count(200), found.count(429)) == (20, 30)
    await admin.delete(f"/api/admin/budgets/{budget_id}")


async def test_a_disabled_user_s_streams_keys_and_log_ins_end_everywhere(
    pair: Pair, admin: AsyncClient, person: Person, ollama: OllamaDouble
) -> None:
    """In five seconds, and when the user is enabled again nothing of it goes on by itself."""
    ollama.queue(*[ENDLESS] * 3)
    async with pair[0].http(person.token) as first, pair[1].http(person.token) as second:
        key = await a_key(first)
        background = {"model": MODEL, "input": "hi", "background": True}
        kept = (await second.post("/v1/responses", json=background)).json()
        begun = [asyncio.Event(), asyncio.Event()]
        streams = [
            asyncio.ensure_future(ended(http, CHAT, STREAM, event))
            for http, event in zip((first, second), begun, strict=True)
        ]
        async with asyncio.timeout(30):
            await asyncio.gather(*(event.wait() for event in begun))
        disabled_at = time.monotonic()
        answer = await admin.patch(f"/api/users/{person.id}", json={"disabled": True})
        assert answer.status_code == 200
        async with asyncio.timeout(30), pair[1].http(key) as with_key:
            ends = await asyncio.gather(
                *streams, refused(second), refused(with_key), let_go(pair[1], person.id)
            )
        assert max(ends) - disabled_at < AT_MOST_S
    await admin.patch(f"/api/users/{person.id}", json={"disabled": False})
    token = await pair[1].log_in(person.name, SECRET)
    async with pair[1].http(token) as again:
        now = (await again.get(f"/v1/responses/{kept['id']}")).json()
    assert now["status"] == "cancelled"


async def test_a_revoked_key_s_streams_end_everywhere_and_no_others(
    pair: Pair, person: Person, ollama: OllamaDouble
) -> None:
    """In five seconds."""
    ollama.queue(*[ENDLESS] * 2)
    async with pair[0].http(person.token) as mine:
        key = await a_key(mine)
        key_id = (await mine.get("/api/auth/keys")).json()[0]["id"]
        async with pair[1].http(key) as with_key, pair[1].http(person.token) as with_token:
            begun = [asyncio.Event(), asyncio.Event()]
            stream, other = [
                asyncio.ensure_future(ended(http, CHAT, STREAM, event))
                for http, event in zip((with_key, with_token), begun, strict=True)
            ]
            async with asyncio.timeout(30):
                await asyncio.gather(*(event.wait() for event in begun))
                revoked_at = time.monotonic()
                await mine.delete(f"/api/auth/keys/{key_id}")
                assert await stream - revoked_at < AT_MOST_S
            assert not other.done()
            pair[1].app.state.services.turns.cancel_of(person.id)
            await other


async def test_a_new_password_ends_log_ins_everywhere(pair: Pair, person: Person) -> None:
    """Access tokens and the page's sessions, in five seconds."""
    async with pair[0].http(person.token) as first, pair[1].http(person.token) as second:
        login = {"username": person.name, "password": SECRET, "remember": True}
        assert (await second.post("/api/auth/login", json=login)).status_code == 200
        assert (await second.get("/api/auth/me")).status_code == 200
        changed_at = time.monotonic()
        body = {"old_password": SECRET, "new_password": "another longer secret"}
        assert (await first.post("/api/auth/password", json=body)).status_code == 204
        async with asyncio.timeout(30):
            assert await refused(second) - changed_at < AT_MOST_S
        assert (await second.post("/api/auth/refresh")).status_code == 401
