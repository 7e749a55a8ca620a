"""Base of the doubles of model servers: scripts, faults, and streams written as the script says."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from backend.kit.clocks import SystemClock
from tests.fakes.recording import RecordingServer, abort
from tests.fakes.replies import Reply

Script = Callable[[dict[str, Any]], Reply | None]


class ScriptedServer(RecordingServer):
    """Answers come from `queue(...)`, then from the first `script(...)` that returns a Reply, then
    from the default."""

    stream_type = "application/x-ndjson"

    def __init__(self, default: Script) -> None:
        super().__init__()
        self.open_streams = 0
        self.faults: dict[str, Reply] = {}
        self._queued: deque[tuple[str | None, Reply]] = deque()
        self._scripts: list[Script] = []
        self._default = default
        self._clock = SystemClock()

    def queue(self, *replies: Reply, model: str | None = None) -> None:
        """Answer the next chats with these, in order; with `model`, only that model's."""
        self._queued.extend((model, reply) for reply in replies)

    def script(self, script: Script) -> None:
        """Ask this function for a Reply; None leaves the request to the next one."""
        self._scripts.append(script)

    def fail(self, path: str, reply: Reply) -> None:
        """Answer every request to a path with this status or raw body."""
        self.faults[path] = reply

    @abstractmethod
    def frame(self, data: bytes) -> bytes:
        """Make one line or event of some bytes."""

    @abstractmethod
    def error_body(self, reply: Reply) -> bytes:
        """Write the body of an error answer."""

    @abstractmethod
    def error_frame(self, text: str) -> bytes:
        """Write an error that comes inside a stream."""

    def choose(self, body: dict[str, Any]) -> Reply:
        """Find the answer to a chat."""
        for entry in self._queued:
            if entry[0] in (None, body["model"]):
                self._queued.remove(entry)
                return entry[1]
        for script in self._scripts:
            reply = script(body)
            if reply is not None:
                return reply
        reply = self._default(body)
        assert reply is not None
        return reply

    async def wait(self, reply: Reply) -> None:
        """Delay the first byte as scripted."""
        if reply.delay_s:
            await self._clock.sleep(reply.delay_s)
        if reply.hold is not None:
            await reply.hold.wait()

    async def answer_whole(self, request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
        """Answer with the scripted status, or with the scripted body as it stands."""
        await self.wait(reply)
        if reply.fault is not None and reply.fault.kind == "cut":
            abort(request)
        body = self.error_body(reply) if reply.raw is None else reply.raw
        headers = {"content-type": reply.content_type, **reply.headers}
        if not reply.split_bytes:
            return web.Response(status=reply.status, body=body, headers=headers)
        response = web.StreamResponse(status=reply.status, headers=headers)
        await response.prepare(request)
        await self._pieces(response, body, reply.split_bytes)
        await response.write_eof()
        return response

    async def answer_lines(
        self, request: web.BaseRequest, reply: Reply, lines: Sequence[bytes]
    ) -> web.StreamResponse:
        """Stream lines with the scripted faults in between."""
        response = web.StreamResponse(headers={"content-type": self.stream_type})
        await self.wait(reply)
        if reply.fault is None or reply.fault.after or reply.fault.kind != "hang":
            await response.prepare(request)
        begun_s = asyncio.get_running_loop().time()
        for sent, line in enumerate([*lines, b""]):
            if await self._fault(request, response, reply, sent):
                break
            if reply.tokens_per_second:
                due_s = begun_s + sent / reply.tokens_per_second
                await asyncio.sleep(max(due_s - asyncio.get_running_loop().time(), 0))  # noqa: TID251 - the pace of a model
            await self._pieces(response, line, reply.split_bytes)
        if reply.late_end is not None:
            await reply.late_end.wait()
        await response.write_eof()
        return response

    async def _fault(
        self, request: web.BaseRequest, response: web.StreamResponse, reply: Reply, sent: int
    ) -> bool:
        """Let the fault happen when it is due; tell whether it ends the answer."""
        fault = reply.fault
        if fault is None or fault.after != sent:
            return False
        if fault.kind == "hang":
            await asyncio.Event().wait()
        if fault.kind == "cut":
            abort(request)
        if fault.kind == "raw":
            await response.write(self.frame(fault.text))
        if fault.kind == "error":
            await response.write(self.error_frame(fault.text.decode()))
        return fault.kind in {"end", "error"}

    async def _pieces(self, response: web.StreamResponse, data: bytes, size: int) -> None:
        step = size or len(data) or 1
        for at in range(0, len(data), step):
            await response.write(data[at : at + step])
            await self._clock.sleep(0)
