"""The HTTP that the MCP SDK speaks through: one server's origin, checked addresses, bounded answers.

Each request looks the host up anew and connects to an address that was checked. The caller's headers
never leave for another origin, whatever the server redirects to.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import httpx2

from backend.kit.http import FetchError
from backend.kit.public_address import AddressRefused, Target, read_target
from backend.kit.public_http import Lookup, checked_addresses
from backend.mcp_client.options import McpOptions

_PLAIN = frozenset({"", "identity"})
_FIRST_FAILURE = 400


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Carries requests to one origin; `fault` says what last went wrong, `status` what was answered."""

    def __init__(
        self, target: Target, options: McpOptions, *, lookup: Lookup, context: ssl.SSLContext
    ) -> None:
        self.fault = ""
        self.status = 0
        self._origin = target.origin
        self._options = options
        self._lookup = lookup
        self._inner = httpx2.AsyncHTTPTransport(verify=context, trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to its origin alone; raise httpx2.ConnectError for what is refused."""
        try:
            target = read_target(str(request.url))
            if target.origin != self._origin:
                msg = f"it leads to another server, {target.origin}"
                raise AddressRefused(msg)
            policy = self._options.policy_for(target)
            policy.check_target(target)
            addresses = await checked_addresses(target, policy=policy, lookup=self._lookup)
        except FetchError as exc:
            self.fault = str(exc)
            raise httpx2.ConnectError(self.fault) from exc
        fault: Exception | None = None
        for address in addresses:
            try:
                response = await self._inner.handle_async_request(_to(request, target, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as exc:
                fault = exc
                continue
            return self._bounded(response)
        self.fault = "no connection could be made"
        raise httpx2.ConnectError(self.fault) from fault

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()

    def _bounded(self, response: httpx2.Response) -> httpx2.Response:
        self.status = response.status_code
        if self.status >= _FIRST_FAILURE:
            self.fault = f"it answered {self.status} {response.reason_phrase}".rstrip()
        packed = response.headers.get("content-encoding", "").strip().lower() not in _PLAIN
        limit = 0 if packed else self._options.max_response_bytes
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response, limit, packed=packed, owner=self),
            extensions=response.extensions,
        )


class _Bounded(httpx2.AsyncByteStream):
    """A body of at most so many bytes; one that is packed although nobody asked for it is not read."""

    def __init__(
        self, response: httpx2.Response, limit: int, *, packed: bool, owner: CheckedTransport
    ) -> None:
        self._response = response
        self._left = limit
        self._fault = (
            "it compresses its answer, which was not asked for"
            if packed
            else f"its answer is larger than {limit:,} bytes"
        )
        self._owner = owner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream = self._response.stream
        if not isinstance(stream, httpx2.AsyncByteStream):
            raise httpx2.ReadError("there is no body to read")
        async for part in stream:
            self._left -= len(part)
            if self._left < 0:
                self._owner.fault = self._fault
                raise httpx2.ReadError(self._fault)
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


def _to(request: httpx2.Request, target: Target, address: str) -> httpx2.Request:
    """Address a request to a checked address; its Host and the name in TLS stay the server's."""
    named = {} if target.literal is not None else {"sni_hostname": target.host}
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address, port=target.port),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, **named},
    )
