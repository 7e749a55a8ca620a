"""One bounded HTTP client for everything outside that is not a model server.

Not for: model streams (`llm/`), which have their own pools and time-outs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson


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
        """Fetch one answer whole, whatever its status.

        Raises:
            FetchError: on a time-out, a refused or broken connection, or a body over the limit.
        """
        data = None if json is None else orjson.dumps(json)
        sent = {"content-type": "application/json"} if data is not None else {}
        try:
            async with self._open().request(
                method,
                url,
                params=params,
                data=data,
                headers={**sent, **(headers or {})},
                timeout=aiohttp.ClientTimeout(total=limits.timeout_s),
            ) as reply:
                body = await _read_bounded(reply, max_bytes=limits.max_bytes)
                lower = {name.lower(): value for name, value in reply.headers.items()}
                return HttpReply(status=reply.status, headers=lower, body=body)
        except TimeoutError as exc:
            msg = f"no answer within {limits.timeout_s:g} s"
            raise FetchError(msg) from exc
        except (aiohttp.ClientError, ValueError, OSError) as exc:
            msg = f"the address cannot be read: {exc}"
            raise FetchError(msg) from exc

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(headers={"user-agent": self._user_agent})
        return self._session


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
