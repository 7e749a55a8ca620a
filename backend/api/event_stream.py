"""Send a run's log to a client as it grows, and notice when the client leaves.

Written against plain ASGI: a framework response would hide the disconnect or copy every frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


class ClientWatch:
    """Calls back once when the client of a request is gone; `stop` ends the watching."""

    def __init__(self, receive: Receive, *, gone: Callable[[], None]) -> None:
        self._task = asyncio.create_task(self._watch(receive, gone))

    async def _watch(self, receive: Receive, gone: Callable[[], None]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone()

    def stop(self) -> None:
        """Stop watching: the answer is complete."""
        self._task.cancel()


class EventStream(Response):
    """A server-sent event stream of prepared frames."""

    def __init__(
        self,
        frames: AsyncIterator[bytes],
        *,
        watch: ClientWatch,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(headers={**HEADERS, **(headers or {})})
        del self.headers["content-length"]
        self._frames = frames
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the frames; whether a run outlives its client is decided where it is watched."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        try:
            await send(start)
            async for frame in self._frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._watch.stop()
