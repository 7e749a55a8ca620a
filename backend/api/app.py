"""Put the HTTP application together: routes by folder, errors, the edge, the static page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from backend.api import document, errors, reference_page, routes
from backend.api.deps import ApiOptions
from backend.api.middleware import Edge
from backend.api.page import Page
from backend.kit.discovery import modules_of
from backend.models.openai import ErrorOut

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

FAILURES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorOut, "description": "The request cannot be carried out as it stands"},
    "5XX": {"model": ErrorOut, "description": "This server or one it depends on failed"},
}


def build_app(
    options: ApiOptions,
    *,
    lifespan: Lifespan,
    page: Path | None,
) -> ASGIApp:
    """Build the application; `lifespan` puts the services on `app.state.services`.

    `page` is the folder of the static web chat, served at / when it is there.
    """
    app = FastAPI(
        title="Steward",
        version=options.version,
        lifespan=lifespan,
        responses=FAILURES,
        docs_url=None,  # these two load scripts from other people's servers
        redoc_url=None,
    )
    errors.install(app)
    reference_page.install(app)
    document.install(app)
    modules = list(modules_of(routes))
    routers: list[APIRouter] = [module.router for module in modules]
    # Routers are tried in order for every request: the busiest first.
    for router in sorted(routers, key=lambda one: not one.prefix.startswith("/v1")):
        app.include_router(router)
    if page is not None:
        app.router.default = Page(page)
    whole: ASGIApp = app
    if options.cors_origins:
        whole = CORSMiddleware(
            whole,
            allow_origins=options.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["x-request-id", "x-run-id", "x-session-id"],
        )
    uploads = {path for module in modules for path in getattr(module, "UPLOAD_PATHS", ())}
    return Edge(
        whole,
        max_body_bytes=options.max_body_bytes,
        larger_bodies=dict.fromkeys(uploads, options.max_upload_bytes),
    )
