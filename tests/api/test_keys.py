"""API keys and their scopes, from outside."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from httpx import AsyncClient

from tests.fakes.live_server import PASSWORD, LiveServer
from tests.fakes.people import (
    CHAT_BODY,
    MATRIX,
    SECRET,
    Person,
    a_key,
    code,
)


async def test_an_api_key_is_shown_once_and_works_as_the_sdks_key(
    server: LiveServer, person: Person
) -> None:
    """Listed without its secret; revoked, it dies at once."""
    async with server.http(person.token) as http:
        body = {"name": "laptop", "expires_in_days": 30}
        made = (await http.post("/api/auth/keys", json=body)).json()
        assert made["key"].startswith("sk-")
        listed = (await http.get("/api/auth/keys")).json()
        assert [set(one) & {"key", "hash"} for one in listed] == [set()]
        assert (listed[0]["name"], listed[0]["scopes"]) == ("laptop", [])
        assert listed[0]["expires_at"] - listed[0]["created_at"] == 30 * 86_400
        async with server.openai(made["key"]) as client:
            assert (await client.models.retrieve("builtin")).id == "builtin"
            assert (await http.get("/api/auth/keys")).json()[0]["last_used_at"] is not None
            gone = await http.delete(f"/api/auth/keys/{made['id']}")
            assert gone.status_code == 204
            with pytest.raises(openai.AuthenticationError):
                await client.models.list()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/auth/keys"),
        ("POST", "/api/auth/keys"),
        ("DELETE", "/api/auth/keys/key_x"),
        ("POST", "/api/auth/password"),
        ("DELETE", "/api/auth/sessions"),
    ],
)
async def test_a_key_cannot_make_keys_or_change_the_password(
    server: LiveServer, http: AsyncClient, method: str, path: str
) -> None:
    """The person must be present."""
    key = await a_key(http)
    body = {"name": "x", "old_password": PASSWORD, "new_password": SECRET}
    if path.endswith("password"):
        del body["name"]
    else:
        body = {"name": "x"}
    async with server.http(key) as with_key:
        answer = await with_key.request(method, path, json=body if method == "POST" else None)
    assert code(answer) == (403, "permission_denied")


@pytest.mark.parametrize(("scope", "method", "path", "body"), MATRIX)
async def test_a_key_opens_only_what_its_scopes_name(
    server: LiveServer, http: AsyncClient, scope: str, method: str, path: str, body: Any
) -> None:
    """With the scope not a 403, with every other one a 403, also for an administrator's key."""
    fitting = await a_key(http, scope)
    others = await a_key(http, *({"chat", "files", "admin", "tools:weather"} - {scope}))
    found = []
    for key in (fitting, others):
        async with server.http(key) as with_key:
            found.append((await with_key.request(method, path, json=body)).status_code)
    assert found[0] != 403
    assert found[1] == 403


async def test_a_chat_key_without_tool_scopes_runs_only_the_tools_it_names(
    server: LiveServer, http: AsyncClient
) -> None:
    """A key bound to one tool does not reach the others through a chat."""
    asked = {"model": "builtin", "messages": [{"role": "user", "content": "What is 12*(3+4)?"}]}
    key = await a_key(http, "chat", "tools:weather")
    async with server.http(key) as with_key:
        answer = (await with_key.post("/v1/chat/completions", json=asked)).json()
    reasoning = answer["choices"][0]["message"].get("reasoning_content") or ""
    assert "→ math_calc" not in reasoning


async def test_a_key_for_one_tool_runs_that_tool_and_nothing_else(
    server: LiveServer, http: AsyncClient
) -> None:
    """No other tool, no model, no file, no administration, on any wire."""
    key = await a_key(http, "tools:math_calc")
    called = {"arguments": {"expression": "6*7"}}
    async with server.http(key) as with_key:
        fitting = await with_key.post("/api/tools/math_calc", json=called)
        assert (fitting.status_code, fitting.json()["outcome"]) == (200, "ok")
        others = [
            (method, path, body) for scope, method, path, body in MATRIX if "tools:" not in scope
        ]
        others += [
            ("POST", "/api/tools/weather", {"arguments": {}}),
            ("POST", "/v1/responses", {"model": "builtin", "input": "hi"}),
            ("POST", "/v1/messages", {**CHAT_BODY, "max_tokens": 9}),
        ]
        found = [
            (path, (await with_key.request(method, path, json=body)).status_code)
            for method, path, body in others
        ]
    assert [one for one in found if one[1] != 403] == []


CALLS: list[tuple[str, Any]] = [
    ("/v1/chat/completions", {"model": "builtin@react", "messages": "What is 12*(3+4)?"}),
    ("/v1/messages", {"model": "builtin@react", "max_tokens": 99, "messages": "What is 12*(3+4)?"}),
    ("/v1/responses", {"model": "builtin@react", "input": "What is 12*(3+4)?"}),
]


@pytest.mark.parametrize(("path", "body"), CALLS)
@pytest.mark.parametrize(
    ("scopes", "used"),
    [
        (["chat"], True),
        (["chat", "tools:math_calc"], True),
        (["chat", "tools:weather"], False),
        (["chat", "files", "admin", "tools:weather", "tools:mcp"], False),
    ],
)
async def test_a_key_s_tools_bind_every_wire(
    server: LiveServer,
    http: AsyncClient,
    path: str,
    body: dict[str, Any],
    scopes: list[str],
    used: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    """Those it names, or all where it names none."""
    asked = dict(body)
    if "messages" in asked:
        asked["messages"] = [{"role": "user", "content": asked["messages"]}]
    key = await a_key(http, *scopes)
    async with server.http(key) as with_key:
        answer = await with_key.post(path, json=asked)
    assert answer.status_code == 200, answer.text
    calls = await http.get("/api/tools/usage", params={"run_id": answer.headers["x-run-id"]})
    assert ("math_calc" in {one["tool"] for one in calls.json()}) == used


async def test_a_key_for_a_tool_there_is_none_of_is_refused(http: AsyncClient) -> None:
    """It would open less than was thought; the answer tells which tools there are."""
    body = {"name": "k", "scopes": ["chat", "tools:web_serach"]}
    answer = await http.post("/api/auth/keys", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "scopes")
    assert "web_search" in answer.json()["error"]["message"]


@pytest.mark.parametrize("scopes", [["everything"], ["tools:"], [""], ["chat "]])
async def test_an_unknown_scope_is_refused(http: AsyncClient, scopes: list[str]) -> None:
    """Before a key exists that opens less than was thought."""
    answer = await http.post("/api/auth/keys", json={"name": "k", "scopes": scopes})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "scopes")


async def test_an_expired_key_is_refused(server: LiveServer, http: AsyncClient) -> None:
    """It works until its second is over."""
    short = await http.post("/api/auth/keys", json={"name": "k", "expires_in_days": 1e-6})
    assert (short.status_code, short.json()["error"]["param"]) == (400, "expires_in_days")
    key = await a_key(http, expires_in_days=1.2 / 86_400)
    async with server.http(key) as with_key, asyncio.timeout(30):
        answer = await with_key.get("/v1/models/builtin")
        assert answer.status_code == 200
        while answer.status_code == 200:
            answer = await with_key.get("/v1/models/builtin")
    assert code(answer) == (401, "invalid_api_key")


async def test_a_key_for_other_things_reads_no_tool_calls(
    server: LiveServer, http: AsyncClient
) -> None:
    """Their arguments are parts of conversations."""
    async with server.http(await a_key(http, "files")) as with_key:
        assert (await with_key.get("/api/tools/usage")).status_code == 403
