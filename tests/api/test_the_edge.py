"""What surrounds every route: who may call it, its headers, its documentation, its health."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from backend.api.serving import listen
from tests.fakes.live_server import Doubles, Failures, LiveServer, live_server
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.routes import DOCUMENTED, EVERY_ROUTE, METHODS, OPEN, SIGNED


def test_the_walk_finds_every_documented_route() -> None:
    """Otherwise the tests below would protect nothing."""
    described = {
        (method.upper(), path)
        for path, item in DOCUMENTED["paths"].items()
        for method in item
        if method in METHODS
    }
    found = {(method, re.sub(r":\w+}", "}", path)) for method, path in EVERY_ROUTE}
    assert described <= found
    assert len(described) > 25


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
async def test_every_route_wants_to_know_who_calls(
    anyone: AsyncClient, method: str, path: str
) -> None:
    """401 before anything else is looked at; a new open route must be added to the list above."""
    address = re.sub(r"{.+?}", "x", path)
    answer = await anyone.request(method, address)
    if (method, path) in OPEN:
        known = answer.status_code != 401 or path.startswith("/api/auth/refresh")
        assert known, answer.text
    else:
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "invalid_api_key"
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), [one for one in EVERY_ROUTE if one[0] != "GET"])
@pytest.mark.parametrize("body", [b"", b"{", b"[" * 20_000, b"\xff"])
async def test_nobody_gets_an_answer_about_a_body(
    anyone: AsyncClient, method: str, path: str, body: bytes
) -> None:
    """Bad input of a stranger is never a 500 either."""
    address = re.sub(r"{.+?}", "x", path)
    headers = {"content-type": "application/json"}
    answer = await anyone.request(method, address, content=body, headers=headers)
    if (method, path) in SIGNED:
        assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")
        return
    assert answer.status_code in ({204, 400, 401} if (method, path) in OPEN else {401})
    if answer.content:
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
async def test_every_answer_has_the_security_headers_and_an_id(
    anyone: AsyncClient, method: str, path: str
) -> None:
    """Errors too."""
    answer = await anyone.request(method, re.sub(r"{.+?}", "x", path))
    shown = {
        name: answer.headers.get(name) for name in ("x-content-type-options", "x-frame-options")
    }
    assert shown == {"x-content-type-options": "nosniff", "x-frame-options": "DENY"}
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"]
    assert answer.headers["x-request-id"].startswith("req_")
    assert int(answer.headers["openai-processing-ms"]) >= 0
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1.2:3_4", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("<b>", False)],
)
async def test_a_request_id_of_the_client_is_echoed_when_it_is_plain(
    anyone: AsyncClient, given: str, *, kept: bool
) -> None:
    """Otherwise it gets one of ours; nothing foreign gets into the log."""
    answer = await anyone.get("/health", headers={"x-request-id": given})
    shown = answer.headers["x-request-id"]
    assert shown == given if kept else shown.startswith("req_")


async def test_a_streamed_answer_has_the_headers_too(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """And is neither cached nor buffered on the way."""
    ollama.queue(Reply(content="Hi."))
    body = {"model": "llama3.2", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    answer = await http.post(
        "/v1/chat/completions", json=body, headers={"accept-encoding": "gzip", "x-request-id": "me"}
    )
    wanted = {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-content-type-options": "nosniff",
        "x-request-id": "me",
    }
    assert {name: answer.headers.get(name) for name in wanted} == wanted
    assert "content-encoding" not in answer.headers


async def test_the_request_id_stands_in_the_trace(http: AsyncClient, ollama: OllamaDouble) -> None:
    """So that a report of a user leads to the run."""
    ollama.queue(Reply(content="Hi."))
    body = {"model": "llama3.2", "messages": [{"role": "user", "content": "hi"}]}
    answer = await http.post("/v1/chat/completions", json=body, headers={"x-request-id": "mine-1"})
    run = (await http.get(f"/api/runs/{answer.json()['x_agent']['run_id']}")).json()
    assert run["trace"]["request_id"] == "mine-1"


async def test_other_origins_may_not_call_by_default(anyone: AsyncClient) -> None:
    """No CORS header, and no answer to a preflight."""
    origin = {"origin": "https://other.example"}
    plain = await anyone.get("/health", headers=origin)
    ask = {**origin, "access-control-request-method": "POST"}
    preflight = await anyone.options("/v1/chat/completions", headers=ask)
    named = [name for one in (plain, preflight) for name in one.headers]
    assert [name for name in named if name.startswith("access-control-")] == []
    assert preflight.status_code in {401, 405}


async def test_origins_that_are_named_may_call(tmp_path: Path, doubles: Doubles) -> None:
    """Those, and no others; the ids can be read there."""
    environ = {"SERVER__CORS_ORIGINS": "https://page.example", **doubles.environ()}
    async with live_server(tmp_path, **environ) as live, live.http() as http:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "x-a"}
        good, bad = [
            await http.options("/v1/models", headers={"origin": f"https://{name}.example", **asked})
            for name in ("page", "evil")
        ]
        refused = await http.get("/v1/models", headers={"origin": "https://page.example"})
    assert good.status_code == 200
    assert good.headers["access-control-allow-origin"] == "https://page.example"
    assert "access-control-allow-credentials" not in good.headers
    assert "access-control-allow-origin" not in bad.headers
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://page.example"
    assert "x-request-id" in refused.headers["access-control-expose-headers"]


async def test_health_says_that_the_server_lives(anyone: AsyncClient) -> None:
    """Nobody needs to log in for that, and it tells nothing secret."""
    body = (await anyone.get("/health")).json()
    assert set(body) == {"status", "version", "active_runs", "tools", "databases"}
    assert (body["status"], body["active_runs"]) == ("ok", 0)
    assert body["databases"] == {"on": 0, "off": []}
    assert {"math_calc", "weather", "wikipedia"} <= set(body["tools"]["on"])


async def test_ready_names_every_dependency(anyone: AsyncClient) -> None:
    """What answers need and what more there is, each with how it is, why and what mends it."""
    answer = await anyone.get("/ready")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "ready")
    assert {"database", "model:builtin", "model:ollama"} <= set(body["checks"])
    more = {"documents", "documents:worker", "documents:ocr", "sandbox", "web_search"}
    assert more <= set(body["checks"])
    fields = {"ok", "state", "detail", "fix"}
    assert all(set(one) == fields for one in body["checks"].values())
    assert body["checks"]["web_search"]["detail"] == "DuckDuckGo"


async def test_what_is_switched_off_is_off_and_costs_no_readiness(
    tmp_path: Path, doubles: Doubles
) -> None:
    """That is neither a failure nor fine: it says which setting did it."""
    off = {"DOCUMENTS__OCR": "no", "TOOLS__DISABLED": '["web_search"]'}
    async with live_server(tmp_path, **doubles.environ(), **off) as live, live.http() as http:
        answer = await http.get("/ready")
    checks = answer.json()["checks"]
    shown = [
        (checks[name]["state"], checks[name]["detail"]) for name in ("documents:ocr", "web_search")
    ]
    assert answer.status_code == 200
    assert shown == [("off", "off (DOCUMENTS__OCR)"), ("off", "switched off by TOOLS__DISABLED")]


async def test_ready_is_a_503_with_the_reason_when_the_database_is_gone(
    tmp_path: Path, doubles: Doubles
) -> None:
    """And how to mend it."""
    async with live_server(tmp_path, **doubles.environ()) as live, live.http() as http:
        services = live.app.state.services
        checks = dict(services.checks)
        broken = type(await checks["database"]())(ok=False, detail="no disk", fix="give it one")

        async def gone() -> Any:
            return broken

        services.checks["database"] = gone
        answer = await http.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert answer.json()["checks"]["database"] == {
        "ok": False,
        "state": "failing",
        "detail": "no disk",
        "fix": "give it one",
    }


async def test_a_bug_is_a_500_in_the_same_shape_and_is_logged_once(
    tmp_path: Path, doubles: Doubles, no_trace_backs: Failures
) -> None:
    """The client is told nothing of it but the id to find it by, and not to try again."""
    async with live_server(tmp_path, **doubles.environ()) as live, live.http() as http:

        async def bug() -> Any:
            msg = "secret inside"
            raise RuntimeError(msg)

        live.app.state.services.checks["database"] = bug
        answer = await http.get("/ready", headers={"x-request-id": "find-me"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["x-request-id"] == "find-me"
    assert [text.count("secret inside") for text in no_trace_backs.found] == [1]
    no_trace_backs.found.clear()


async def test_a_request_that_a_stopping_server_gives_up_is_a_503(
    tmp_path: Path, doubles: Doubles, no_trace_backs: Failures
) -> None:
    """As JSON, and to be tried again; it is no bug of the server."""
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        live = await stack.enter_async_context(live_server(tmp_path, **doubles.environ()))
        begun = asyncio.Event()

        async def for_ever() -> Any:
            begun.set()
            await asyncio.Event().wait()

        live.app.state.services.checks["database"] = for_ever
        http = live.http()
        asked = tasks.create_task(http.get("/ready"))
        await begun.wait()
        await stack.aclose()
        answer = await asked
        await http.aclose()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert no_trace_backs.found == []


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_the_documentation_can_be_read(anyone: AsyncClient, path: str) -> None:
    """Without logging in."""
    assert (await anyone.get(path)).status_code == 200


async def test_the_page_of_the_documentation_loads_nothing_from_elsewhere(
    anyone: AsyncClient,
) -> None:
    """Swagger UI comes from this server, and works where there is no internet."""
    page = await anyone.get("/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    named = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert named == [
        "/favicon.svg",
        "/docs/swagger-ui.css",
        "/docs/swagger-ui-bundle.js",
        "/docs/start.js",
    ]
    for name in named[1:]:
        part = await anyone.get(name)
        assert (part.status_code, len(part.content) > 50) == (200, True)
    assert (await anyone.get("/docs/other.js")).status_code == 404


def references(value: Any) -> Iterator[str]:
    """Find every $ref of a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for child in value.values():
            yield from references(child)
    elif isinstance(value, list):
        for child in value:
            yield from references(child)


def test_the_openapi_document_is_sound() -> None:
    """Every reference leads somewhere, ids are unique, every operation is told in words."""
    assert DOCUMENTED["openapi"].startswith("3.")
    for reference in references(DOCUMENTED):
        found: Any = DOCUMENTED
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    operations = [
        operation
        for item in DOCUMENTED["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]
    ids = [one["operationId"] for one in operations]
    assert len(ids) == len(set(ids))
    assert [one["operationId"] for one in operations if not one.get("description")] == []
    named = {f"{{{one['name']}}}" for item in operations for one in item.get("parameters", ())}
    used = {part for path in DOCUMENTED["paths"] for part in re.findall(r"{.+?}", path)}
    assert used <= named


def test_the_openapi_document_describes_the_errors_that_are_sent() -> None:
    """One shape, and no trace of the framework's own 422."""
    items = DOCUMENTED["paths"].values()
    for operation in (one for item in items for name, one in item.items() if name in METHODS):
        answers = operation["responses"]
        assert "422" not in answers, operation["operationId"]
        schemas = [answers[one]["content"]["application/json"]["schema"] for one in ("4XX", "5XX")]
        assert schemas == [{"$ref": "#/components/schemas/ErrorOut"}] * 2


async def test_the_server_can_be_put_together_twice(tmp_path: Path, server: LiveServer) -> None:
    """Nothing is kept in modules: two servers in one process do not share accounts."""
    async with (
        live_server(tmp_path, OLLAMA_HOST="http://127.0.0.1:9") as other,
        other.http(server.token) as http,
    ):
        assert (await http.get("/v1/models")).status_code == 401


def test_the_body_of_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    """Connections that are kept would pay for it with every request."""
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        taken, _ = listening.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
