"""A real MCP server of the SDK on a socket of its own, and one that answers as a test tells it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolResult, TextContent, ToolAnnotations

from backend.api.serving import address_of, listen

Answer = Callable[[str], tuple[int, dict[str, str], bytes] | None]
Speaks = Literal["streams", "json", "stateless", "older", "sse"]
TLS_NAME = "mcp.example.org"
READ_ONLY = ToolAnnotations(read_only_hint=True)


@dataclass(slots=True)
class McpDouble:
    """A running server: what it was sent, what its tools were called with, and what it should answer.

    `answer` may answer a request itself, by its method; None leaves it to the real server. `hold`
    keeps calls of `slow` waiting; `open` counts the requests that are under way.
    """

    server: MCPServer
    url: str = ""
    headers: list[dict[str, str]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answer: Answer | None = None
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    open: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        """The host and port, as MCP__ALLOWED_HOSTS has it."""
        return self.url.removeprefix("http://").partition("/")[0]

    def around(self, app: Any) -> Any:
        """Watch an application's requests, and answer in its place where that is wanted."""

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            headers = {key.decode(): it.decode() for key, it in scope["headers"]}
            self.headers.append(headers)
            self.methods.append(headers.get("mcp-method") or scope["method"])
            self.open += 1
            self.idle.clear()
            try:
                given = self.answer(self.methods[-1]) if self.answer else None
                await (app(scope, receive, send) if given is None else _send(send, *given))
            finally:
                self.open -= 1
                if not self.open:
                    self.idle.set()

        return watched


async def _send(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to the test runner."""
        yield


@contextlib.asynccontextmanager
async def mcp_double(
    speaks: Speaks = "streams", *, tls: Path | None = None
) -> AsyncGenerator[McpDouble]:
    """Serve tools over one of the ways the protocol knows, until the end; `tls` keeps a certificate."""
    double = McpDouble(MCPServer("double"))
    double.hold.set()
    if speaks == "older":  # knows nothing of discovery, and so begins with a handshake
        double.answer = lambda method: (400, {}, b"") if method == "server/discover" else None
    _add_tools(double)
    made = (
        double.server.sse_app()
        if speaks == "sse"
        else double.server.streamable_http_app(
            json_response=speaks == "json",
            stateless_http=speaks == "stateless",
            transport_security=TransportSecuritySettings(
                enable_dns_rebinding_protection=tls is None,
                allowed_hosts=["127.0.0.1:*"],
            ),
        )
    )
    listening = listen("127.0.0.1", 0)
    files = {} if tls is None else _certificate(tls)
    config = uvicorn.Config(
        double.around(made), log_config=None, timeout_graceful_shutdown=1, **files
    )
    server = _Quiet(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started and not task.done():
            await asyncio.wait([task], timeout=0.02)
        assert server.started, "the MCP server did not start"
        double.url = f"{address_of(listening)}/{'sse' if speaks == 'sse' else 'mcp'}"
        yield double
    finally:
        double.hold.set()
        server.should_exit = True
        await task
        listening.close()


def _certificate(folder: Path) -> dict[str, Any]:
    """Make a certificate for TLS_NAME that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, TLS_NAME)])
    now = datetime.now(UTC)
    made = (
        x509
        .CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(TLS_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    files = {"ssl_certfile": folder / "cert.pem", "ssl_keyfile": folder / "key.pem"}
    files["ssl_certfile"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files["ssl_keyfile"].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return {name: str(path) for name, path in files.items()}


def _add_tools(double: McpDouble) -> None:
    server = double.server

    def noted(tool: str, **arguments: Any) -> None:
        double.calls.append((tool, arguments))

    @server.tool(annotations=READ_ONLY, description="Adds two whole numbers.")
    def add(a: int, b: int) -> str:
        noted("add", a=a, b=b)
        return f"the sum is {a + b}"

    @server.tool(description="Writes a note down.")
    def note(text: str) -> str:
        noted("note", text=text)
        return f"noted {text}"

    @server.tool(annotations=READ_ONLY)
    def fail(why: str = "no") -> CallToolResult:
        noted("fail", why=why)
        return CallToolResult(
            content=[TextContent(type="text", text=f"wrong: {why}")], is_error=True
        )

    @server.tool(annotations=READ_ONLY)
    def big(size: int) -> str:
        noted("big", size=size)
        return "x" * size

    @server.tool(annotations=READ_ONLY)
    async def slow() -> str:
        noted("slow")
        double.held.set()
        await double.hold.wait()
        return "at last"
