"""A real HTTP server that speaks Ollama's protocol, scripted per test.

Wire facts: https://github.com/ollama/ollama/blob/main/docs/api.md and the sources beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from backend.kit.clocks import SystemClock
from tests.fakes.ollama.catalogue import Catalogue
from tests.fakes.ollama.checks import FakeModel, Refusal, check_chat
from tests.fakes.ollama.replies import Reply, echo, line_of, lines_of, whole_of
from tests.fakes.ollama.ticker import Ticker

Script = Callable[[dict[str, Any]], Reply | None]
NDJSON = "application/x-ndjson"
NOT_FOUND = (404, "404 page not found")
BAD_METHOD = (405, "405 method not allowed")


@dataclass(slots=True)
class Received:
    """One request the double got; the events tell a test how it went on."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)


class OllamaDouble:
    """The server. Use as `async with OllamaDouble() as double:` and talk to `double.url`.

    Answers to /api/chat come from `queue(...)`, then from the first `script(...)` that returns a
    Reply, then from an echo.
    """

    def __init__(
        self, models: dict[str, FakeModel] | None = None, *, default: Script | None = None
    ) -> None:
        self.catalogue = Catalogue(models)
        self.requests: list[Received] = []
        self.cancelled: list[Received] = []
        self.url = ""
        self.open_streams = 0
        self.faults: dict[str, Reply] = {}
        self._queued: deque[tuple[str | None, Reply]] = deque()
        self._scripts: list[Script] = []
        self._default = default or echo
        self._arrived = asyncio.Condition()
        self._ticker = Ticker()
        self._clock = SystemClock()
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> OllamaDouble:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 picks a free one."""
        server = web.Server(self._serve, handler_cancellation=True)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def queue(self, *replies: Reply, model: str | None = None) -> None:
        """Answer the next chats with these, in order; with `model`, only that model's."""
        self._queued.extend((model, reply) for reply in replies)

    def script(self, script: Script) -> None:
        """Ask this function for a Reply; None leaves the request to the next one."""
        self._scripts.append(script)

    def fail(self, path: str, reply: Reply) -> None:
        """Answer every request to a path other than /api/chat with this status or raw body."""
        self.faults[path] = reply

    def reset(self) -> None:
        """Forget what was asked, queued, scripted and broken; connections stay."""
        self.requests.clear()
        self.cancelled.clear()
        self.faults.clear()
        self._queued.clear()
        self._scripts.clear()

    @property
    def chats(self) -> list[Received]:
        """The requests to /api/chat."""
        return self.at("/api/chat")

    def at(self, path: str) -> list[Received]:
        """The requests to one path."""
        return [request for request in self.requests if request.path == path]

    async def arrived(self, count: int, path: str = "/api/chat") -> Received:
        """Wait until that many requests came to a path; return the last of them."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.at(path)) >= count)
        return self.at(path)[count - 1]

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        received = Received(request.method, request.path, dict(request.headers), _parse(raw))
        async with self._arrived:
            self.requests.append(received)
            self._arrived.notify_all()
        try:
            return await self._route(request, received, raw)
        except Refusal as refusal:
            return web.json_response({"error": refusal.text}, status=refusal.status)
        except (asyncio.CancelledError, ConnectionError):
            self.cancelled.append(received)
            received.cancelled.set()
            raise
        finally:
            received.finished.set()

    async def _route(
        self, request: web.BaseRequest, received: Received, raw: bytes
    ) -> web.StreamResponse:
        path = received.path
        if path in self.faults:
            return await self._failed(request, self.faults[path])
        if path == "/api/chat" and received.method == "POST":
            return await self._chat(request, received, raw)
        if path == "/api/pull" and received.method == "POST":
            return await self._pull(request, received.body)
        answer = self.catalogue.answer(received.method, path, received.body)
        if answer is not None:
            return web.Response(body=answer.body, headers={"content-type": answer.content_type})
        status, text = BAD_METHOD if self.catalogue.knows(path) else NOT_FOUND
        return web.Response(status=status, text=text)

    async def _chat(
        self, request: web.BaseRequest, received: Received, raw: bytes
    ) -> web.StreamResponse:
        body = received.body
        if not raw:
            raise Refusal(400, "missing request body")
        if body is None:
            raise Refusal(400, "invalid character 'o' in literal null (expecting 'u')")
        check_chat(body, self.catalogue.models)
        reply = self._choose(body)
        if reply.status != 200 or reply.raw is not None:
            return await self._failed(request, reply)
        if body.get("stream") is False:
            await self._wait(reply)
            return web.Response(body=whole_of(body["model"], reply), content_type=_JSON)
        self.open_streams += 1
        try:
            return await self._stream(request, body["model"], reply)
        finally:
            self.open_streams -= 1

    def _choose(self, body: dict[str, Any]) -> Reply:
        if not body.get("messages"):
            return Reply(done_reason="unload" if body.get("keep_alive") == 0 else "load")
        for entry in self._queued:
            if entry[0] in (None, body["model"]):
                self._queued.remove(entry)
                return entry[1]
        chosen = (script(body) for script in self._scripts)
        return next((reply for reply in chosen if reply is not None), None) or self._default(body)

    async def _wait(self, reply: Reply) -> None:
        if reply.delay_s:
            await self._clock.sleep(reply.delay_s)
        if reply.hold is not None:
            await reply.hold.wait()

    async def _failed(self, request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
        await self._wait(reply)
        if reply.fault is not None and reply.fault.kind == "cut":
            _abort(request)
        body = orjson.dumps({"error": reply.error}) if reply.raw is None else reply.raw
        headers = {"content-type": reply.content_type, **reply.headers}
        return web.Response(status=reply.status, body=body, headers=headers)

    async def _stream(
        self, request: web.BaseRequest, model: str, reply: Reply
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": NDJSON})
        response.enable_chunked_encoding()
        await self._wait(reply)
        if reply.fault is None or reply.fault.after or reply.fault.kind != "hang":
            await response.prepare(request)
        if reply.count:
            await self._tick(request, response, model, reply)
        else:
            await self._write(request, response, model, reply)
        await response.write_eof()
        return response

    async def _tick(
        self, request: web.BaseRequest, response: web.StreamResponse, model: str, reply: Reply
    ) -> None:
        line = line_of(model, {"content": "word "})
        await response.write(line)
        frame = b"%x\r\n%b\r\n" % (len(line), line)
        transport = request.transport
        assert isinstance(transport, asyncio.WriteTransport)
        pace = reply.tokens_per_second
        await self._ticker.run(transport, frame, count=reply.count - 1, per_second=pace)
        if transport.is_closing():
            raise ConnectionResetError
        done = Reply(output_tokens=reply.count, prompt_tokens=reply.prompt_tokens)
        await response.write(lines_of(model, done)[-1])

    async def _write(
        self, request: web.BaseRequest, response: web.StreamResponse, model: str, reply: Reply
    ) -> None:
        fault, size = reply.fault, reply.split_bytes
        for sent, line in enumerate([*lines_of(model, reply), b""]):
            if fault is not None and fault.after == sent:
                if fault.kind == "hang":
                    await asyncio.Event().wait()
                if fault.kind == "cut":
                    _abort(request)
                if fault.kind == "end":
                    return
                await response.write(_fault_line(fault.kind, fault.text))
                if fault.kind == "error":
                    return
            step = size or len(line) or 1
            for at in range(0, len(line), step):
                await response.write(line[at : at + step])
                await self._clock.sleep(0)

    async def _pull(self, request: web.BaseRequest, body: dict[str, Any]) -> web.StreamResponse:
        lines = self.catalogue.pull(body["model"])
        if body.get("stream") is False:
            if b'"error"' in lines[-1]:
                return web.Response(status=500, body=lines[-1], content_type=_JSON)
            return web.json_response({"status": "success"})
        response = web.StreamResponse(headers={"content-type": NDJSON})
        await response.prepare(request)
        for line in lines:
            await response.write(line)
        await response.write_eof()
        return response


_JSON = "application/json"


def _parse(raw: bytes) -> Any:
    with contextlib.suppress(orjson.JSONDecodeError):
        return orjson.loads(raw)
    return None


def _fault_line(kind: str, text: bytes) -> bytes:
    if kind == "error":
        return orjson.dumps({"error": text.decode()}) + b"\n"
    return text + b"\n"


def _abort(request: web.BaseRequest) -> None:
    """Break the connection and leave the handler as a vanished peer would."""
    assert request.transport is not None
    request.transport.abort()
    raise ConnectionResetError
