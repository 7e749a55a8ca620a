"""Remote servers without a network: what they list, what they were asked, and whether they were let go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.errors import InvalidRequest, ToolFailed
from backend.ports.remote_tools import RemoteListing, RemoteServer, RemoteTool
from backend.ports.tools import ToolResult

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
READ = RemoteTool(
    name="read", input_schema=TEXT, read_only=True, annotations={"readOnlyHint": True}
)
WRITE = RemoteTool(name="write", description="Writes it.", input_schema=TEXT)


@dataclass(slots=True)
class FakeRemoteTools:
    """The `RemoteTools` port; `tools` are what each label lists, or why it cannot."""

    tools: dict[str, Sequence[RemoteTool] | str] = field(default_factory=dict)
    opened: list[Sequence[RemoteServer]] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    closed: int = 0

    def check(self, servers: Sequence[RemoteServer]) -> None:
        """Refuse the one address that nobody may reach."""
        if any(one.url == "https://refused.example/" for one in servers):
            raise InvalidRequest("no", param="tools.server_url")

    def open(self, servers: Sequence[RemoteServer]) -> FakeRemoteTools:
        """Begin to work with servers."""
        self.opened.append(servers)
        return self

    async def listing(self, label: str) -> RemoteListing:
        """List."""
        self.listed.append(label)
        found = self.tools.get(label, (READ, WRITE))
        if isinstance(found, str):
            raise ToolFailed(found)
        return RemoteListing(tools=tuple(found))

    async def call(self, label: str, tool: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call."""
        self.calls.append((label, tool, dict(arguments)))
        return ToolResult(text=f"{label} {tool}: {arguments.get('text')}")

    def close(self) -> None:
        """Let go."""
        self.closed += 1

    async def aclose(self) -> None:
        """Nothing is open."""


def named(label: str = "lab", **fields: Any) -> RemoteServer:
    """Name a server."""
    return RemoteServer(
        label=label, url=fields.pop("url", f"https://{label}.example/mcp"), **fields
    )
