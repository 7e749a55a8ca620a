"""MCP servers that are broken, or want to be somewhere else than they are."""

from __future__ import annotations

import asyncio
import gzip

import orjson
import pytest

from backend.errors import ToolFailed
from tests.fakes.mcp_server import mcp_double

SECRET = "sesame-open-7"
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}


def rpc(result: object) -> bytes:
    """Answer whatever was asked first."""
    return orjson.dumps({"jsonrpc": "2.0", "id": 1, "result": result})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, JSON, b"{}"), "it answered 401 Unauthorized"),
        ((403, {}, b"<html>"), "it answered 403 Forbidden"),
        ((500, {}, b""), "it answered 500 Internal Server Error"),
        ((404, {}, b""), "it answered 404 Not Found"),
        ((200, {"content-type": "text/html"}, b"<html>"), "Unexpected content type"),
        ((200, JSON, b"[" * 100_000), "Failed to parse JSON response"),
        ((200, JSON, b"not json"), "Failed to parse JSON response"),
        ((200, JSON, b"x" * 3_000_000), "its answer is larger than 2,097,152 bytes"),
        ((200, SSE, b"data: nonsense\n\n"), "Failed to parse SSE message"),
        ((200, SSE, b""), "SSE stream ended without a response"),
        ((202, {}, b""), "202 Accepted"),
        (
            (200, {**JSON, "content-encoding": "gzip"}, gzip.compress(b" " * 50_000_000)),
            "it compresses its answer, which was not asked for",
        ),
        ((307, {"location": "http://169.254.169.254/latest"}, b""), "not followed"),
        ((307, {"location": "http://127.0.0.1:1/mcp"}, b""), "not followed"),
        ((307, {"location": "/mcp"}, b""), "not followed"),
    ],
)
async def test_a_broken_server_is_told_of_in_one_line(reaching, answer, words, caplog):
    """With a reason, without its page, and without a word of it in the log."""
    reaching.double.answer = lambda method: answer if method != "GET" else (405, {}, b"")
    session = reaching.session()
    async with asyncio.timeout(30):
        with pytest.raises(ToolFailed) as told:
            await session.listing("lab")
    message = told.value.message
    assert message.startswith("the MCP server 'lab' cannot be used: ")
    assert words in message
    assert len(message) < 400
    assert "\n" not in message
    assert [one for one in caplog.records if one.name.startswith(("mcp", "httpx2"))] == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_headers_of_the_caller_never_reach_another_server(reaching, status):
    """A redirect to another origin is not followed, be that origin allowed or not."""
    async with mcp_double() as other:
        reaching.double.answer = lambda _: (status, {"location": other.url}, b"")
        session = reaching.session(
            headers={"authorization": f"Bearer {SECRET}"},
            allowed_hosts=frozenset({reaching.double.host, other.host}),
        )
        with pytest.raises(ToolFailed):
            await session.listing("lab")
        assert other.headers == []


async def test_headers_that_a_server_sends_back_are_not_shown(reaching):
    """Neither in a result nor in a fault nor in what it says of its tools."""

    def whoami(text: str = "") -> str:
        return f"you sent {reaching.double.headers[-1]['authorization']}"

    reaching.double.server.add_tool(whoami, description=f"Knows {SECRET}.")
    session = reaching.session(headers={"authorization": f"Bearer {SECRET}"})
    listing = await session.listing("lab")
    assert listing.tools[-1].description == "Knows ***."
    assert (await session.call("lab", "whoami", {})).text == "you sent ***"


async def test_an_older_server_that_never_begins_is_not_waited_for_long(reaching):
    """The first refusal is what is told."""
    begun = asyncio.Event()

    def answer(method: str) -> tuple[int, dict[str, str], bytes] | None:
        if method == "GET":
            begun.set()
            return (200, SSE, b": nothing\n\n")
        return (405, {}, b"")

    reaching.double.answer = answer
    listing = asyncio.ensure_future(reaching.session().listing("lab"))
    await begun.wait()
    while not listing.done():
        reaching.clock.step(1)
        await asyncio.wait([listing], timeout=0.01)
    with pytest.raises(ToolFailed) as told:
        await listing
    assert "405" in told.value.message or "not answer" in told.value.message


async def test_nobody_listens_there(reaching):
    """The reason is one line."""
    session = reaching.session(
        url="http://127.0.0.1:9/mcp", allowed_hosts=frozenset({"127.0.0.1:9"})
    )
    with pytest.raises(ToolFailed) as told:
        await session.listing("lab")
    assert told.value.message == (
        "the MCP server 'lab' cannot be used: no connection could be made"
    )
