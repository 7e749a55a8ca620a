"""The common part of the doubles of outside services: a real server with faults set per test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How one request goes wrong: an answer of its own, or `hang`, or `cut` in mid-body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    hang: bool = False
    cut: bool = False


GARBAGE = Fault(body=b"<html>\xff\xfe not the protocol", content_type="text/html")
CUT = Fault(cut=True)
HANG = Fault(hang=True)


def refusal(status: int, **headers: str) -> Fault:
    """Answer with a bare status; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=status, body=b'{"error":"no"}', headers=named)


class FaultyServer:
    """Serves routes on 127.0.0.1; `faults` are used up one per request, then it works."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.requests: list[web.Request] = []
        self.url = ""
        self._released = asyncio.Event()
        self._app = web.Application(middlewares=[self._break])
        self._runner = web.AppRunner(self._app, shutdown_timeout=0.2)

    def get(self, path: str, handler: Handler) -> None:
        self._app.router.add_get(path, handler)

    def post(self, path: str, handler: Handler) -> None:
        self._app.router.add_post(path, handler)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._released.set()
        await self._runner.cleanup()

    @web.middleware
    async def _break(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append(request)
        if not self.faults:
            return await handler(request)
        fault = self.faults.pop(0)
        if fault.hang:
            await self._released.wait()
        if fault.cut:
            return await _cut_short(request)
        return web.Response(
            status=fault.status,
            body=fault.body,
            headers=fault.headers,
            content_type=fault.content_type,
        )


async def _cut_short(request: web.Request) -> web.StreamResponse:
    reply = web.StreamResponse(headers={"content-length": "5000"})
    await reply.prepare(request)
    await reply.write(b'{"half":')
    assert request.transport is not None
    request.transport.abort()
    return reply
