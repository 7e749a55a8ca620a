"""Every route x everybody: the owner, another user, and who may not be let in at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient, Response

from backend.ports.artifacts import Origin
from backend.ports.sandbox import MadeFile
from tests.fakes.authorization import (
    ACCOUNT,
    ANYONE,
    LOG_IN,
    RULES,
    SCOPES,
    SIGNED,
    Rule,
)
from tests.fakes.belongings import PIXEL, belongings
from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.people import SECRET, Person, a_key, code, someone
from tests.fakes.routes import EVERY_ROUTE

SESSION = "session"
ASKED = '["math_calc=ask"]'
GUARDED = [route for route, rule in RULES.items() if rule.needs not in {ANYONE, SIGNED}]
SCOPED = [route for route in GUARDED if RULES[route].needs != ACCOUNT]
EVERY = pytest.mark.parametrize("route", list(RULES), ids=" ".join)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A server, the owner of one of everything, and credentials that must not open anything."""

    server: LiveServer
    owner: Person
    other: Person
    are: dict[str, str]
    strangers: dict[str, str | None]
    keys: dict[frozenset[str], str]

    async def ask(self, route: tuple[str, str], token: str | None, **changed: str) -> Response:
        """Ask as the owner would, with another credential."""
        method, path = route
        rule, are = RULES[route], {**self.are, **changed}
        address = re.sub(r"{(\w+?)(?::\w+)?}", lambda found: are[_named(found[1], path)], path)
        sent: dict[str, Any] = {"params": rule.query} if rule.query else {}
        for name, value in (("json", rule.body), ("data", rule.form)):
            if value is not None:
                sent[name] = _filled(value, are)
        if rule.files is not None:
            sent["files"] = rule.files
        async with self.server.http(token) as http:
            return await http.request(method, address, **sent)

    def key_without(self, rule: Rule) -> str:
        """Give the owner's key with every scope but the one that opens a route; to no log-in leads any."""
        return self.keys[SCOPES if rule.needs == LOG_IN else SCOPES - {rule.needs}]


def _named(parameter: str, path: str) -> str:
    if path.startswith("/api/conversations"):
        return "session"
    if path.startswith("/api/runs"):
        return {"run_id": "asking_run"}.get(parameter, parameter.removesuffix("_id"))
    if path == "/v1/files/{file_id}":
        return "image"  # the other one is erased as a document
    if path.startswith("/api/admin/credentials"):
        return "secret"
    return {
        "vector_store_id": "store",
        "name": "tool" if path.startswith("/api/tools") else "asset",
    }.get(parameter, parameter.removesuffix("_id"))


def _filled(value: Any, are: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(it, are) for key, it in value.items()}
    if isinstance(value, list):
        return [_filled(it, are) for it in value]
    named = isinstance(value, str) and value.startswith("@")
    return are[value[1:]] if named else value


async def _asking(http: AsyncClient, ollama: OllamaDouble) -> dict[str, str]:
    """Let a run ask for a call, and give what names it."""
    ollama.queue(Reply(calls=[Call(name="math_calc", arguments={"expression": "6*7"})]))
    asked = {"model": f"{MODEL}@react", "messages": [{"role": "user", "content": "6 times 7?"}]}
    answer = (await http.post(CHAT, json=asked)).json()
    link = re.search(r"/api/approve/([^)]+)\)", answer["choices"][0]["message"]["content"])
    assert link is not None
    run = answer["x_agent"]["run_id"]
    [call] = (await http.get(f"/api/runs/{run}/approvals")).json()
    return {"asking_run": run, "call": call["call_id"], "token": link[1]}


async def _strangers(
    server: LiveServer, http: AsyncClient, owner: AsyncClient
) -> dict[str, str | None]:
    """Make credentials that were good once, and one that never was."""
    gone = (await owner.post("/api/auth/keys", json={"name": "gone"})).json()
    assert (await owner.delete(f"/api/auth/keys/{gone['id']}")).status_code == 204
    barred = await someone(server, http)
    async with server.http(barred.token) as theirs:
        key = await a_key(theirs)
    await http.patch(f"/api/users/{barred.id}", json={"disabled": True})
    return {
        "nobody": None,
        "forged key": "sk-steward-" + "x" * 43,
        "revoked key": str(gone["key"]),
        "expired key": await a_key(owner, expires_in_days=1.2 / 86_400),
        "disabled user": barred.token,
        "key of a disabled user": key,
    }


async def _over(server: LiveServer, token: str | None) -> None:
    """Wait until a credential is good no longer."""
    async with server.http(token) as http, asyncio.timeout(30):
        while (await http.get("/api/auth/me")).status_code != 401:
            pass


@pytest_asyncio.fixture(scope="module", loop_scope=SESSION)
async def world(doubles: Doubles, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Serve, and make one of everything."""
    doubles.ollama.reset()
    folder = tmp_path_factory.mktemp("authorization")
    more = {"APPROVALS__RULES": ASKED, "AUTH__LOGIN_FAILURES_PER_ADDRESS": "1000"}
    async with live_server(folder, **doubles.environ(), **more) as server:
        async with server.http(await server.log_in()) as admin:
            owner, other = [await someone(server, admin, "admin"), await someone(server, admin)]
            victim = await someone(server, admin)
            body = {"scope": "user", "subject": victim.id, "limit": 9}
            body |= {"resource": "requests", "period": "hour"}
            budget = await admin.put("/api/admin/budgets", json=body)
            async with server.http(owner.token) as http:
                are = await belongings(http) | await _asking(http, doubles.ollama)
                found = await http.post("/api/files/search", json={"query": "whales"})
                keys = {
                    one: await a_key(http, *one)
                    for one in {SCOPES, *(SCOPES - {RULES[it].needs} for it in SCOPED)}
                }
                revocable = await http.post("/api/auth/keys", json={"name": "mine"})
                strangers = await _strangers(server, admin, http)
        for token in strangers.values():
            await _over(server, token)
        kept = await server.app.state.services.artifacts.keep(
            Origin(user_id=owner.id, run_id=are["run"]), [MadeFile(name="a.png", data=PIXEL)]
        )
        are |= {
            "citation": found.json()["results"][0]["citation_id"],
            "artifact": kept.artifacts[0].id,
            "key": revocable.json()["id"],
            "user": victim.id,
            "budget": budget.json()["id"],
            "secret": "TAVILY_API_KEY",
            "name": owner.name,
            "new": "somebody-new",
            "password": SECRET,
            "tool": "math_calc",
            "model": MODEL,
            "page": "1",
            "asset": "swagger-ui.css",
        }
        yield World(
            server=server, owner=owner, other=other, are=are, strangers=strangers, keys=keys
        )


def test_every_route_has_a_rule() -> None:
    """A new route must say who may use it, and what is gone needs no rule."""
    assert set(RULES) == set(EVERY_ROUTE)


@pytest.mark.parametrize("route", GUARDED, ids=" ".join)
async def test_who_is_not_known_is_told_nothing(world: World, route: tuple[str, str]) -> None:
    """No log-in, or one that is good no longer: the same answer, whatever is asked for."""
    for who, token in world.strangers.items():
        answer = await world.ask(route, token)
        assert code(answer) == (401, "invalid_api_key"), who
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", SCOPED, ids=" ".join)
async def test_a_key_with_every_other_scope_does_not_open_it(
    world: World, route: tuple[str, str]
) -> None:
    """Not to the owner either, who is an administrator."""
    answer = await world.ask(route, world.key_without(RULES[route]))
    assert code(answer) == (403, "permission_denied")


@EVERY
async def test_another_user_gets_what_a_missing_id_gets(
    world: World, route: tuple[str, str]
) -> None:
    """Or their own, where there is no id; an administrator's routes are closed to them."""
    rule = RULES[route]
    if rule.needs in {ANYONE, SIGNED, LOG_IN} and rule.other != 404:
        return  # nothing of the owner's is asked for
    answer = await world.ask(route, world.other.token, new="nobody-new")
    assert answer.status_code == rule.other, answer.text


@EVERY
async def test_the_owner_gets_it(world: World, route: tuple[str, str]) -> None:
    """After all that others tried, which shows that they changed nothing."""
    rule = RULES[route]
    token = None if rule.needs in {ANYONE, SIGNED} else world.owner.token
    if rule.needs == LOG_IN:
        token = await world.server.log_in(world.owner.name, SECRET)
    answer = await world.ask(route, token)
    assert answer.status_code == rule.owner, answer.text
