"""The `RemoteTools` port over the MCP SDK, which the first server that is reached loads.

The SDK costs about 17 MiB and a third of a second. Not for: what goes over the wire (`connection`).
"""

from __future__ import annotations

import asyncio
import gc
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from backend.errors import InvalidRequest, ToolFailed
from backend.kit.public_address import AddressRefused
from backend.kit.public_http import Lookup, SystemLookup
from backend.kit.waiting import DeadlineExceeded, within
from backend.mcp_client.options import (
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_LABEL_CHARS,
    McpOptions,
    header_fault,
)
from backend.ports.clock import Clock
from backend.ports.remote_tools import RemoteListing, RemoteServer
from backend.ports.tools import ToolResult

_LABEL = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{MAX_LABEL_CHARS - 1}}}")
_CLOSE_S = 3.0
OFF = "This server takes no remote MCP servers; its administrator switched them off (MCP__ENABLED)"


class Connection(Protocol):
    """One server, connected to when it is first needed and again after a failure."""

    async def listing(self) -> RemoteListing:
        """Ask for its tools."""
        ...

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool."""
        ...

    def leave(self) -> asyncio.Task[None] | None:
        """Begin to close; give the task that ends with the connection."""
        ...


class McpTools:
    """Reaches the servers that callers name."""

    def __init__(
        self,
        options: McpOptions,
        *,
        clock: Clock,
        lookup: Lookup | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._options = options
        self._clock = clock
        self._system = SystemLookup()
        self._lookup = lookup or self._system
        self._context = context
        self._make: Callable[[RemoteServer], Connection] | None = None
        self._importing = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    def check(self, servers: Sequence[RemoteServer]) -> None:
        """Refuse what can be known before any of them is reached; raise InvalidRequest."""
        if not self._options.enabled:
            raise InvalidRequest(OFF, param="tools", code="unsupported_parameter")
        most = self._options.max_servers
        if len(servers) > most:
            msg = f"There are {len(servers)} MCP servers; at most {most} can be used in one request"
            raise InvalidRequest(msg, param="tools")
        if len({one.label for one in servers}) < len(servers):
            raise InvalidRequest("Two MCP servers have the same server_label", param="tools")
        for one in servers:
            self._check(one)

    def _check(self, server: RemoteServer) -> None:
        if not _LABEL.fullmatch(server.label):
            msg = f"A server_label has 1 to {MAX_LABEL_CHARS} letters, digits, _ or -, and begins with a letter"
            raise InvalidRequest(msg, param="tools.server_label")
        try:
            self._options.target(server.url)
        except AddressRefused as exc:
            msg = f"The MCP server '{server.label}' cannot be reached: {exc}"
            raise InvalidRequest(msg, param="tools.server_url") from exc
        faults = (header_fault(name, value) for name, value in server.headers.items())
        fault = next(filter(None, faults), "")
        size = sum(len(name) + len(value) for name, value in server.headers.items())
        if size > MAX_HEADER_BYTES or len(server.headers) > MAX_HEADERS:
            fault = f"there are more than {MAX_HEADERS} headers or {MAX_HEADER_BYTES:,} bytes"
        if fault:
            msg = f"The headers of the MCP server '{server.label}' cannot be sent: {fault}"
            raise InvalidRequest(msg, param="tools.headers")

    def open(self, servers: Sequence[RemoteServer]) -> McpSession:
        """Begin to work with servers; nothing is sent yet."""
        return McpSession(self, servers, clock=self._clock, timeout_s=self._options.timeout_s)

    async def connection(self, server: RemoteServer) -> Connection:
        """Make a connection; the first one loads the SDK, off the event loop."""
        async with self._importing:
            if self._make is None:
                self._make = await asyncio.to_thread(self._loaded)
                gc.freeze()  # what was imported stays: full collections need not look at it
        return self._make(server)

    def let_go(self, ends: asyncio.Task[None]) -> None:
        """Wait behind the run for a connection's end, and end it when it takes too long."""
        task = asyncio.create_task(self._ended(ends))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def aclose(self) -> None:
        """Close what is still open."""
        await asyncio.gather(*self._leaving)
        self._system.close()

    def _loaded(self) -> Callable[[RemoteServer], Connection]:
        # Loaded with the first server that is reached; see above.
        from backend.mcp_client.connection import (  # noqa: PLC0415 - see above
            Reach,
            SdkConnection,
            prepare,
        )

        trusted = prepare()
        reach = Reach(lookup=self._lookup, context=self._context or trusted, clock=self._clock)
        return lambda server: SdkConnection(server, self._options, reach)

    async def _ended(self, ends: asyncio.Task[None]) -> None:
        try:
            await within(self._clock, _CLOSE_S, _settled(ends))
        except DeadlineExceeded:
            ends.cancel()
            await _settled(ends)


class McpSession:
    """The servers of one run."""

    def __init__(
        self, tools: McpTools, servers: Sequence[RemoteServer], *, clock: Clock, timeout_s: float
    ) -> None:
        self._tools = tools
        self._servers = {one.label: one for one in servers}
        self._clock = clock
        self._timeout_s = timeout_s
        self._connections: dict[str, Connection] = {}
        self._closed = False

    async def listing(self, label: str) -> RemoteListing:
        """Ask a server for its tools; raise ToolFailed with the reason."""
        connection = await self._connection(label)
        try:
            return await within(self._clock, self._timeout_s, connection.listing())
        except DeadlineExceeded as exc:
            raise ToolFailed(self._slow()) from exc

    async def call(self, label: str, tool: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool once; raise ToolRetry with what it says is wrong, ToolFailed otherwise."""
        connection = await self._connection(label)
        try:
            return await within(self._clock, self._timeout_s, connection.call(tool, arguments))
        except DeadlineExceeded as exc:
            msg = f"{self._slow()} Whether the call had an effect is not known."
            raise ToolFailed(msg) from exc

    def close(self) -> None:
        """Let go of every connection, calls under way included, without waiting for it."""
        self._closed = True
        for one in self._connections.values():
            ends = one.leave()
            if ends is not None:
                self._tools.let_go(ends)
        self._connections.clear()

    async def _connection(self, label: str) -> Connection:
        if label not in self._connections:
            made = await self._tools.connection(self._servers[label])
            if self._closed:
                raise ToolFailed("the run has ended")
            self._connections.setdefault(label, made)
        return self._connections[label]

    def _slow(self) -> str:
        return f"the MCP server did not answer within {self._timeout_s:g} s."


async def _settled(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})
