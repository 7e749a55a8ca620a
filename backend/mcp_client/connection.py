"""One MCP server over the SDK: connected to when needed, its answers bounded and put into our words.

The SDK's connection lives in a task of its own, since what it opens must be closed by the same task;
a run's calls come from many. Loaded by the first server that is reached (`client`).
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import httpx2
import mcp_types as types
from mcp import MCPError
from mcp.client import Client, Transport
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import ValidationError

from backend import __version__
from backend.errors import ToolFailed, ToolRetry
from backend.kit.http import FetchError
from backend.kit.plain_text import one_line
from backend.kit.public_http import Lookup
from backend.kit.waiting import DeadlineExceeded, within
from backend.mcp_client.options import McpOptions
from backend.mcp_client.telling import read_listing, text_of
from backend.mcp_client.transport import CheckedTransport
from backend.ports.clock import Clock
from backend.ports.remote_tools import RemoteListing, RemoteServer
from backend.ports.tools import ToolResult

T = TypeVar("T")
_MAX_PAGES = 10
_WORDS_CHARS = 300
_NOT_HERE = frozenset({400, 404, 405})
_STREAMED_S = 300.0
_OLDER_S = 5.0
_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What connections are made with: the look-up of names, certificates, time."""

    lookup: Lookup
    context: ssl.SSLContext
    clock: Clock


def prepare() -> ssl.SSLContext:
    """Do once, off the event loop, what takes time: read the certificates this machine trusts.

    The SDK's own log lines hold addresses and answers of strangers, so none is written.
    """
    for name in ("mcp", "client", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return ssl.create_default_context()


class _Unlisted(ToolFailed):
    """The server wants headers that only its list of tools tells."""


class SdkConnection:
    """A server for one run, connected to when it is first needed and again after a failure."""

    def __init__(self, server: RemoteServer, options: McpOptions, reach: Reach) -> None:
        self._server = server
        self._options = options
        self._reach = reach
        words = [word for value in server.headers.values() for word in (value, *value.split())]
        self._secrets = [it for it in words if len(it) >= _SHORTEST_SECRET]
        self._opening = asyncio.Lock()
        self._leaving = asyncio.Event()
        self._owner: asyncio.Task[None] | None = None
        self._client: Client | None = None
        self._transport: CheckedTransport | None = None

    async def listing(self) -> RemoteListing:
        """Ask for its tools, page by page."""
        client = await self._opened()
        tools: list[types.Tool] = []
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            params = types.PaginatedRequestParams(cursor=cursor)
            page = await self._answered(client.session.list_tools(params=params))
            tools += page.tools
            cursor = page.next_cursor
            if not cursor or len(tools) > 10 * self._options.max_tools:
                break
        return read_listing(tools, self._server.allowed, self._options, scrub=self._scrubbed)

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool; what it reports as its own error is for the model to mend."""
        try:
            result = await self._called(tool, arguments)
        except _Unlisted:  # refused for want of headers that its list asks for, so not made yet
            await self.listing()
            result = await self._called(tool, arguments)
        text = self._scrubbed(text_of(result, max_chars=self._options.max_result_chars))
        if result.is_error:
            raise ToolRetry(text or "the tool reports an error and does not say which")
        return ToolResult(text=text or "The tool gave no result.")

    def leave(self) -> asyncio.Task[None] | None:
        """Begin to close; give the task that ends with the connection."""
        self._leaving.set()
        return self._owner

    async def _called(self, tool: str, arguments: Mapping[str, Any]) -> types.CallToolResult:
        client = await self._opened()
        params = types.CallToolRequestParams(name=tool, arguments=dict(arguments))
        # Not `call_tool`: it judges results by a schema of the server's, which may be made to last.
        request = types.CallToolRequest(params=params)
        return await self._answered(client.session.send_request(request, types.CallToolResult))

    def _scrubbed(self, text: str) -> str:
        """Take the caller's headers out of what the server says, should it send them back."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    async def _opened(self) -> Client:
        async with self._opening:
            if self._owner is None or self._owner.done() or self._client is None:
                await self._open()
        if self._client is None:
            raise ToolFailed(self._why(None))
        return self._client

    async def _open(self) -> None:
        """Connect; a server that knows nothing of streamable HTTP is tried the older way (SSE)."""
        fault = await self._connect(older=False)
        status = self._transport.status if self._transport else 0
        if fault is not None and status in _NOT_HERE:
            told = self._why(fault)
            fault = await self._connect_older()
            if fault is not None:
                raise ToolFailed(told) from fault
        if fault is not None:
            raise ToolFailed(self._why(fault)) from fault

    async def _connect_older(self) -> BaseException | None:
        """Try the older way, in which some servers never begin to answer."""
        try:
            return await within(self._reach.clock, _OLDER_S, self._connect(older=True))
        except DeadlineExceeded as exc:
            return exc

    async def _connect(self, *, older: bool) -> BaseException | None:
        ready: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        self._client = None
        self._owner = asyncio.create_task(self._own(ready, older=older))
        try:
            return await ready
        except asyncio.CancelledError:
            self._owner.cancel()
            raise

    async def _own(self, ready: asyncio.Future[BaseException | None], *, older: bool) -> None:
        """Hold the connection from its first to its last moment."""
        fault: BaseException | None = None
        try:
            async with AsyncExitStack() as stack:
                transport = await self._transported(stack, older=older)
                client = await stack.enter_async_context(
                    Client(
                        transport,
                        mode="legacy" if older else "auto",
                        cache=None,
                        client_info=types.Implementation(name="steward", version=__version__),
                    )
                )
                self._client = client
                ready.set_result(None)
                await self._leaving.wait()
        except asyncio.CancelledError:
            fault = ToolFailed("the connection was ended")
            raise
        except Exception as exc:  # noqa: BLE001 - the SDK's groups of whatever its tasks raise
            fault = exc
        finally:
            self._client = None
            if not ready.done():
                ready.set_result(fault or ToolFailed("the connection was ended"))

    async def _transported(self, stack: AsyncExitStack, *, older: bool) -> Transport:
        """Make the SDK's transport over ours."""
        options, server = self._options, self._server
        try:
            target = options.target(server.url)
        except FetchError as exc:
            raise ToolFailed(str(exc)) from exc
        checked = CheckedTransport(
            target, options, lookup=self._reach.lookup, context=self._reach.context
        )
        self._transport = checked

        def client(
            headers: dict[str, str] | None = None,  # noqa: ARG001 - what the SDK would set
            timeout: httpx2.Timeout | None = None,  # noqa: ARG001 - see above
            auth: httpx2.Auth | None = None,  # noqa: ARG001 - see above
        ) -> httpx2.AsyncClient:
            return httpx2.AsyncClient(
                transport=checked,
                headers={**server.headers, "accept-encoding": "identity"},
                timeout=httpx2.Timeout(options.timeout_s, read=_STREAMED_S),
                trust_env=False,
                max_redirects=5,
            )

        if older:
            return sse_client(server.url, httpx_client_factory=client)
        http = await stack.enter_async_context(client())
        return streamable_http_client(
            server.url, http_client=http, max_sse_event_size=options.max_response_bytes
        )

    async def _answered(self, asked: Coroutine[Any, Any, T]) -> T:
        """Wait for an answer, or for the end of the connection; in either way it fails in our words."""
        if self._transport is not None:
            self._transport.fault = ""
        owner = self._owner
        task = asyncio.ensure_future(asked)
        try:
            await asyncio.wait({task, *([owner] if owner else [])}, return_when="FIRST_COMPLETED")
            if task.done():
                return task.result()
        except ValidationError as exc:
            raise ToolFailed("the MCP server answered something that is not its protocol") from exc
        except MCPError as exc:
            kind = _Unlisted if exc.code == types.HEADER_MISMATCH else ToolFailed
            raise kind(self._why(exc)) from exc
        except (RuntimeError, ValueError, httpx2.HTTPError) as exc:
            raise ToolFailed(self._why(exc)) from exc
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        raise ToolFailed(self._why(None))

    def _why(self, exc: BaseException | None) -> str:
        """Say what went wrong: what the transport saw, else what the server or the SDK says."""
        if isinstance(exc, ToolFailed):
            return exc.message
        seen = self._transport.fault if self._transport else ""
        said = exc.error.message if isinstance(exc, MCPError) else _innermost(exc)
        words = self._scrubbed(seen or said or "the connection was lost")
        told = one_line(words, max_chars=_WORDS_CHARS)
        return f"the MCP server '{self._server.label}' cannot be used: {told}"


def _innermost(exc: BaseException | None) -> str:
    """Give the words of the first failure inside a group of them."""
    if isinstance(exc, BaseExceptionGroup):
        return _innermost(cast("BaseException", exc.exceptions[0]))
    if isinstance(exc, MCPError):
        return exc.error.message
    return "" if exc is None else str(exc) or type(exc).__name__
