"""A real HTTP server that speaks Ollama's protocol, scripted per test.

Wire facts: https://github.com/ollama/ollama/blob/main/docs/api.md and the sources beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web

from tests.fakes.ollama.catalogue import Catalogue
from tests.fakes.ollama.checks import FakeModel, Refusal, check_chat
from tests.fakes.ollama.compatible import completion_of, event_of, events_of, models_of, native
from tests.fakes.ollama.generating import check_generate, generated, generated_lines
from tests.fakes.ollama.ticker import Ticker
from tests.fakes.ollama.wire import echo, line_of, lines_of, whole_of
from tests.fakes.recording import Received
from tests.fakes.replies import Reply
from tests.fakes.scripted import Script, ScriptedServer

NOT_FOUND = (404, "404 page not found")
BAD_METHOD = (405, "405 method not allowed")
JSON = "application/json"
EVENTS = "text/event-stream"
STREAMED = {"/api/chat", "/api/generate", "/api/pull", "/v1/chat/completions"}


class OllamaDouble(ScriptedServer):
    """The server. Use as `async with OllamaDouble() as double:` and talk to `double.url`.

    Without a script a chat is echoed.
    """

    def __init__(
        self, models: dict[str, FakeModel] | None = None, *, default: Script | None = None
    ) -> None:
        super().__init__(default or echo)
        self.catalogue = Catalogue(models)
        self._ticker = Ticker()

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

    async def arrived(self, count: int, path: str = "/api/chat") -> Received:
        """Wait until that many requests came to a path; return the last of them."""
        return await super().arrived(count, path)

    def frame(self, data: bytes) -> bytes:
        """Make one NDJSON line."""
        return data + b"\n"

    def error_body(self, reply: Reply) -> bytes:
        """Write {"error": text}."""
        return orjson.dumps({"error": reply.error})

    def error_frame(self, text: str) -> bytes:
        """Write the line {"error": text}."""
        return self.frame(orjson.dumps({"error": text}))

    async def _route(self, request: web.BaseRequest, received: Received) -> web.StreamResponse:
        try:
            return await self._answer(request, received)
        except Refusal as refusal:
            return web.json_response({"error": refusal.text}, status=refusal.status)

    async def _answer(self, request: web.BaseRequest, received: Received) -> web.StreamResponse:
        path = received.path
        if path in self.faults:
            return await self.answer_whole(request, self.faults[path])
        if received.method == "POST" and path in STREAMED:
            return await self._streamed(request, received)
        if path == "/v1/models":
            return web.Response(body=models_of(list(self.catalogue.models)), content_type=JSON)
        answer = self.catalogue.answer(received.method, path, received.body)
        if answer is not None:
            return web.Response(body=answer.body, headers={"content-type": answer.content_type})
        status, text = BAD_METHOD if self.catalogue.knows(path) else NOT_FOUND
        return web.Response(status=status, text=text)

    async def _streamed(self, request: web.BaseRequest, received: Received) -> web.StreamResponse:
        if received.path == "/api/chat":
            return await self._chat(request, received)
        if received.path == "/api/generate":
            return await self._generate(request, received.body)
        if received.path == "/v1/chat/completions":
            return await self._compatible(request, received.body)
        return await self._pull(request, received.body)

    async def _chat(self, request: web.BaseRequest, received: Received) -> web.StreamResponse:
        body = received.body
        if not received.raw:
            raise Refusal(400, "missing request body")
        if body is None:
            raise Refusal(400, "invalid character 'o' in literal null (expecting 'u')")
        check_chat(body, self.catalogue.models)
        reply = self.choose(body) if body.get("messages") else _loaded(body)
        if reply.status != 200 or reply.raw is not None:
            return await self.answer_whole(request, reply)
        if body.get("stream") is False:
            await self.wait(reply)
            return web.Response(body=whole_of(body["model"], reply), content_type=JSON)
        self.open_streams += 1
        try:
            if reply.count:
                done = Reply(output_tokens=reply.count, prompt_tokens=reply.prompt_tokens)
                first = line_of(body["model"], {"content": "word "})
                ends = [lines_of(body["model"], done)[-1]]
                return await self._tick(request, reply, first, ends=ends)
            asked = (body.get("top_logprobs") or 0) if body.get("logprobs") else None
            lines = lines_of(body["model"], reply, top_logprobs=asked)
            return await self.answer_lines(request, reply, lines)
        finally:
            self.open_streams -= 1

    async def _generate(self, request: web.BaseRequest, body: Any) -> web.StreamResponse:
        check_generate(body, self.catalogue.models)
        reply = self.choose(body) if body.get("prompt") else _loaded(body)
        if reply.status != 200 or reply.raw is not None:
            return await self.answer_whole(request, reply)
        reply = generated(body, reply)
        self.open_streams += 1
        try:
            return await self.answer_lines(request, reply, generated_lines(body, reply))
        finally:
            self.open_streams -= 1

    async def _compatible(self, request: web.BaseRequest, body: Any) -> web.StreamResponse:
        asked = native(body)
        check_chat(asked, self.catalogue.models)
        reply, model = self.choose(asked), asked["model"]
        if reply.status != 200:
            error = {"message": reply.error, "type": "api_error", "param": None, "code": None}
            return web.json_response({"error": error}, status=reply.status)
        if not asked["stream"]:
            await self.wait(reply)
            return web.Response(body=completion_of(model, reply), content_type=JSON)
        self.open_streams += 1
        try:
            if reply.count:
                done = Reply(output_tokens=reply.count, prompt_tokens=reply.prompt_tokens)
                first, ends = event_of(model, "word "), list(events_of(body, done))
                return await self._tick(request, reply, first, ends=ends, kind=EVENTS)
            return await self.answer_lines(request, reply, list(events_of(body, reply)))
        finally:
            self.open_streams -= 1

    async def _tick(
        self,
        request: web.BaseRequest,
        reply: Reply,
        line: bytes,
        *,
        ends: Sequence[bytes],
        kind: str = ScriptedServer.stream_type,
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": kind})
        response.enable_chunked_encoding()
        await self.wait(reply)
        await response.prepare(request)
        await response.write(line)
        frame = b"%x\r\n%b\r\n" % (len(line), line)
        transport = request.transport
        assert transport is not None
        pace = reply.tokens_per_second
        await self._ticker.run(transport, frame, count=reply.count - 1, per_second=pace)
        if transport.is_closing():
            raise ConnectionResetError
        for end in ends:
            await response.write(end)
        await response.write_eof()
        return response

    async def _pull(self, request: web.BaseRequest, body: dict[str, Any]) -> web.StreamResponse:
        lines = self.catalogue.pull(body["model"])
        if body.get("stream") is not False:
            return await self.answer_lines(request, Reply(), lines)
        if b'"error"' in lines[-1]:
            return web.Response(status=500, body=lines[-1], content_type=JSON)
        return web.json_response({"status": "success"})


def _loaded(body: dict[str, Any]) -> Reply:
    return Reply(done_reason="unload" if body.get("keep_alive") == 0 else "load")
