"""The port of remote tools: servers that a caller names, and their tools for one run.

Whatever such a server says (names, descriptions, schemas, results) is text from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.ports.tools import ToolResult
from backend.ports.values import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTool:
    """One tool as its server describes it, within bounds; `read_only` is the server's own word."""

    name: str
    description: str = ""
    input_schema: JsonObject = field(default_factory=dict[str, Any])
    read_only: bool = False
    annotations: JsonObject = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteListing:
    """The tools of one server, and how many it has besides that are over the bounds."""

    tools: tuple[RemoteTool, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFilter:
    """Some tools of a server; what is None is not looked at, so that an empty filter fits all."""

    names: frozenset[str] | None = None
    read_only: bool | None = None

    def fits(self, tool: RemoteTool) -> bool:
        """Tell whether a tool is one of them."""
        named = self.names is None or tool.name in self.names
        return named and self.read_only in {None, tool.read_only}


ALL_TOOLS = ToolFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteServer:
    """A server as its caller names it.

    `headers` go to that server alone and are never shown or kept. A call is asked for when `always`
    fits its tool, or `never` does not. `allowed` are the tools that may be used; None is all.
    """

    label: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    description: str = ""
    allowed: ToolFilter | None = None
    always: ToolFilter | None = None
    never: ToolFilter | None = None

    def asks(self, tool: RemoteTool) -> bool:
        """Tell whether its caller wants to be asked before a tool is called."""
        if self.always is not None and self.always.fits(tool):
            return True
        return self.never is None or not self.never.fits(tool)


class RemoteSession(Protocol):
    """The servers of one run; each is connected to when it is first needed."""

    async def listing(self, label: str) -> RemoteListing:
        """Ask a server for its tools; raise ToolFailed with the reason."""
        ...

    async def call(self, label: str, tool: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool once; raise ToolRetry with what it says is wrong, ToolFailed otherwise."""
        ...

    def close(self) -> None:
        """Let go of every connection, calls under way included, without waiting for it."""
        ...


class RemoteTools(Protocol):
    """What reaches remote servers."""

    def check(self, servers: Sequence[RemoteServer]) -> None:
        """Refuse what can be known before any of them is reached; raise InvalidRequest."""
        ...

    def open(self, servers: Sequence[RemoteServer]) -> RemoteSession:
        """Begin to work with servers; nothing is sent yet."""
        ...

    async def aclose(self) -> None:
        """Close what is still open."""
        ...
