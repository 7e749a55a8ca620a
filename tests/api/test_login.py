"""Log-in, tokens, passwords and the page's session, from outside."""

from __future__ import annotations

import openai
import pytest
from httpx import AsyncClient

from tests.fakes.live_server import ADMIN, PASSWORD, LiveServer
from tests.fakes.people import (
    ADDRESSES,
    LOGIN,
    SECRET,
    Person,
    bearer,
    code,
)

REFRESH = "/api/auth/refresh"


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


async def test_one_may_log_out_everywhere(server: LiveServer, person: Person) -> None:
    """Here and in every other browser; keys and other people stay."""
    right = {"username": person.name, "password": SECRET, "remember": True}
    async with server.http(person.token) as here, server.http() as there:
        key = (await here.post("/api/auth/keys", json={"name": "k"})).json()["key"]
        await there.post(LOGIN, json=right)
        done = await here.delete("/api/auth/sessions")
        assert (done.status_code, done.content) == (204, b"")
        assert code(await here.get("/api/auth/me")) == (401, "invalid_api_key")
        assert (await there.post(REFRESH)).status_code == 401
        assert (await here.get("/api/auth/me", headers=bearer(key))).status_code == 200
        assert (await here.get("/api/auth/me", headers=bearer(server.token))).status_code == 200
        assert (await there.post(LOGIN, json=right)).status_code == 200


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
        assert (await page.post(REFRESH)).status_code == 200
        third = page.cookies["steward_refresh"]
    async with server.http(cookies={"steward_refresh": first}) as thief:
        assert (await thief.post(REFRESH)).status_code == 401
    for secret in (second, third):
        async with server.http(cookies={"steward_refresh": secret}) as page:
            assert (await page.post(REFRESH)).status_code == 401


async def test_a_page_that_was_reloaded_while_it_renewed_stays_logged_in(
    server: LiveServer, person: Person
) -> None:
    """The answer with the next cookie was lost; the old one is good once more."""
    body = {"username": person.name, "password": SECRET, "remember": True}
    async with server.http() as page:
        await page.post(LOGIN, json=body)
        first = page.cookies["steward_refresh"]
        assert (await page.post(REFRESH)).status_code == 200
    async with server.http(cookies={"steward_refresh": first}) as page:
        assert (await page.post(REFRESH)).status_code == 200


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
