"""Which servers callers may name, and where a connection may lead."""

from __future__ import annotations

import ssl
from typing import Any

import httpx2
import pytest

from backend.errors import InvalidRequest, ToolFailed
from backend.kit.clocks import SteppedClock
from backend.mcp_client.client import McpTools
from backend.mcp_client.options import McpOptions
from backend.mcp_client.transport import CheckedTransport
from backend.ports.remote_tools import RemoteServer
from tests.fakes.mcp_reaching import Reaching
from tests.fakes.mcp_server import TLS_NAME, mcp_double

PUBLIC = "https://mcp.example.org/mcp"


def refused(*servers: RemoteServer, **options: Any) -> InvalidRequest:
    """Have servers refused before any of them is reached."""
    tools = McpTools(McpOptions(**options), clock=SteppedClock())
    with pytest.raises(InvalidRequest) as told:
        tools.check(servers)
    return told.value


def named(url: str = PUBLIC, **fields: Any) -> RemoteServer:
    """Name a server."""
    return RemoteServer(label=fields.pop("label", "lab"), url=url, **fields)


@pytest.mark.parametrize(
    "url",
    [
        "http://mcp.example.org/mcp",
        "https://127.0.0.1/mcp",
        "https://[::1]/mcp",
        "https://[::ffff:10.0.0.1]/mcp",
        "https://2130706433/mcp",
        "https://10.1.2.3/mcp",
        "https://192.168.0.1:8443/mcp",
        "https://169.254.169.254/latest/meta-data",
        "https://metadata.google.internal/",
        "https://localhost/mcp",
        "https://tools.lan/mcp",
        "https://mcp.example.org:22/mcp",
        "https://user:password@mcp.example.org/mcp",
        "file:///etc/passwd",
        "ftp://mcp.example.org/",
        "mcp.example.org",
        "",
    ],
)
def test_what_is_not_a_public_server_over_tls_is_refused_at_once(url):
    """The request names the field and the reason."""
    told = refused(named(url))
    assert told.param == "tools.server_url"
    assert told.message.startswith("The MCP server 'lab' cannot be reached: ")


def test_hosts_that_an_administrator_allows_are_taken_and_metadata_services_never():
    """With exactly their port."""
    options = McpOptions(allowed_hosts=frozenset({"tools.lan:8080", "10.0.0.7:80"}))
    tools = McpTools(options, clock=SteppedClock())
    tools.check([named("http://tools.lan:8080/mcp"), named("http://10.0.0.7/", label="b")])
    tools.check([named()])
    allowed = {"allowed_hosts": frozenset({"169.254.169.254:80", "tools.lan:8080"})}
    assert refused(named("http://tools.lan:8081/mcp"), **allowed).param == "tools.server_url"
    assert "metadata" in refused(named("http://169.254.169.254/"), **allowed).message


def test_labels_numbers_and_headers_are_checked():
    """Each fault names its field."""
    assert "MCP__ENABLED" in refused(named(), enabled=False).message
    assert refused(named(), named()).param == "tools"
    nine = [named(label=f"a{number}") for number in range(9)]
    assert "at most 8" in refused(*nine).message
    for label in ("", "1a", "a b", "x" * 65, "a\n"):
        assert refused(named(label=label)).param == "tools.server_label"
    for headers in (
        {"Host": "other"},
        {"a b": "c"},
        {"x": "a\r\nb: c"},
        {"x": "ключ"},
        {"Mcp-Session-Id": "1"},
        {"Proxy-Authorization": "x"},
        {"x": "y" * 20_000},
        {f"x{number}": "" for number in range(33)},
    ):
        told = refused(named(headers=headers))
        assert told.param == "tools.headers"
        assert "ключ" not in told.message
    McpTools(McpOptions(), clock=SteppedClock()).check([named(headers={"Authorization": "Bé"})])


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"], []]
)
async def test_a_public_name_that_leads_into_a_private_network_is_not_connected_to(
    reaching, addresses
):
    """Every address it has must be public, at the moment of the connection."""
    asked: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        asked.append(f"{host}:{port}")
        return addresses

    port = reaching.double.host.rpartition(":")[2]
    session = reaching.session(
        url=f"https://mcp.example.org:{port}/mcp",
        allowed_hosts=frozenset(),
        ports=frozenset({int(port)}),
        lookup=lookup,
    )
    with pytest.raises(ToolFailed) as told:
        await session.listing("lab")
    assert "private network" in told.value.message or "no host" in told.value.message
    assert asked[0] == f"mcp.example.org:{port}"
    assert reaching.double.headers == []


async def test_each_request_looks_the_name_up_anew(reaching):
    """A name that turns to another machine between two requests is caught."""
    name, port = "tools.lan", int(reaching.double.host.rpartition(":")[2])
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def lookup(host: str, port: int) -> list[str]:
        return answers.pop(0)

    reaching.double.answer = lambda _: (500, {}, b"")
    session = reaching.session(
        url=f"http://{name}:{port}/mcp",
        allowed_hosts=frozenset({f"{name}:{port}"}),
        lookup=lookup,
    )
    with pytest.raises(ToolFailed) as told:
        await session.listing("lab")
    assert "metadata" in told.value.message
    assert len(reaching.double.headers) == 1


async def test_a_name_is_proved_by_its_certificate_although_a_number_is_connected_to(tmp_path):
    """The name goes into the handshake and the Host; a certificate for another name is refused."""
    async with mcp_double(tls=tmp_path) as double:
        made = Reaching(double)
        port = int(double.host.rpartition(":")[2])

        async def lookup(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        for name, fits in ((TLS_NAME, True), ("other.example.org", False)):
            session = made.session(
                url=f"https://{name}:{port}/mcp",
                allowed_hosts=frozenset({f"{name}:{port}"}),
                lookup=lookup,
                context=context,
            )
            if fits:
                assert len((await session.listing("lab")).tools) == 5
                assert double.headers[-1]["host"] == f"{name}:{port}"
                continue
            before = len(double.headers)
            with pytest.raises(ToolFailed):
                await session.listing("lab")
            assert len(double.headers) == before
        await made.close()


async def test_the_transport_itself_knows_one_origin_alone(reaching):
    """Whatever the SDK would follow, now or later: another port, name or scheme is another server."""

    async def lookup(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    host = reaching.double.host
    options = McpOptions(allowed_hosts=frozenset({host, f"localhost:{host.rpartition(':')[2]}"}))
    transport = CheckedTransport(
        options.target(reaching.double.url),
        options,
        lookup=lookup,
        context=ssl.create_default_context(),
    )
    async with httpx2.AsyncClient(transport=transport, trust_env=False) as client:
        for url in (reaching.double.url.replace("127.0.0.1", "localhost"), f"https://{host}/mcp"):
            with pytest.raises(httpx2.ConnectError, match="it leads to another server"):
                await client.get(url)
        assert reaching.double.headers == []
        assert (await client.post(reaching.double.url)).status_code >= 400
    assert len(reaching.double.headers) == 1
