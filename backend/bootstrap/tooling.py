"""Make what tools work with: the ports that `ports.tools.Services` lists, closed with the server."""

from __future__ import annotations

from backend.bootstrap.documents import Ground
from backend.kit.http import HttpClient
from backend.ports.documents import Documents
from backend.ports.tools import Services


def open_tooling(ground: Ground, *, http: HttpClient, documents: Documents | None) -> Services:
    """Make the services of the tools; nothing is started before a tool needs it."""
    return Services(http=http, clock=ground.clock, documents=documents)
