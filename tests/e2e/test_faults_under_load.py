"""What many, slow and half-open clients do to a real server process: nobody else waits, and memory comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from backend.kit.clocks import SystemClock
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.one_server import OneServer, one_server

pytestmark = pytest.mark.asyncio(loop_scope="module")
BODY: dict[str, Any] = {
    "model": "llama3.2@chat",
    "messages": [{"role": "user", "content": "Hello there"}],
    "stream": True,
}
STREAMS, TOKENS, PACE = 500, 10, 20
HALF_OPEN, HEAD_S = 200, 1
SLOW = 3
LONG_TOKENS = 300_000
# What the first crowd leaves in the allocator's pools, and then what may come on top.
MOST_POOLED_MIB, MOST_GROWTH = 60, 1.25
MOST_UNREAD_MIB = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ollama() -> AsyncIterator[OllamaDouble]:
    """A model server."""
    async with OllamaDouble() as double:
        yield double


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(
    ollama: OllamaDouble, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OneServer]:
    """A server that waits little for heads, and for nothing else."""
    folder = tmp_path_factory.mktemp("load") / "data"
    async with one_server(folder, ollama.url, SERVER__REQUEST_HEAD_S=str(HEAD_S)) as running:
        yield running


async def test_five_hundred_streams_at_once_lose_no_token(
    server: OneServer, ollama: OllamaDouble
) -> None:
    """Each gets all its tokens, other requests are answered meanwhile, and the memory is given back."""
    ollama.reset()
    ollama.script(lambda _: Reply(count=TOKENS, tokens_per_second=PACE))
    await asyncio.gather(*(counted(server) for _ in range(50)))  # what is made once is made
    await server.idle()
    before_mib = server.resident_mib()
    done = asyncio.Event()
    streams = asyncio.gather(*(counted(server) for _ in range(STREAMS)))
    streams.add_done_callback(lambda _: done.set())
    found, took_s = await asyncio.gather(streams, latencies(server, done))
    assert found == [TOKENS] * STREAMS
    assert sorted(took_s)[int(0.99 * (len(took_s) - 1))] < 2
    await server.idle()
    after_mib = server.resident_mib()
    assert after_mib < before_mib + MOST_POOLED_MIB
    await asyncio.gather(*(counted(server) for _ in range(STREAMS)))
    await server.idle()
    assert server.resident_mib() < after_mib * MOST_GROWTH


async def test_clients_that_do_not_read_cost_a_bounded_amount_of_memory(
    server: OneServer, ollama: OllamaDouble
) -> None:
    """Their answers wait as text, once, and come whole when they are read at last."""
    ollama.reset()
    ollama.script(lambda _: Reply(count=LONG_TOKENS))
    before_mib = server.resident_mib()
    clients = [await server.connect() for _ in range(SLOW)]
    for _, writer in clients:
        writer.transport.pause_reading()
        writer.write(server.request({**BODY, "stream": True}))
    async with asyncio.timeout(120):
        for at in range(SLOW):
            received = await ollama.arrived(at + 1)
            await received.finished.wait()
    assert (await server.http.get("/health")).status_code == 200
    assert server.resident_mib() < before_mib + MOST_UNREAD_MIB, before_mib
    assert len(ollama.chats) == SLOW
    reader, writer = clients.pop()
    writer.transport.resume_reading()
    async with asyncio.timeout(120):
        assert (await reader.read()).count(b"word ") == LONG_TOKENS
    writer.close()
    for _, other in clients:
        other.transport.abort()
    await server.idle()


async def test_half_open_requests_are_closed_and_others_are_served(server: OneServer) -> None:
    """Two hundred heads that never end, or never begin: each is cut off in time, nobody else waits."""
    clients = [await server.connect() for _ in range(HALF_OPEN)]
    for at, (_, writer) in enumerate(clients):
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: " if at % 2 else b"")
    begun_s = time.monotonic()
    assert (await server.http.get("/health")).status_code == 200
    assert time.monotonic() - begun_s < HEAD_S
    async with asyncio.timeout(HEAD_S + 60):
        ends = await asyncio.gather(*(ended(*one) for one in clients))
    assert ends == [b""] * HALF_OPEN
    found = psutil.Process(server.process.pid).net_connections("tcp")
    assert sum(one.status == "CLOSE_WAIT" for one in found) == 0


async def ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Drip a byte of a head now and then, until the server closes."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def counted(server: OneServer) -> int:
    """Ask for a stream, and count its tokens; several may come in one event."""
    reader, writer = await server.connect()
    writer.write(server.request({**BODY, "stream": True}))
    text = await reader.read()
    writer.close()
    assert text.startswith(b"HTTP/1.1 200"), text
    assert b"[DONE]" in text
    return text.count(b"word ")


async def latencies(server: OneServer, done: asyncio.Event) -> list[float]:
    """Ask for the health again and again, and time it."""
    took_s: list[float] = []
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
        while not done.is_set():
            begun_s = time.monotonic()
            assert (await http.get("/health")).status_code == 200
            took_s.append(time.monotonic() - begun_s)
            await SystemClock().sleep(0.05)
    return took_s
