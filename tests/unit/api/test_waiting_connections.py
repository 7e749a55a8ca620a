"""Requests that do not arrive and answers that are not read: their connections are closed, and no others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn

from backend.api.serving import listen
from backend.api.waiting_connection import waiting_at_most
from backend.kit.clocks import SystemClock

HEAD_S, PAUSE_S, UNREAD_S = 0.4, 1.2, 0.3
MUCH = b"GET /much HTTP/1.1\r\nhost: x\r\n\r\n"
PIECES, PIECE = 400, b"x" * 65_536
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 12\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answer_much(receive, send) -> None:
    """Say more than any buffer holds, until it is said or the client is gone."""
    gone = asyncio.create_task(receive())
    headers = [(b"content-length", str(PIECES * len(PIECE)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(PIECES):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        if gone.done():
            return
    await send({"type": "http.response.body", "body": b""})


async def answer(scope, receive, send) -> None:
    """Read the body, answer slower than any limit, or say that the client is gone."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message["more_body"]
    if scope["path"] == "/much":
        await answer_much(receive, send)
        return
    await SystemClock().sleep(2 * HEAD_S)
    headers = [(b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    """A connection to a server with hardly any patience."""
    with contextlib.closing(listen("127.0.0.1", 0)) as listening:
        patience = waiting_at_most(head_s=HEAD_S, pause_s=PAUSE_S, unread_s=UNREAD_S)
        config = uvicorn.Config(answer, http=patience, lifespan="off", log_config=None)
        config.load()
        state = uvicorn.server.ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: patience(config=config, server_state=state, app_state={}), sock=listening
        )
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        yield reader, writer
        writer.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("begun", [b"", GET[:-2], POST, POST + b"half"])
async def test_what_does_not_arrive_is_given_up(connection: Connection, begun: bytes) -> None:
    """Nothing at all, half a head, a head without its body, half a body."""
    reader, writer = connection
    writer.write(begun)
    async with asyncio.timeout(30):
        assert await reader.read() == b""


async def test_a_head_that_drips_is_given_up(connection: Connection) -> None:
    """Bytes that come in time do not make a head longer: it has to be whole."""
    reader, writer = connection

    async def drip() -> None:
        writer.write(GET[:-2] + b"x: ")
        while not writer.transport.is_closing():
            writer.write(b"y")
            await SystemClock().sleep(HEAD_S / 8)

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    dripping.cancel()


async def test_a_body_that_goes_on_is_waited_for(connection: Connection) -> None:
    """Longer than one pause in all; and the answer may take its time."""
    reader, writer = connection
    writer.write(POST)
    for _ in range(4):
        await SystemClock().sleep(PAUSE_S / 2)
        writer.write(b"abc")
    async with asyncio.timeout(30):
        assert (await reader.readuntil(b"done")).startswith(b"HTTP/1.1 200")


async def test_a_connection_that_is_kept_is_not_closed(connection: Connection) -> None:
    """Between two requests it may rest; the second head has its time from its own first byte."""
    reader, writer = connection
    async with asyncio.timeout(30):
        for _ in range(2):
            writer.write(GET)
            assert (await reader.readuntil(b"done")).startswith(b"HTTP/1.1 200")
            await SystemClock().sleep(2 * HEAD_S)
        writer.write(GET[:-2])
        assert await reader.read() == b""


async def test_an_answer_is_not_cut_for_half_a_head_behind_it(connection: Connection) -> None:
    """The next request may come in pieces while the one before it is answered."""
    reader, writer = connection
    writer.write(GET + GET[:-2])
    async with asyncio.timeout(30):
        answered = await reader.readuntil(b"done")
        assert answered.startswith(b"HTTP/1.1 200")
        assert await reader.read() == b""


async def test_an_answer_that_nobody_reads_is_given_up(connection: Connection) -> None:
    """Its client finds what was on its way already, and a connection that was cut."""
    reader, writer = connection
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(MUCH)
    await SystemClock().sleep(4 * UNREAD_S)
    writer.transport.resume_reading()  # type: ignore[attr-defined]
    read = 0
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionResetError):
            while piece := await reader.read(1 << 20):
                read += len(piece)
    assert read < PIECES * len(PIECE)


async def test_an_answer_that_is_read_slowly_is_read_to_its_end(connection: Connection) -> None:
    """Longer in all than a client may read nothing."""
    reader, writer = connection
    writer.write(MUCH)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    async with asyncio.timeout(20):
        for at in range(PIECES):
            assert len(await reader.readexactly(len(PIECE))) == len(PIECE)
            if at % 50 == 0:
                await SystemClock().sleep(UNREAD_S / 3)
    writer.write(GET)
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"done")).startswith(b"HTTP/1.1 200")
