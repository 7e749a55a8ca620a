"""Log-in, the page's session, passwords, API keys and accounts, from outside."""

from __future__ import annotations

import asyncio
import itertools
import re
from dataclasses import dataclass
from typing import Any

import openai
import pytest
import pytest_asyncio
from httpx import AsyncClient, Response

from tests.fakes.live_server import ADMIN, PASSWORD, LiveServer
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply
from tests.fakes.routes import EVERY_ROUTE, OPEN

SECRET = "a longer secret"
LOGIN = "/api/auth/login"
REFRESH = "/api/auth/refresh"
NAMES = (f"user{n}" for n in itertools.count())
ADDRESSES = (f"203.0.113.{n}" for n in itertools.count(1))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    id: str
    name: str
    token: str


async def someone(server: LiveServer, http: AsyncClient, role: str = "user") -> Person:
    """Make an account and log in."""
    name = next(NAMES)
    body = {"username": name, "password": SECRET, "role": role}
    made = await http.post("/api/users", json=body)
    assert made.status_code == 201, made.text
    return Person(made.json()["id"], name, await server.log_in(name, SECRET))


@pytest_asyncio.fixture(loop_scope="session")
async def person(server: LiveServer, http: AsyncClient) -> Person:
    """Make an ordinary user."""
    return await someone(server, http)


def bearer(token: str) -> dict[str, str]:
    """Make the header."""
    return {"authorization": f"Bearer {token}"}


def code(answer: Response) -> tuple[int, Any]:
    """Give status and error code."""
    return answer.status_code, (answer.json() or {}).get("error", {}).get("code")


async def test_a_log_in_gives_a_token_that_works_everywhere(anyone: AsyncClient) -> None:
    """By JSON."""
    answer = await anyone.post(LOGIN, json={"username": " ADMIN ", "password": PASSWORD})
    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "bearer", 3600)
    me = await anyone.get("/api/auth/me", headers=bearer(body["access_token"]))
    assert (me.json()["username"], me.json()["role"], me.json()["disabled"]) == (
        ADMIN,
        "admin",
        False,
    )
    assert "set-cookie" not in answer.headers


async def test_the_oauth2_form_logs_in_as_the_documentation_page_does(anyone: AsyncClient) -> None:
    """With the fields that the flow adds."""
    form = {"grant_type": "password", "username": ADMIN, "password": PASSWORD, "scope": ""}
    answer = await anyone.post(LOGIN, data=form)
    assert answer.json()["token_type"] == "bearer"
    described = (await anyone.get("/openapi.json")).json()
    schemes = described["components"]["securitySchemes"]
    assert [one["flows"]["password"]["tokenUrl"] for one in schemes.values()] == [LOGIN]


async def test_a_wrong_password_and_an_unknown_user_answer_alike(anyone: AsyncClient) -> None:
    """Nobody learns which names exist."""
    answers = [
        await anyone.post(
            LOGIN,
            json={"username": name, "password": "wrong wrong"},
            headers={"x-forwarded-for": next(ADDRESSES)},
        )
        for name in (ADMIN, "nobody")
    ]
    assert [code(one) for one in answers] == [(401, "invalid_credentials")] * 2
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["www-authenticate"] == "Bearer"


async def test_too_many_failures_are_stopped_for_that_address_only(
    anyone: AsyncClient, person: Person
) -> None:
    """429 with the time to wait; the owner at another address gets in."""
    here, elsewhere = ({"x-forwarded-for": next(ADDRESSES)} for _ in range(2))
    wrong = {"username": person.name, "password": "wrong wrong"}
    codes = [code(await anyone.post(LOGIN, json=wrong, headers=here)) for _ in range(5)]
    assert codes == [(401, "invalid_credentials")] * 5
    right = {"username": person.name, "password": SECRET}
    refused = await anyone.post(LOGIN, json=right, headers=here)
    assert code(refused) == (429, "rate_limit_exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert (await anyone.post(LOGIN, json=right, headers=elsewhere)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Basic YWRtaW46YWRtaW4=",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer sk-steward-nothing",
        "Bearer " + "a" * 5000,
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "Bearer " + "[" * 20_000,
        "Bearer \xe9\xff",
        "token \xff",
    ],
)
async def test_a_bad_authorization_header_is_a_401(anyone: AsyncClient, header: str) -> None:
    """In OpenAI's shape, with the header that names the scheme."""
    answer = await anyone.get("/v1/models", headers={"authorization": header.encode("latin-1")})
    assert code(answer) == (401, "invalid_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_stock_client_raises_an_authentication_error(server: LiveServer) -> None:
    """With the class its users catch."""
    async with server.openai("sk-wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()


async def test_a_new_password_ends_older_tokens_and_browser_sessions(
    server: LiveServer, person: Person
) -> None:
    """The old password and everything it earned are void; keys stay."""
    right = {"username": person.name, "password": SECRET}
    async with server.http(person.token) as page:
        await page.post(LOGIN, json={**right, "remember": True})
        key = (await page.post("/api/auth/keys", json={"name": "k"})).json()["key"]
        change = {"old_password": SECRET, "new_password": "quite another"}
        wrong = await page.post("/api/auth/password", json={**change, "old_password": "no no no"})
        assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "old_password")
        short = await page.post("/api/auth/password", json={**change, "new_password": "short"})
        assert (short.status_code, short.json()["error"]["param"]) == (400, "new_password")
        done = await page.post("/api/auth/password", json=change)
        assert (done.status_code, done.content) == (204, b"")
        assert code(await page.get("/api/auth/me")) == (401, "invalid_api_key")
        assert (await page.post(REFRESH)).status_code == 401
        assert (await page.get("/api/auth/me", headers=bearer(key))).status_code == 200
        assert (await page.post(LOGIN, json=right)).status_code == 401
        assert await server.log_in(person.name, "quite another")


async def test_the_pages_cookie_is_renewed_and_good_once(
    server: LiveServer, person: Person
) -> None:
    """Using an old one again ends the whole session."""
    body = {"username": person.name, "password": SECRET, "remember": True}
    async with server.http() as page:
        answer = await page.post(LOGIN, json=body)
        cookie = answer.headers["set-cookie"]
        for wanted in ("HttpOnly", "SameSite=strict", f"Path={REFRESH}", "Max-Age="):
            assert wanted.lower() in cookie.lower()
        first = page.cookies["steward_refresh"]
        renewed = await page.post(REFRESH)
        assert renewed.status_code == 200
        me = await page.get("/api/auth/me", headers=bearer(renewed.json()["access_token"]))
        assert me.json()["username"] == person.name
        second = page.cookies["steward_refresh"]
        assert second != first
    async with server.http(cookies={"steward_refresh": first}) as thief:
        assert (await thief.post(REFRESH)).status_code == 401
    async with server.http(cookies={"steward_refresh": second}) as page:
        assert (await page.post(REFRESH)).status_code == 401


async def test_a_log_out_ends_the_browser_session(server: LiveServer, person: Person) -> None:
    """And removes the cookie."""
    body = {"username": person.name, "password": SECRET, "remember": True}
    async with server.http() as page:
        await page.post(LOGIN, json=body)
        secret = page.cookies["steward_refresh"]
        assert (await page.delete(REFRESH)).status_code == 204
        assert "steward_refresh" not in page.cookies
    async with server.http(cookies={"steward_refresh": secret}) as page:
        assert (await page.post(REFRESH)).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1"])
async def test_another_sites_page_may_not_use_the_browser_session(
    server: LiveServer, person: Person, origin: str
) -> None:
    """Neither log in with it, nor renew, nor log out."""
    body = {"username": person.name, "password": SECRET, "remember": True}
    foreign = {"origin": origin}
    async with server.http() as page:
        assert code(await page.post(LOGIN, json=body, headers=foreign)) == (
            403,
            "permission_denied",
        )
        await page.post(LOGIN, json=body, headers={"origin": server.url})
        assert (await page.post(REFRESH, headers=foreign)).status_code == 403
        assert (await page.delete(REFRESH, headers=foreign)).status_code == 403
        assert (await page.post(REFRESH, headers={"origin": server.url})).status_code == 200


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


async def a_key(http: AsyncClient, *scopes: str, **more: Any) -> str:
    """Make a key and give its secret."""
    made = await http.post("/api/auth/keys", json={"name": "k", "scopes": scopes, **more})
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


CHAT_BODY = {"model": "builtin", "messages": [{"role": "user", "content": "hi"}]}
MATRIX: list[tuple[str, str, str, Any]] = [
    ("chat", "POST", "/v1/chat/completions", CHAT_BODY),
    ("chat", "GET", "/v1/models", None),
    ("chat", "GET", "/v1/models/builtin", None),
    ("chat", "GET", "/api/conversations", None),
    ("chat", "GET", "/api/conversations/conv_x", None),
    ("chat", "PATCH", "/api/conversations/conv_x", {"title": "x"}),
    ("chat", "DELETE", "/api/conversations/conv_x", None),
    ("chat", "GET", "/api/runs/run_x", None),
    ("chat", "GET", "/api/runs/run_x/events", None),
    ("chat", "POST", "/api/runs/run_x/cancel", None),
    ("tools:math_calc", "POST", "/api/tools/math_calc", {"arguments": {"expression": "1+1"}}),
    ("admin", "GET", "/api/users", None),
    ("admin", "POST", "/api/users", {"username": "x", "password": "x"}),
    ("admin", "PATCH", "/api/users/user_x", {}),
    ("admin", "DELETE", "/api/users/user_x", None),
    ("admin", "GET", "/api/tools/usage?everyone=true", None),
]


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
    async with server.http(key) as with_key, asyncio.timeout(10):
        answer = await with_key.get("/v1/models/builtin")
        assert answer.status_code == 200
        while answer.status_code == 200:
            answer = await with_key.get("/v1/models/builtin")
    assert code(answer) == (401, "invalid_api_key")


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


async def test_a_key_for_other_things_reads_no_tool_calls(
    server: LiveServer, http: AsyncClient
) -> None:
    """Their arguments are parts of conversations."""
    async with server.http(await a_key(http, "files")) as with_key:
        assert (await with_key.get("/api/tools/usage")).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"), [one for one in EVERY_ROUTE if one not in OPEN], ids=str
)
async def test_no_route_is_open_to_a_key_without_its_scope(
    server: LiveServer, http: AsyncClient, method: str, path: str
) -> None:
    """A new route that forgets its scope fails here; only two tell nothing that needs one."""
    bodies: dict[str, Any] = {one[2].rpartition("/")[0]: one[3] for one in MATRIX if one[3]}
    bodies |= {
        "/v1/chat/completions": CHAT_BODY,
        "/api/users": {"username": "x", "password": "x"},
        "/api/auth/keys": {"name": "x"},
        "/api/auth/password": {"old_password": "x", "new_password": "x"},
    }
    address = re.sub(r"{.+?}", "x", path)
    body = bodies.get(address, bodies.get(address.rpartition("/")[0], {}))
    async with server.http(await a_key(http, "files")) as with_key:
        answer = await with_key.request(method, address, json=body if method != "GET" else None)
    free = {("GET", "/api/auth/me"), ("GET", "/api/tools")}
    assert answer.status_code == (200 if (method, path) in free else 403), answer.text


async def test_erasing_an_account_erases_what_was_its(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """Its tokens, too."""
    assert (await http.delete(f"/api/users/{person.id}")).status_code == 204
    async with server.http(person.token) as theirs:
        assert (await theirs.get("/api/auth/me")).status_code == 401
