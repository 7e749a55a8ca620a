"""Make what tools work with: the ports that `ports.tools.Services` lists, closed with the server."""

from __future__ import annotations

from backend.bootstrap.documents import Ground
from backend.kit.http import HttpClient
from backend.ports.documents import Documents
from backend.ports.query import TableEngine
from backend.ports.tools import Services
from backend.query.files.engine import FileQueryOptions, FileTables


def open_tooling(ground: Ground, *, http: HttpClient, documents: Documents | None) -> Services:
    """Make the services of the tools; nothing is started before a tool needs it."""
    return Services(
        http=http,
        clock=ground.clock,
        documents=documents,
        tables=_open_tables(ground),
    )


def _open_tables(ground: Ground) -> TableEngine:
    """Make what queries files; its processes start with the first query."""
    options = FileQueryOptions(folder=ground.folders.queries, **ground.settings.query.model_dump())
    tables = FileTables(options, clock=ground.clock)
    ground.stack.push_async_callback(tables.aclose)
    return tables
