"""Make what tools work with: the ports that `ports.tools.Services` lists, closed with the server."""

from __future__ import annotations

from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path

from backend.bootstrap.documents import ROOT, Ground
from backend.bootstrap.query_databases import open_databases
from backend.config.tool_groups import SandboxSettings, WebSettings
from backend.kit.http import HttpClient
from backend.kit.public_address import AddressPolicy
from backend.mcp_client.client import McpTools
from backend.mcp_client.options import McpOptions
from backend.ports.documents import Documents
from backend.ports.query import TableEngine
from backend.ports.sandbox import Sandbox
from backend.ports.tools import Services
from backend.query.files.engine import FileQueryOptions, FileTables
from backend.sandbox.choice import ChosenSandbox
from backend.sandbox.limits import RunLimits, SandboxOptions
from backend.web.reader import PublicWebReader, WebOptions


def open_tooling(ground: Ground, *, http: HttpClient, documents: Documents | None) -> Services:
    """Make the services of the tools; nothing is started before a tool needs it."""
    return Services(
        http=http,
        clock=ground.clock,
        documents=documents,
        sandbox=_open_sandbox(ground),
        tables=_open_tables(ground),
        databases=open_databases(ground),
        web=_open_web(ground),
    )


def _open_web(ground: Ground) -> PublicWebReader:
    """Make what reads web pages; its child process starts with the first page."""
    web = ground.settings.web
    options = WebOptions(
        policy=address_policy(web),
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


def address_policy(web: WebSettings) -> AddressPolicy:
    """Say which addresses of the web may be read."""
    networks = tuple(ip_network(one) for one in web.allow_networks)
    return AddressPolicy(ports=frozenset(web.ports), networks=networks)


def open_remote(ground: Ground) -> McpTools:
    """Make what reaches MCP servers that callers name; nothing is loaded before one is."""
    given = ground.settings.mcp
    names = {one.name for one in fields(McpOptions)} - {"allowed_hosts", "ports"}
    options = McpOptions(
        allowed_hosts=frozenset(given.allowed_hosts),
        ports=frozenset(given.ports),
        **given.model_dump(include=names),
    )
    remote = McpTools(options, clock=ground.clock)
    ground.stack.push_async_callback(remote.aclose)
    return remote


def _open_sandbox(ground: Ground) -> Sandbox:
    """Make the sandbox; its self-test runs when the first tool settles."""
    given = ground.settings.sandbox
    # Beside uploads, which a demonstration keeps in a folder of its own.
    folder = ground.folders.uploads.resolve().parent / "sandbox"
    sandbox = ChosenSandbox(sandbox_options(given, folder=folder))
    ground.stack.push_async_callback(sandbox.aclose)
    return sandbox


def sandbox_options(given: SandboxSettings, *, folder: Path) -> SandboxOptions:
    """Say what code may use and find; a folder of packages is looked for beside this project too."""
    names = {one.name for one in fields(RunLimits)}
    site_dir = given.site_dir or ROOT / ".sandbox" / "site"
    return SandboxOptions(
        folder=folder,
        site_dir=site_dir if site_dir.is_dir() else None,
        concurrent=given.concurrent,
        limits=RunLimits(**given.model_dump(include=names)),
    )


def _open_tables(ground: Ground) -> TableEngine:
    """Make what queries files; its processes start with the first query."""
    names = {one.name for one in fields(FileQueryOptions)}
    given = ground.settings.query.model_dump(include=names)
    options = FileQueryOptions(folder=ground.folders.queries, **given)
    tables = FileTables(options, clock=ground.clock)
    ground.stack.push_async_callback(tables.aclose)
    return tables
