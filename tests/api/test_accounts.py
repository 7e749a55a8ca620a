"""Accounts, and what belongs to whom, from outside."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from tests.fakes.live_server import ADMIN, LiveServer
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply
from tests.fakes.people import (
    CHAT_BODY,
    LOGIN,
    MATRIX,
    NAMES,
    SECRET,
    Person,
    a_key,
    bearer,
    code,
    someone,
)


async def test_an_administrator_makes_changes_and_erases_accounts(
    server: LiveServer, http: AsyncClient
) -> None:
    """Names are one, whatever their case."""
    name = next(NAMES)
    body = {"username": name, "password": SECRET}
    made = (await http.post("/api/users", json=body)).json()
    assert (made["username"], made["role"], made["disabled"]) == (name, "user", False)
    assert not set(made) & {"password", "password_hash"}
    twice = await http.post("/api/users", json={**body, "username": name.upper()})
    assert (twice.status_code, twice.json()["error"]["param"]) == (409, "username")
    assert name in [one["username"] for one in (await http.get("/api/users")).json()]
    where = f"/api/users/{made['id']}"
    assert (await http.patch(where, json={"role": "admin"})).json()["role"] == "admin"
    assert (await http.patch(where, json={"password": "another one"})).status_code == 200
    assert await server.log_in(name, "another one")
    assert (await http.delete(where)).status_code == 204
    assert (await http.delete(where)).status_code == 404
    assert (await http.patch(where, json={"role": "user"})).status_code == 404


async def test_a_disabled_users_token_and_key_die_at_once(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """And come back to life only by a new log-in, for the token."""
    async with server.http(person.token) as theirs:
        key = await a_key(theirs)
        where = f"/api/users/{person.id}"
        assert (await http.patch(where, json={"disabled": True})).json()["disabled"] is True
        for credential in (person.token, key):
            answer = await theirs.get("/v1/models", headers=bearer(credential))
            assert code(answer) == (401, "invalid_api_key")
        login = await theirs.post(LOGIN, json={"username": person.name, "password": SECRET})
        assert login.status_code == 401
        await http.patch(where, json={"disabled": False})
        assert (await theirs.get("/api/auth/me")).status_code == 401
        assert await server.log_in(person.name, SECRET)


@pytest.mark.parametrize(
    ("method", "change"),
    [("PATCH", {"role": "user"}), ("PATCH", {"disabled": True}), ("DELETE", None)],
)
async def test_the_last_administrator_cannot_be_lost(
    server: LiveServer, http: AsyncClient, method: str, change: Any
) -> None:
    """Neither demoted, disabled nor erased; that is a conflict."""
    users = (await http.get("/api/users")).json()
    for one in users:
        if one["role"] == "admin" and one["username"] != ADMIN:
            await http.delete(f"/api/users/{one['id']}")
    mine = next(one["id"] for one in users if one["username"] == ADMIN)
    answer = await http.request(method, f"/api/users/{mine}", json=change)
    assert answer.status_code == 409
    assert (await http.get("/api/auth/me")).json()["role"] == "admin"


ADMIN_ROUTES = [one for one in MATRIX if one[0] == "admin"]


@pytest.mark.parametrize(("_scope", "method", "path", "body"), ADMIN_ROUTES)
async def test_an_ordinary_user_is_refused_where_administrators_work(
    server: LiveServer, person: Person, _scope: str, method: str, path: str, body: Any
) -> None:
    """403 before anything of the request is looked at, and nobody becomes an administrator."""
    async with server.http(person.token) as theirs:
        answer = await theirs.request(method, path, json=body)
    assert code(answer) == (403, "permission_denied")


async def test_someone_elses_things_are_as_if_they_did_not_exist(
    server: LiveServer, http: AsyncClient, person: Person, ollama: OllamaDouble
) -> None:
    """Same status and same words as for ids that nobody has."""
    stored = {"model": "llama3.2@chat", "messages": CHAT_BODY["messages"], "store": True}
    made = (await http.post("/v1/chat/completions", json=stored)).json()
    session, run = made["x_session_id"], made["x_agent"]["run_id"]
    key = (await http.post("/api/auth/keys", json={"name": "mine"})).json()["id"]

    def asked(session_id: str, run_id: str, key_id: str) -> list[tuple[str, str, Any]]:
        chat = {**CHAT_BODY, "session_id": session_id}
        return [
            ("GET", f"/api/conversations/{session_id}", None),
            ("PATCH", f"/api/conversations/{session_id}", {"title": "stolen"}),
            ("DELETE", f"/api/conversations/{session_id}", None),
            ("POST", "/v1/chat/completions", chat),
            ("GET", f"/api/runs/{run_id}", None),
            ("GET", f"/api/runs/{run_id}/events", None),
            ("POST", f"/api/runs/{run_id}/cancel", None),
            ("DELETE", f"/api/auth/keys/{key_id}", None),
        ]

    async with server.http(person.token) as theirs:
        answers = [
            [await theirs.request(method, path, json=body) for method, path, body in asked(*ids)]
            for ids in ((session, run, key), ("conv_none", "run_none", "key_none"))
        ]
    foreign, missing = [[(one.status_code, one.json()) for one in row] for row in answers]
    assert foreign == missing
    assert {status for status, _ in foreign} == {404}
    assert (await http.get(f"/api/conversations/{session}")).json()["title"] == "hi"
    async with server.http(person.token) as theirs:
        assert (await theirs.get("/api/conversations")).json()["conversations"] == []


@pytest.mark.parametrize("change", [{"disabled": True}, None])
@pytest.mark.parametrize("store", [False, True])
async def test_the_running_answers_of_a_user_who_is_shut_out_are_stopped(
    server: LiveServer, http: AsyncClient, ollama: OllamaDouble, change: Any, *, store: bool
) -> None:
    """Disabled or erased: the upstream is free at once."""
    person = await someone(server, http)
    ollama.queue(Reply(content="One two three", fault=Fault(kind="hang", after=1)))
    body = {"model": "llama3.2@chat", "messages": CHAT_BODY["messages"], "store": store}
    async with server.http(person.token) as theirs:
        waiting = asyncio.create_task(theirs.post("/v1/chat/completions", json=body))
        received = await ollama.arrived(1)
        where = f"/api/users/{person.id}"
        await http.request("PATCH" if change else "DELETE", where, json=change)
        async with asyncio.timeout(2):
            await received.cancelled.wait()
            await waiting


async def test_erasing_an_account_erases_what_was_its(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """Its tokens, too."""
    assert (await http.delete(f"/api/users/{person.id}")).status_code == 204
    async with server.http(person.token) as theirs:
        assert (await theirs.get("/api/auth/me")).status_code == 401
