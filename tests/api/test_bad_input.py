"""Bodies, addresses and bytes of every kind: a 4xx in OpenAI's error shape, and never a 500."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from httpx import AsyncClient

from tests.fakes.completions import CHAT, HI
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.refusals import JSON, MODEL, WITH_BODY, error_of

NOT_AN_OBJECT = {
    "empty": b"",
    "blank": b"  ",
    "no json": b"{model: 1}",
    "half": b'{"model": "x"',
    "list": b"[]",
    "text": b'"x"',
    "number": b"1",
    "null": b"null",
    "nan": b'{"model": NaN}',
    "infinity": b'{"model": -Infinity}',
    "deep list": b"[" * 20_000 + b"]" * 20_000,
    "deep object": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "deep with surrogate": b'{"b":"\\ud800","a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "unclosed": b"[" * 20_000,
    "latin-1": '{"model": "é"}'.encode("latin-1"),
    "utf-16": '{"model": "x"}'.encode("utf-16"),
    "surrogate bytes": b'{"model": "\xed\xa0\x80"}',
    "nul": b"\x00",
}


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("kind", NOT_AN_OBJECT)
async def test_a_body_that_is_no_json_object_is_a_400(
    http: AsyncClient, method: str, path: str, kind: str
) -> None:
    """On every route that takes a body."""
    answer = await http.request(method, path, content=NOT_AN_OBJECT[kind], headers=JSON)
    assert (answer.status_code, error_of(answer)["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "x", "text/json; a=b"])
async def test_a_body_of_another_type_is_a_415(
    http: AsyncClient, method: str, path: str, kind: str
) -> None:
    """Whatever is in it."""
    answer = await http.request(method, path, content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415
    assert error_of(answer)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data", b"--x", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken", 400),
        ("application/x-www-form-urlencoded", b"", 400),
        ("application/x-www-form-urlencoded", b"username=%ff%00&password=%ed%a0%80", 401),
        ("application/x-www-form-urlencoded", b"username=admin", 400),
        ("application/x-www-form-urlencoded", b"username=a&" * 5000, 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="username"; filename="f"\r\n\r\nadmin'
            b'\r\n--x\r\ncontent-disposition: form-data; name="password"\r\n\r\ny\r\n--x--\r\n',
            400,
        ),
    ],
)
async def test_a_bad_log_in_form_is_refused(
    anyone: AsyncClient, kind: str, body: bytes, status: int
) -> None:
    """As JSON would be."""
    headers = {"content-type": kind, "x-forwarded-for": "203.0.113.200"}
    answer = await anyone.post("/api/auth/login", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    error_of(answer)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", None])
async def test_json_is_taken_however_its_type_is_written(
    http: AsyncClient, ollama: OllamaDouble, kind: str | None
) -> None:
    """Also without any, as some scripts do."""
    headers = {"content-type": kind} if kind else {}
    body = orjson.dumps({"model": MODEL, "messages": HI})
    answer = await http.post(CHAT, content=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_half_a_surrogate_pair_is_dropped_and_the_rest_answered(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """An emoji that a client cut in two is no reason to refuse the message."""
    body = (
        b'{"model": "llama3.2@chat", "store": true, "messages":'
        b' [{"role": "user", "content": "cut \\ud83d here, whole \\ud83d\\ude00"}]}'
    )
    answer = await http.post(CHAT, content=body, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert ollama.chats[-1].body["messages"][0]["content"] == "cut  here, whole 😀"
    assert answer.json()["choices"][0]["message"]["content"] == "echo: cut  here, whole 😀"


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\ufffe\uffff", "\u2028", "\x1b[31m", "\U0001f600" * 10]
)
async def test_odd_characters_reach_the_model_and_the_store(
    http: AsyncClient, ollama: OllamaDouble, text: str
) -> None:
    """NUL is legal JSON; a database may not take it, and then it is not a 500."""
    messages = [{"role": "user", "content": f"Hello {text}"}]
    answer = await http.post(CHAT, json={"model": MODEL, "messages": messages, "store": True})
    assert answer.status_code == 200, answer.text
    where = f"/api/conversations/{answer.json()['x_session_id']}"
    assert (await http.get(where)).status_code == 200


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
async def test_a_body_over_the_limit_is_a_413_by_its_length(
    server: LiveServer, method: str, path: str
) -> None:
    """Before any of it is read."""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.token}\r\n"
        f"content-type: application/json\r\ncontent-length: {10**9}\r\nconnection: close\r\n\r\n"
    )
    async with asyncio.timeout(30):
        answer = await server.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"request_too_large"' in answer


@pytest.mark.parametrize(("path", "mebibytes"), [(CHAT, 33), ("/api/auth/login", 13)])
async def test_a_body_over_the_limit_is_a_413_when_it_comes_in_chunks(
    http: AsyncClient, path: str, mebibytes: int
) -> None:
    """Also without a length told in advance; messages may hold files and are larger."""

    async def much() -> Any:
        for _ in range(mebibytes):
            yield b"x" * (1 << 20)

    answer = await http.post(path, content=much(), headers=JSON)
    assert answer.status_code == 413
    assert error_of(answer)["code"] == "request_too_large"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/audio/speech", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/v1/chat/completions", 405, "method_not_allowed"),
        ("PUT", "/v1/models", 405, "method_not_allowed"),
        ("PUT", "/api/users", 405, "method_not_allowed"),
        ("PATCH", "/health", 405, "method_not_allowed"),
    ],
)
async def test_unknown_addresses_and_methods_have_the_same_error_shape(
    http: AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """And 405 tells what is allowed (RFC 9110, 15.5.6)."""
    answer = await http.request(method, path)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    "path",
    [
        "/api/conversations/%00",
        "/api/conversations/..%2f..%2fetc",
        "/api/conversations/" + "x" * 5000,
        "/api/runs/%ff%fe",
        "/api/runs/'%20or%201=1--",
        "/api/tools/%F0%9F%98%80",
        "/v1/models/%00",
        "/v1/models/" + "x" * 5000,
        "/v1/models/a/b/c:d@e",
        "/v1/models/../../etc/passwd",
        "/api/conversations?query=%00",
        "/api/conversations?query=%ED%A0%80",
        "/api/conversations?query=%25_'\"\\",
        "/api/conversations?cursor=%00",
    ],
)
async def test_odd_addresses_are_never_a_500(http: AsyncClient, path: str) -> None:
    """Whatever stands in a path or a query."""
    answer = await http.get(path)
    assert answer.status_code in {200, 400, 404, 405}
    if answer.status_code != 200:
        error_of(answer)


@pytest.mark.parametrize(
    ("request_bytes", "start"),
    [
        (b"GET /health HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \r\n", b"HTTP/1.1 200"),
        (b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \r\n", b"HTTP/1.1 401"),
        (b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: \r\n", b"HTTP/1.1 401"),
        (
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n",
            b"HTTP/1.1 400",
        ),
        (b"nonsense\r\n", b"HTTP/1.1 400"),
    ],
)
async def test_odd_bytes_are_answered(
    server: LiveServer, request_bytes: bytes, start: bytes
) -> None:
    """What no client library would send."""
    async with asyncio.timeout(30):
        answer = await server.raw(request_bytes + b"connection: close\r\n\r\n")
    assert answer.startswith(start)


async def test_two_authorizations_are_not_more_than_one(server: LiveServer) -> None:
    """The first one counts, or none does; never a 500."""
    request = (
        b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n"
        b"authorization: Bearer " + server.token.encode() + b"\r\nconnection: close\r\n\r\n"
    )
    assert (await server.raw(request)).startswith(b"HTTP/1.1 401")


async def test_more_messages_than_can_be_taken_are_refused_by_name(http: AsyncClient) -> None:
    """Ten thousand."""
    answer = await http.post(CHAT, json={"model": MODEL, "messages": HI * 10_000})
    assert (answer.status_code, error_of(answer)["param"]) == (400, "messages")


async def test_many_messages_are_fitted_and_answered(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """Four thousand, of which the newest reach the model."""
    ollama.queue(Reply(content="Yes."))
    messages = [{"role": "user", "content": f"Message {n} " + "word " * 20} for n in range(4000)]
    answer = await http.post(CHAT, json={"model": MODEL, "messages": messages})
    assert answer.status_code == 200
    sent = ollama.chats[-1].body["messages"]
    assert sent[-1]["content"] == messages[-1]["content"]
    assert len(sent) < 4000
    assert "left out" in answer.json()["choices"][0]["message"]["reasoning_content"]


async def test_a_message_larger_than_the_model_is_a_400(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """context_length_exceeded, as with OpenAI."""
    messages = [{"role": "user", "content": "word " * 400_000}]
    answer = await http.post(CHAT, json={"model": MODEL, "messages": messages})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "context_length_exceeded")


async def test_a_huge_token_limit_is_taken(http: AsyncClient, ollama: OllamaDouble) -> None:
    """It is a limit, not a demand."""
    ollama.queue(Reply(content="Yes."))
    body = {"model": MODEL, "messages": HI, "max_tokens": 10**9}
    assert (await http.post(CHAT, json=body)).status_code == 200
