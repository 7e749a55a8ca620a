"""Make what tools work with: the ports that `ports.tools.Services` lists, closed with the server."""

from __future__ import annotations

from ipaddress import ip_network

from backend.bootstrap.documents import Ground
from backend.kit.http import HttpClient
from backend.kit.public_address import AddressPolicy
from backend.ports.documents import Documents
from backend.ports.tools import Services
from backend.web.reader import PublicWebReader, WebOptions


def open_tooling(ground: Ground, *, http: HttpClient, documents: Documents | None) -> Services:
    """Make the services of the tools; nothing is started before a tool needs it."""
    web = _open_web(ground)
    return Services(http=http, clock=ground.clock, documents=documents, web=web)


def _open_web(ground: Ground) -> PublicWebReader:
    """Make what reads web pages; its child process starts with the first page."""
    web = ground.settings.web
    networks = tuple(ip_network(one) for one in web.allow_networks)
    options = WebOptions(
        policy=AddressPolicy(ports=frozenset(web.ports), networks=networks),
        user_agent=web.user_agent,
        timeout_s=web.timeout_s,
        max_bytes=web.max_bytes,
        max_redirects=web.max_redirects,
        robots=web.robots,
        cache_s=web.cache_s,
        cache_bytes=web.cache_bytes,
    )
    reader = PublicWebReader(options, clock=ground.clock)
    ground.stack.push_async_callback(reader.aclose)
    return reader
