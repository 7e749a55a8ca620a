"""A real HTTP server on a free port that keeps what it was asked and notices who left."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from aiohttp import web

HANG_S = 30.0


@dataclass(slots=True)
class Received:
    """One request the double got; the events tell a test how it went on."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    peer: Any
    body: Any
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)


class RecordingServer(ABC):
    """Base of the doubles. Use as `async with Double() as double:` and talk to `double.url`."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.cancelled: list[Received] = []
        self.url = ""
        self._arrived = asyncio.Condition()
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 picks a free one."""
        server = web.Server(self._serve, handler_cancellation=True)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, backlog=1024).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def at(self, path: str) -> list[Received]:
        """The requests to one path."""
        return [request for request in self.requests if request.path == path]

    async def arrived(self, count: int, path: str) -> Received:
        """Wait until that many requests came to a path; return the last of them, or fail after half a minute."""
        async with asyncio.timeout(HANG_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.at(path)) >= count)
        return self.at(path)[count - 1]

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.content.read()
        received = Received(
            request.method,
            request.path,
            dict(request.headers),
            raw,
            request.transport and request.transport.get_extra_info("peername"),
            _parse(raw),
        )
        async with self._arrived:
            self.requests.append(received)
            self._arrived.notify_all()
        try:
            return await self._route(request, received)
        except (asyncio.CancelledError, ConnectionError):
            self.cancelled.append(received)
            received.cancelled.set()
            raise
        finally:
            received.finished.set()

    @abstractmethod
    async def _route(self, request: web.BaseRequest, received: Received) -> web.StreamResponse: ...


def abort(request: web.BaseRequest) -> None:
    """Break the connection and leave the handler as a vanished peer would."""
    assert request.transport is not None
    request.transport.abort()
    raise ConnectionResetError


def _parse(raw: bytes) -> Any:
    with contextlib.suppress(orjson.JSONDecodeError):
        return orjson.loads(raw)
    return None
