"""One bounded HTTP client for everything outside that is not a model server.

Not for: model streams (`llm/`), which have their own pools and time-outs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from yarl import URL

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPING_METHOD = frozenset({307, 308})
_MAX_REDIRECTS = 5


class FetchError(Exception):
    """An address could not be read; the message says why in words for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Bounds of one fetch: the whole exchange in seconds, the body in bytes after decoding."""

    timeout_s: float = 15.0
    max_bytes: int = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One whole answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - the shape is the caller's to check
        """Parse the body; raise FetchError when it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as exc:
            raise FetchError("the answer is not JSON") from exc


DEFAULT_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True)
class _Call:
    """What is sent at every step of one request."""

    method: str
    data: bytes | None
    headers: Mapping[str, str]
    max_bytes: int


class HttpClient:
    """A pooled client; the session is opened on first use and belongs to one event loop."""

    def __init__(self, *, user_agent: str = "Steward/0.1") -> None:
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        limits: FetchLimits = DEFAULT_LIMITS,
    ) -> HttpReply:
        """Fetch one answer whole, whatever its status; redirects are followed on the same host.

        Raises:
            FetchError: on a time-out, a refused or broken connection, a body over the limit, or a
                redirect to another host.
        """
        data = None if json is None else orjson.dumps(json)
        sent = {"content-type": "application/json"} if data is not None else {}
        call = _Call(method, data, {**sent, **(headers or {})}, limits.max_bytes)
        try:
            async with asyncio.timeout(limits.timeout_s):
                return await self._follow(URL(url).extend_query(params or {}), call)
        except TimeoutError as exc:
            msg = f"no answer within {limits.timeout_s:g} s"
            raise FetchError(msg) from exc
        except (aiohttp.ClientError, ValueError, OSError) as exc:
            msg = f"the address cannot be read: {exc}"
            raise FetchError(msg) from exc

    async def _follow(self, url: URL, call: _Call) -> HttpReply:
        for _ in range(_MAX_REDIRECTS + 1):
            async with self._open().request(
                call.method, url, data=call.data, headers=call.headers, allow_redirects=False
            ) as reply:
                location = reply.headers.get("location", "")
                if reply.status not in _REDIRECTS or not location:
                    body = await _read_bounded(reply, max_bytes=call.max_bytes)
                    lower = {name.lower(): value for name, value in reply.headers.items()}
                    return HttpReply(status=reply.status, headers=lower, body=body)
                if call.data is not None and reply.status not in _KEEPING_METHOD:
                    raise FetchError("it redirects a request that cannot be sent elsewhere")
                url = _on_same_host(url, location)
        msg = f"it redirects more than {_MAX_REDIRECTS} times"
        raise FetchError(msg)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                headers={"user-agent": self._user_agent},
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # `request` counts the time
            )
        return self._session


def _on_same_host(url: URL, location: str) -> URL:
    """Give where a redirect leads: keys and words of users go to no host that was not configured."""
    to = url.join(URL(location))
    same_port = to.port == url.port or (url.scheme, to.scheme) == ("http", "https")
    if to.scheme not in {"http", "https"} or to.host != url.host or not same_port:
        msg = f"it redirects to another host, {to.host or 'none'}"
        raise FetchError(msg)
    if (url.scheme, to.scheme) == ("https", "http"):
        raise FetchError("it redirects from https to http")
    return to


async def _read_bounded(reply: aiohttp.ClientResponse, *, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in reply.content.iter_chunked(65_536):
        size += len(part)
        if size > max_bytes:
            msg = f"the answer is larger than {max_bytes} bytes"
            raise FetchError(msg)
        parts.append(part)
    return b"".join(parts)
