"""Budgets from outside: set by an administrator, kept to on every wire, told to whom they bind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient

from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.people import Person, a_key, code

BUDGETS = "/api/admin/budgets"
HI = [{"role": "user", "content": "hi"}]
CHAT_BODY = {"model": MODEL, "messages": HI, "mode": "chat"}
WIRES: list[tuple[str, Any]] = [
    (CHAT, CHAT_BODY),
    (CHAT, {**CHAT_BODY, "stream": True}),
    ("/v1/responses", {"model": MODEL, "input": "hi"}),
    ("/v1/messages", {"model": MODEL, "max_tokens": 99, "messages": HI}),
    ("/v1/completions", {"model": "builtin", "prompt": "hi"}),
    ("/v1/embeddings", {"model": "all-minilm-l6-v2", "input": "a b c"}),
]


@contextlib.asynccontextmanager
async def budget(http: AsyncClient, **fields: Any) -> AsyncIterator[dict[str, Any]]:
    """Set a budget for a while."""
    answer = await http.put(BUDGETS, json=fields)
    assert answer.status_code == 200, answer.text
    yield answer.json()
    assert (await http.delete(f"{BUDGETS}/{answer.json()['id']}")).status_code == 204


def of_user(person: Person, resource: str, period: str, limit: int, **more: Any) -> dict[str, Any]:
    return {
        "scope": "user",
        "subject": person.id,
        "resource": resource,
        "period": period,
        "limit": limit,
        **more,
    }


async def left_of(mine: AsyncClient) -> list[tuple[int, int]]:
    """Tell used and remaining of the budgets that one is told of."""
    limits = (await mine.get("/api/usage")).json()["limits"]
    return [(one["used"], one["remaining"]) for one in limits if one["name"] == "budget"]


@pytest.mark.parametrize(("path", "body"), WIRES)
async def test_a_budget_of_requests_binds_every_wire(
    http: AsyncClient, person: Person, mine: AsyncClient, ollama: OllamaDouble, path: str, body: Any
) -> None:
    """The first one is served and the second one refused, before anything is asked of a model."""
    ollama.queue(Reply(content="Hello."))
    async with budget(http, **of_user(person, "requests", "day", 1)):
        first = await mine.post(path, json=body)
        assert first.status_code == 200, first.text
        assert first.headers["x-ratelimit-limit-requests"] == "1"
        assert first.headers["x-ratelimit-remaining-requests"] == "0"
        second = await mine.post(path, json=body)
        assert second.status_code == 429
        assert 0 < int(second.headers["retry-after"]) <= 86_400
        assert second.headers["x-should-retry"] == "false"
        told = second.json()["error"]["message"]
        assert "1 requests per day for this user" in told
        assert "It is back at" in told
        if path != "/v1/messages":
            assert code(second) == (429, "insufficient_quota")
            assert second.json()["error"]["type"] == "insufficient_quota"
        assert await left_of(mine) == [(1, 0)]
        assert (await http.post(CHAT, json={**CHAT_BODY, "model": "builtin"})).status_code == 200
    assert (await mine.post("/v1/completions", json=WIRES[4][1])).status_code == 200


async def test_of_many_at_once_as_many_get_through_as_there_are(
    http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """Fifty requests against a budget of twenty."""
    body = {"model": "builtin", "messages": HI}
    async with budget(http, **of_user(person, "requests", "hour", 20)):
        answers = await asyncio.gather(*(mine.post(CHAT, json=body) for _ in range(50)))
        found = [one.status_code for one in answers]
        assert (found.count(200), found.count(429)) == (20, 30)
        refused = next(one for one in answers if one.status_code == 429)
        assert code(refused) == (429, "rate_limit_exceeded")


async def test_tokens_are_held_and_then_what_was_used_counts(
    http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """An answer that may become too long does not begin; a short one costs what it cost."""
    body = {"model": "builtin", "messages": HI, "max_tokens": 500}
    async with budget(http, **of_user(person, "tokens", "month", 600)):
        used = (await mine.post(CHAT, json=body)).json()["usage"]["total_tokens"]
        assert await left_of(mine) == [(used, 600 - used)]
        refused = await mine.post(CHAT, json={**body, "max_tokens": 600})
        assert code(refused) == (429, "insufficient_quota")
        assert "600 tokens per month" in refused.json()["error"]["message"]
        more = (await mine.post(CHAT, json=body)).json()["usage"]["total_tokens"]
        assert await left_of(mine) == [(used + more, 600 - used - more)]


async def test_answers_at_once_are_counted_while_they_run(
    http: AsyncClient, person: Person, mine: AsyncClient, ollama: OllamaDouble
) -> None:
    """The next one may begin as soon as one has ended."""
    ollama.queue(Reply(content="Hello."), Reply(content="Hello."))
    body = {"model": "builtin", "messages": HI}
    async with budget(http, **of_user(person, "concurrent_runs", "now", 1)):
        several = await mine.post(CHAT, json={**CHAT_BODY, "n": 2})
        assert code(several) == (429, "rate_limit_exceeded")
        for _ in range(3):
            assert (await mine.post(CHAT, json=body)).status_code == 200
        assert await left_of(mine) == [(0, 1)]


async def test_keys_models_and_everybody_have_budgets(
    server: LiveServer, http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """One's own takes the place of everybody's; a key and a model are bound besides."""
    body = {"model": "builtin", "prompt": "hi"}
    secret = await a_key(mine, "chat")
    key_id = (await mine.get("/api/auth/keys")).json()[0]["id"]
    everybody = {"scope": "default", "resource": "requests", "period": "day"}
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(budget(http, **everybody, limit=0))
        assert (await mine.post("/v1/completions", json=body)).status_code == 429
        await stack.enter_async_context(budget(http, **of_user(person, "requests", "day", 3)))
        of_key = {**everybody, "scope": "key", "subject": key_id, "limit": 1}
        await stack.enter_async_context(budget(http, **of_key))
        async with server.http(secret) as with_key:
            found = [await with_key.post("/v1/completions", json=body) for _ in range(2)]
        assert [one.status_code for one in found] == [200, 429]
        assert "for this API key" in found[1].json()["error"]["message"]
        of_model = {**everybody, "scope": "model", "subject": "builtin", "limit": 1}
        await stack.enter_async_context(budget(http, **of_model))
        assert [(await mine.post("/v1/completions", json=body)).status_code for _ in range(2)] == [
            200,
            429,
        ]
        assert await left_of(mine) == [(2, 1), (1, 0), (1, 0)]


async def test_uploads_count_as_they_come_and_not_when_they_fail(
    http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """What can never fit is too large; what does not fit now is refused before it has come."""

    def form(size: int, name: str = "a.txt") -> dict[str, Any]:
        return {"file": (name, b"x" * size)}

    async with budget(http, **of_user(person, "upload_bytes", "day", 2_000)):
        assert code(await mine.post("/api/files/upload", files=form(3_000)))[0] == 413
        assert (await mine.post("/api/files/upload", files=form(0))).status_code == 400
        assert await left_of(mine) == [(0, 2_000)]
        assert (await mine.post("/api/files/upload", files=form(1_200))).status_code == 200
        assert await left_of(mine) == [(1_200, 800)]
        refused = await mine.post("/v1/files", files=form(700), data={"purpose": "user_data"})
        assert code(refused) == (429, "insufficient_quota")  # with its form around it
        files = {"purpose": (None, "user_data"), **form(100)}
        assert (await mine.post("/v1/files", files=files)).status_code == 200
        assert await left_of(mine) == [(1_300, 700)]


async def test_uploads_of_unknown_length_are_counted_too(
    http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """They are refused in the middle, and cost nothing then."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'

    async def pieces() -> AsyncIterator[bytes]:
        yield head
        for _ in range(40):
            yield b"x" * 65_536
        yield b"\r\n--b--\r\n"

    async with budget(http, **of_user(person, "upload_bytes", "day", 1_500_000)):
        headers = {"content-type": "multipart/form-data; boundary=b"}
        answer = await mine.post("/api/files/upload", content=pieces(), headers=headers)
        assert answer.status_code in {413, 429}
        assert await left_of(mine) == [(0, 1_500_000)]


async def test_budgets_are_listed_changed_and_taken_away(http: AsyncClient, person: Person) -> None:
    """A change keeps the id."""
    fields = of_user(person, "requests", "day", 1)
    made = (await http.put(BUDGETS, json=fields)).json()
    changed = (await http.put(BUDGETS, json={**fields, "limit": 7})).json()
    assert changed == {**made, "limit": 7}
    assert (await http.get(f"{BUDGETS}/{made['id']}")).json() == changed
    own = {"scope": "user", "subject": person.id}
    assert (await http.get(BUDGETS, params=own)).json() == [changed]
    assert (await http.delete(f"{BUDGETS}/{made['id']}")).status_code == 204
    assert code(await http.delete(f"{BUDGETS}/{made['id']}")) == (404, "not_found")
    assert code(await http.get(f"{BUDGETS}/{made['id']}")) == (404, "not_found")


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": -1},
        {"limit": 1.5},
        {"scope": "default"},
        {"subject": ""},
        {"period": "now"},
        {"resource": "concurrent_runs"},
        {"resource": "upload_bytes", "model": "m"},
        {"scope": "model", "model": "m"},
        {"scope": "model", "resource": "upload_bytes"},
        {"more": 1},
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_refused(
    http: AsyncClient, person: Person, wrong: dict[str, Any]
) -> None:
    """With the reason."""
    fields = {**of_user(person, "requests", "day", 1), **wrong}
    assert code(await http.put(BUDGETS, json=fields)) == (400, "invalid_value")


async def test_budgets_are_for_administrators(http: AsyncClient, mine: AsyncClient) -> None:
    """And of users there are."""
    assert code(await mine.get(BUDGETS)) == (403, "permission_denied")
    fields = {"scope": "user", "subject": "user_x", "resource": "requests", "period": "day"}
    assert code(await mine.put(BUDGETS, json={**fields, "limit": 1})) == (403, "permission_denied")
    assert code(await http.put(BUDGETS, json={**fields, "limit": 1})) == (404, "not_found")


async def test_usage_is_told_by_key(server: LiveServer, person: Person, mine: AsyncClient) -> None:
    """A key that is gone keeps its sums, under its id."""
    secret = await a_key(mine, "chat")
    key_id = (await mine.get("/api/auth/keys")).json()[0]["id"]
    bodies = [
        (CHAT, {"model": "builtin", "messages": HI}),
        ("/v1/completions", {"model": "builtin", "prompt": "hi"}),
        ("/v1/embeddings", {"model": "all-minilm-l6-v2", "input": "a b c"}),
    ]
    async with server.http(secret) as with_key:
        for path, body in bodies:
            assert (await with_key.post(path, json=body)).status_code == 200
    await mine.post(*bodies[0][:1], json=bodies[0][1])
    told = (await mine.get("/api/usage")).json()
    sums = {one["key_id"]: (one["name"], one["runs"]) for one in told["keys"]}
    assert sums == {key_id: ("k", 3), "": ("", 1)}
    assert [one["key_id"] for one in told["rows"]].count(key_id) == 3
    await mine.delete(f"/api/auth/keys/{key_id}")
    told = (await mine.get("/api/usage")).json()
    assert {one["key_id"]: one["name"] for one in told["keys"]} == {key_id: None, "": ""}
