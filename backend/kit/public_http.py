"""Reads web addresses that strangers choose, from public machines alone and within bounds.

A name is looked up once for each request, every address it has must be allowed (`public_address`), and
the connection goes to one of those and nowhere else: an answer that changes afterwards changes
nothing. Not for: services an administrator configured (`http`).
"""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from backend.kit.http import FetchError, FetchLimits, HttpReply
from backend.kit.public_address import AddressPolicy, AddressRefused, IpAddress, Target, read_target
from backend.kit.waiting import DeadlineExceeded, Sleeper, within

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
Admit = Callable[[Target], Awaitable[None]]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PART_BYTES = 65_536
_MAX_ADDRESSES = 64
_LOOKUP_THREADS = 4
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_RAW_DEFLATE = -zlib.MAX_WBITS
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicReply(HttpReply):
    """One whole answer and the address that gave it in the end."""

    url: str


class SystemLookup:
    """Asks the system's resolver, in threads of its own: a slow name server holds up nobody else."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Give every address of a name; OSError when it has none."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="lookup")
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _ask_system, host, port)
        return [str(info[4][0]) for info in found]

    def close(self) -> None:
        """Let the threads go; a lookup under way ends by itself."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


class PublicHttp:
    """GET requests to addresses from outside; nothing is kept between two of them.

    No cookies, no credentials, no proxies of the environment. `lookup` gives the addresses of a name.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        clock: Sleeper,
        user_agent: str,
        max_redirects: int = 5,
        lookup: Lookup | None = None,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._user_agent = user_agent
        self._max_redirects = max_redirects
        self._system = SystemLookup()
        self._lookup = lookup or self._system

    async def get(
        self, url: str, *, limits: FetchLimits, accept: str = "*/*", admit: Admit | None = None
    ) -> PublicReply:
        """Fetch one answer whole, whatever its status; `admit` may refuse each address on the way.

        The time counts for the whole way, redirects included; bytes count after decoding.

        Raises:
            AddressRefused: for an address, or one it redirects to, that is not read.
            FetchError: on a time-out, a broken connection, or a body over the limit.
        """
        try:
            way = self._follow(read_target(url), limits=limits, accept=accept, admit=admit)
            return await within(self._clock, limits.timeout_s, way)
        except DeadlineExceeded as exc:
            msg = f"no answer within {limits.timeout_s:g} s"
            raise FetchError(msg) from exc

    def close(self) -> None:
        """Let go of the threads that look names up."""
        self._system.close()

    async def _follow(
        self, target: Target, *, limits: FetchLimits, accept: str, admit: Admit | None
    ) -> PublicReply:
        for _ in range(self._max_redirects + 1):
            self._policy.check_target(target)
            if admit is not None:
                await admit(target)
            reply = await self._exchange(target, limits=limits, accept=accept)
            location = reply.headers.get("location", "")
            if reply.status not in _REDIRECTS or not location:
                return reply
            target = _next(target, location)
        msg = f"it redirects more than {self._max_redirects} times"
        raise FetchError(msg)

    async def _exchange(self, target: Target, *, limits: FetchLimits, accept: str) -> PublicReply:
        addresses = await checked_addresses(target, policy=self._policy, lookup=self._lookup)
        headers = {
            "accept": accept,
            "accept-encoding": "gzip, deflate",
            "user-agent": self._user_agent,
        }
        try:
            async with (
                _session(addresses) as session,
                session.get(
                    URL(target.url, encoded=True), headers=headers, allow_redirects=False
                ) as reply,
            ):
                lower = {name.lower(): value for name, value in reply.headers.items()}
                wanted = reply.status not in _REDIRECTS
                body = await _read_body(reply, max_bytes=limits.max_bytes) if wanted else b""
                return PublicReply(status=reply.status, headers=lower, body=body, url=target.url)
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as exc:
            msg = f"the connection failed: {_words(exc)}"
            raise FetchError(msg) from exc


async def checked_addresses(
    target: Target, *, policy: AddressPolicy, lookup: Lookup
) -> Sequence[str]:
    """Look a host up and check all of its addresses; one that is refused refuses them all.

    Raises:
        AddressRefused: when the policy refuses one of them.
        FetchError: when there is no such host.
    """
    if target.literal is not None:
        return [policy.check_address(target.literal, port=target.port)]
    try:
        found = await lookup(target.host, target.port)
        addresses: list[IpAddress] = [ip_address(one) for one in found]
    except (OSError, ValueError) as exc:
        msg = f"there is no host {target.host}"
        raise FetchError(msg) from exc
    allowed = [policy.check_address(one, port=target.port) for one in addresses]
    if not allowed:
        msg = f"there is no host {target.host}"
        raise FetchError(msg)
    return list(dict.fromkeys(allowed))[:_MAX_ADDRESSES]


class _Checked(AbstractResolver):
    """Answers every name with the addresses that were checked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - the base class's signature
    ) -> list[ResolveResult]:
        """Give the checked addresses, in the resolver's order."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _session(addresses: Sequence[str]) -> aiohttp.ClientSession:
    """Open a session for one request, whose sockets can be opened to the checked addresses only."""

    def checked_socket(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, where = info
        if where[0] not in addresses:  # numbers in a URL never pass the resolver
            msg = "the connection would go to an address that was not checked"
            raise OSError(msg)
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        resolver=_Checked(addresses),
        use_dns_cache=False,
        force_close=True,
        limit=1,
        socket_factory=checked_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),  # the caller's clock owns the time
    )


def _next(target: Target, location: str) -> Target:
    try:
        to = read_target(urljoin(target.url, location))
    except AddressRefused as exc:
        msg = f"it redirects to an address that is not read: {exc}"
        raise AddressRefused(msg) from exc
    except ValueError as exc:
        raise AddressRefused("it redirects to something that is no address") from exc
    if target.scheme == "https" and to.scheme == "http":
        msg = f"it redirects from https to {to.origin}, which is not encrypted"
        raise AddressRefused(msg)
    return to


async def _read_body(reply: aiohttp.ClientResponse, *, max_bytes: int) -> bytes:
    """Read and decode at most `max_bytes`, counted before and after decoding."""
    inflate = _inflater(reply.headers)
    body = bytearray()
    received = 0
    async for part in reply.content.iter_chunked(_PART_BYTES):
        received += len(part)
        body += inflate(part, max_bytes + 1 - len(body))
        if max(received, len(body)) > max_bytes:
            msg = f"the answer is larger than {max_bytes:,} bytes"
            raise FetchError(msg)
    return bytes(body)


def _inflater(headers: Mapping[str, str]) -> Callable[[bytes, int], bytes]:
    """Give what decodes part after part, each to at most so many bytes."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise FetchError("the answer is compressed in a way that was not asked for")
    if encoding in {"", "identity"}:
        return lambda part, _: part
    machine = None

    def inflate(part: bytes, room: int) -> bytes:
        nonlocal machine
        if machine is None:
            wrapped = encoding != "deflate" or part[0] & 0x0F == zlib.DEFLATED
            machine = zlib.decompressobj(_GZIP_OR_ZLIB if wrapped else _RAW_DEFLATE)
        if machine.eof:
            return b""
        try:
            return machine.decompress(part, max(room, 1))
        except zlib.error as exc:
            raise FetchError("the answer is compressed and damaged") from exc

    return inflate


def _ask_system(host: str, port: int) -> Sequence[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _words(exc: Exception) -> str:
    return " ".join(str(exc).split())[:300] or type(exc).__name__
