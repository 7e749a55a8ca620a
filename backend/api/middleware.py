"""What happens around every request: its id, its size limit, its time, and a last net for bugs.

Plain ASGI: a framework middleware would hide disconnects from the routes.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.errors import render
from backend.api.live_requests import ENDED, LEAVE
from backend.errors import NotAuthenticated, RequestTooLarge, ServerFault, StewardError, Unavailable
from backend.kit.log_context import bind_log_context
from backend.ports.measuring import RequestDone
from backend.ports.tracing import Span
from backend.ports.watching import UNWATCHED, Watch

logger = logging.getLogger(__name__)
ROOM_RETRY_S = 5.0
OWN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
CLIENT_LEFT = 499
FAULTS = 500
WITHHOLD = (
    "withhold_links"  # in a request's state: takes links from what a bound key may not decide
)
OPENAI = "/v1/"
OPENAI_VERSION = "2020-10-01"
SECURITY = {
    "cache-control": "private, no-store",  # unless a route knows better
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


Withhold = Callable[[bytes], Awaitable[bytes]]


class Edge:
    """The outermost layer of the application.

    `larger_bodies` names the paths whose bodies have a limit of their own; a star is any id. Those of
    `held_paths` are held in memory: the ones over `max_body_bytes` hold no more than `held_bytes` together.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int,
        larger_bodies: Mapping[str, int] | None = None,
        held_paths: Collection[str] = (),
        held_bytes: int = 0,
        watch: Watch = UNWATCHED,
    ) -> None:
        self._app = app
        self._watch = watch
        self._max_body_bytes = max_body_bytes
        given = larger_bodies or {}
        self._larger_bodies = {path: most for path, most in given.items() if "*" not in path}
        self._larger_patterns = [
            (*path.split("*", 1), most) for path, most in given.items() if "*" in path
        ]
        self._held_paths = frozenset(held_paths)
        self._room = _Room(held_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        headed = _Headed(send, state)
        scope = _for_openai(scope, state)
        with (
            bind_log_context(request_id=request_id),
            self._watch.tracing.span(
                scope["method"], kind="server", parent=_traceparent(scope)
            ) as span,
        ):
            try:
                await self._answer(scope, receive, headed)
            finally:
                self._tell(scope, headed, span)

    def _tell(self, scope: Scope, headed: _Headed, span: Span) -> None:
        """Tell those who watch how a request went, by the route it took."""
        route: str = getattr(scope.get("route"), "path", "")
        method, status = scope["method"], headed.status
        self._watch.measuring.request(RequestDone(route, method, status, headed.began_after_s))
        if self._watch.tracing.on:
            span.rename(f"{method} {route}".rstrip())
            span.note({
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "steward.request.id": scope["state"]["request_id"],
            })
            if status >= FAULTS:
                span.failed(str(status))

    async def _answer(self, scope: Scope, receive: Receive, headed: _Headed) -> None:
        max_bytes = self._limit(scope["path"])
        holder = self._room if scope["path"] in self._held_paths else None
        limited = _Limited(receive, max_bytes=max_bytes, large=self._max_body_bytes, room=holder)
        try:
            _check_length(scope, max_bytes=max_bytes)
            await self._serve(scope, limited, headed, scope["state"])
        except ClientDisconnect:
            logger.debug("a client left before its request was whole")
        except StewardError as exc:
            if not headed.answered:
                await render(exc)(scope, receive, headed)
        except Exception:
            logger.exception("a request failed")
            if headed.finished:
                return
            if headed.answered:
                raise  # breaks the connection: half an answer must not look whole
            await render(ServerFault())(scope, receive, headed)
        finally:
            limited.give_room()

    async def _serve(
        self, scope: Scope, receive: Receive, send: _Headed, state: Mapping[str, Any]
    ) -> None:
        """Hand a request on; one that is cancelled when the server stops may come again.

        The other reason is that its caller may not go on: then half an answer breaks off.
        """
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if ENDED in state and not send.answered:
                raise NotAuthenticated from None
            if send.answered:
                raise
            msg = "The server is shutting down"
            raise Unavailable(msg, retry_after_s=ROOM_RETRY_S) from None
        finally:
            if (leave := state.get(LEAVE)) is not None:
                leave()

    def _limit(self, path: str) -> int:
        """Say how large a body may be."""
        if path in self._larger_bodies:
            return self._larger_bodies[path]
        for start, end, most in self._larger_patterns:
            if path.startswith(start) and path.endswith(end):
                return most
        return self._max_body_bytes


class _Room:
    """Memory for large bodies, shared by all requests."""

    def __init__(self, size: int) -> None:
        self.left = size


class _Headed:
    """A `send` that adds our headers to the answer and knows whether it has begun."""

    def __init__(self, send: Send, state: Mapping[str, Any]) -> None:
        self.answered = False
        self.finished = False
        self.status = CLIENT_LEFT  # unless somebody answers
        self.began_after_s = 0.0
        self._send = send
        self._state = state
        self._withhold: Withhold | None = None
        self._started_s = time.perf_counter()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.answered = True
            self._withhold = self._state.get(WITHHOLD)
            headers = MutableHeaders(raw=message["headers"])
            headers["x-request-id"] = self._state["request_id"]
            self.status = message["status"]
            self.began_after_s = time.perf_counter() - self._started_s
            headers["openai-processing-ms"] = str(int(self.began_after_s * 1000))
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
            if (limits := self._state.get("rate_headers")) is not None:
                headers["openai-version"] = OPENAI_VERSION
                headers.raw.extend(limits)
        elif self._withhold is not None and (body := message.get("body")):
            message = {**message, "body": await self._withhold(body)}
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.finished = True


def _for_openai(scope: Scope, state: dict[str, Any]) -> Scope:
    """Mark what is for `/v1`, and take `/v1/models/` for `/v1/models`.

    A redirect would lose the body of some clients.
    """
    path: str = scope["path"]
    if not path.startswith(OPENAI):
        return scope
    state["rate_headers"] = []
    if not path.endswith("/"):
        return scope
    return {**scope, "path": path.rstrip("/"), "raw_path": scope["raw_path"].rstrip(b"/")}


def _traceparent(scope: Scope) -> str:
    given = (value for name, value in scope["headers"] if name == b"traceparent")
    return next(given, b"").decode("latin-1")


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given = value.decode("latin-1")
            return given if OWN_ID.fullmatch(given) else "req_" + secrets.token_hex(12)
    return "req_" + secrets.token_hex(12)


def _check_length(scope: Scope, *, max_bytes: int) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > max_bytes:
            raise _too_large(max_bytes)


class _Limited:
    """A `receive` that ends a body over its limit, and one that grows large while there is no room."""

    def __init__(self, receive: Receive, *, max_bytes: int, large: int, room: _Room | None) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._large = large
        self._room = room
        self._size = 0
        self._taken = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > self._max_bytes:
            raise _too_large(self._max_bytes)
        if self._size > self._large and self._room is not None and not self._taken:
            self._take_room(self._room)
        return message

    def _take_room(self, room: _Room) -> None:
        """Take room for the largest body there may be."""
        if room.left < self._max_bytes:
            raise Unavailable("Too many large requests at once", retry_after_s=ROOM_RETRY_S)
        room.left -= self._max_bytes
        self._taken = self._max_bytes

    def give_room(self) -> None:
        """Give back what was taken, once the request is answered."""
        if self._room is not None:
            self._room.left += self._taken
        self._taken = 0


def _too_large(max_bytes: int) -> RequestTooLarge:
    msg = f"The request body is larger than {max_bytes} bytes"
    return RequestTooLarge(msg)
