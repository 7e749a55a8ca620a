"""Every route of the application, found by walking it, and the few that anybody may call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from backend.api.app import build_app
from backend.api.deps import ApiOptions
from tests.fakes.live_server import inner_app

SIGNED = {("GET", "/api/approve/{token}"), ("POST", "/api/approve/{token}")}
OPEN = {
    *SIGNED,
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/docs"),
    ("GET", "/docs/{name}"),
    ("GET", "/openapi.json"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/refresh"),
    ("DELETE", "/api/auth/refresh"),
}
METHODS = ("get", "post", "put", "patch", "delete")


def an_app() -> FastAPI:
    """Build the application without services, to look at its routes."""
    return inner_app(build_app(ApiOptions(), lifespan=lambda _: None, page=None))  # type: ignore[arg-type]


def routes(found: Any) -> Iterator[tuple[str, str]]:
    """Walk every route there is, documented or not."""
    for route in found:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner.routes)
            continue
        for method in getattr(route, "methods", None) or {"MOUNT"}:
            if method != "HEAD":
                yield method, route.path


EVERY_ROUTE = sorted(set(routes(an_app().routes)))
DOCUMENTED = an_app().openapi()
