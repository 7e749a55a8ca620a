"""Stream answers of a model server: one pooled session, bounded, with time-outs and early retries.

Not for: what the bytes mean (the provider's), or whole answers (`http`).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import aiohttp

from backend.kit.trace_context import current_traceparent
from backend.kit.waiting import Sleeper, Slots, SlotsFull, within

RETRIED_STATUSES = frozenset({429, 503})
MAX_ERROR_BYTES = 65_536
MAX_BACKOFF_S = 8.0
DRAIN_S = 1.0


class StreamError(Exception):
    """An answer could not be had, or not to its end."""


class Busy(StreamError):
    """All slots are taken and so is the queue."""


class Unreachable(StreamError):
    """No connection came about, or it broke before the first byte of the answer."""


class Broken(StreamError):
    """The connection broke in the middle of the answer."""


class TimedOut(StreamError):
    """The server kept silent for too long."""

    def __init__(self, phase: Literal["first byte", "next byte"], limit_s: float) -> None:
        super().__init__(f"no {phase} within {limit_s:g} s")
        self.phase = phase


class Refused(StreamError):
    """The server answered with a status other than 200; `body` holds its first 64 KiB."""

    def __init__(self, status: int, body: bytes, *, retry_after_s: float | None) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """Bounds of streaming; times in seconds.

    `first_byte_timeout_s` spans sending the request, loading the model and reading the prompt, and
    is also how long a request may wait for a slot. `retries` counts further attempts, made only
    before the first byte of an answer and only after connection errors, 429 and 503.
    """

    connect_timeout_s: float = 5.0
    first_byte_timeout_s: float = 300.0
    idle_timeout_s: float = 60.0
    max_concurrent: int = 64
    max_waiting: int = 256
    retries: int = 2
    backoff_s: float = 0.5


class StreamReply:
    """The body of one answer, read piece by piece."""

    def __init__(self, clock: Sleeper, limits: StreamLimits) -> None:
        self._clock = clock
        self._limits = limits
        self._response: aiohttp.ClientResponse | None = None
        self._head = b""
        self._waiting_since_s: float | None = None
        self._expired = False

    async def begin(
        self,
        session: aiohttp.ClientSession,
        url: str,
        body: bytes,
        headers: Mapping[str, str] | None,
    ) -> None:
        """Send the request and wait for the first byte; raise Unreachable or Refused."""
        try:
            trace = current_traceparent()
            given = {**(headers or {}), "traceparent": trace} if trace else headers
            response = await session.post(url, data=body, headers=given, allow_redirects=False)
            self._response = response
            if response.status != 200:
                body = await _first_bytes(response.content)
                after = _seconds(response.headers.get("retry-after"))
                raise Refused(response.status, body, retry_after_s=after)
            self._head = await response.content.readany()
        except (aiohttp.ClientError, OSError) as exc:
            raise Unreachable(str(exc) or type(exc).__name__) from exc

    async def read(self) -> bytes:
        """Give the next bytes as they arrive, b"" at the end; raise TimedOut or Broken."""
        if self._head:
            head, self._head = self._head, b""
            return head
        response = self._response
        if response is None:
            return b""
        self._waiting_since_s = self._clock.monotonic_s()
        try:
            return await response.content.readany()
        except (aiohttp.ClientError, OSError) as exc:
            if self._expired:
                raise TimedOut("next byte", self._limits.idle_timeout_s) from exc
            raise Broken(str(exc) or type(exc).__name__) from exc
        finally:
            self._waiting_since_s = None

    async def drain(self) -> None:
        """Read past the end so that the connection can serve again; give up after a second."""
        response = self._response
        if response is not None and not response.content.at_eof():
            try:
                await within(self._clock, DRAIN_S, response.content.readany())
            except (aiohttp.ClientError, OSError):
                self.close()

    async def watch(self) -> None:
        """Break the connection when a read has waited longer than the idle limit.

        One sleeper per stream that compares stamps: a timer per read would cost more than parsing.
        """
        limit_s = self._limits.idle_timeout_s
        left_s = limit_s
        while left_s > 0:
            await self._clock.sleep(left_s)
            since_s = self._waiting_since_s
            left_s = limit_s if since_s is None else since_s + limit_s - self._clock.monotonic_s()
        self._expired = True
        self.close()

    def close(self) -> None:
        """Let go: back to the pool after a whole answer, otherwise the connection is closed."""
        if self._response is not None:
            self._response.close()


class StreamClient:
    """Posts and streams the answers; the session is opened on first use, in one event loop.

    `headers` are asked for with every post, because keys change.
    """

    def __init__(
        self,
        limits: StreamLimits,
        clock: Sleeper,
        *,
        headers: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._own_headers = headers
        self._headers = {"content-type": "application/json", "accept-encoding": "identity"}
        self._slots = Slots(limits.max_concurrent, max_waiting=limits.max_waiting, clock=clock)
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def post(self, url: str, body: bytes) -> AsyncGenerator[StreamReply]:
        """Post and give the answer once its first byte is here; leaving frees the server at once.

        Raises: the StreamErrors.
        """
        patience_s = self._limits.first_byte_timeout_s
        try:
            await self._slots.take(patience_s=patience_s)
        except SlotsFull as exc:
            raise Busy("too many requests at a time") from exc
        reply = StreamReply(self._clock, self._limits)
        watch: asyncio.Task[None] | None = None
        try:
            await self._begin(reply, url, body)
            watch = asyncio.ensure_future(reply.watch())
            yield reply
        finally:
            if watch is not None:
                watch.cancel()
            reply.close()
            self._slots.give()

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def _begin(self, reply: StreamReply, url: str, body: bytes) -> None:
        limit_s = self._limits.first_byte_timeout_s
        headers = self._own_headers() if self._own_headers is not None else None
        for attempt in itertools.count():
            begin = reply.begin(self._open(), url, body, headers)
            try:
                return await within(self._clock, limit_s, begin)
            except TimeoutError as exc:
                raise TimedOut("first byte", limit_s) from exc
            except (Unreachable, Refused) as exc:
                reply.close()
                if attempt >= self._limits.retries or not _passing(exc):
                    raise
                pause_s = self._pause_s(attempt, exc)
            await self._clock.sleep(pause_s)
        return None

    def _pause_s(self, attempt: int, exc: StreamError) -> float:
        asked_s = exc.retry_after_s if isinstance(exc, Refused) else None
        return min(asked_s or self._limits.backoff_s * 2**attempt, MAX_BACKOFF_S)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0),
                timeout=aiohttp.ClientTimeout(connect=self._limits.connect_timeout_s),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _passing(exc: StreamError) -> bool:
    return not isinstance(exc, Refused) or exc.status in RETRIED_STATUSES


def _seconds(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None


async def _first_bytes(content: aiohttp.StreamReader) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size < MAX_ERROR_BYTES and (part := await content.readany()):
        parts.append(part)
        size += len(part)
    return b"".join(parts)[:MAX_ERROR_BYTES]
