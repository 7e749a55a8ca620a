"""What reaches an MCP server in a test, as a server with its settings would."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backend.kit.clocks import SteppedClock
from backend.mcp_client.client import McpSession, McpTools
from backend.mcp_client.options import McpOptions
from backend.ports.remote_tools import RemoteServer
from tests.fakes.mcp_server import McpDouble


@dataclass(slots=True)
class Reaching:
    """Makes sessions with one server, and closes them at the end."""

    double: McpDouble
    clock: SteppedClock = field(default_factory=SteppedClock)
    made: list[tuple[McpTools, McpSession]] = field(default_factory=list)

    def session(
        self,
        *,
        url: str = "",
        headers: dict[str, str] | None = None,
        allowed: Any = None,
        **options: Any,
    ) -> McpSession:
        """Begin to work with the server under the label `lab`; only its own host is allowed."""
        parts = {name: options.pop(name) for name in ("lookup", "context") if name in options}
        given = {"allowed_hosts": frozenset({self.double.host}), **options}
        tools = McpTools(McpOptions(**given), clock=self.clock, **parts)
        server = RemoteServer(
            label="lab", url=url or self.double.url, headers=headers or {}, allowed=allowed
        )
        session = tools.open([server])
        self.made.append((tools, session))
        return session

    async def close(self) -> None:
        """Close all that was opened."""
        for tools, session in self.made:
            session.close()
            await tools.aclose()
