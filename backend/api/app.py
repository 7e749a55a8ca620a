"""Put the HTTP application together: routes by folder, errors, the edge, the static page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from backend.api import document, errors, reference_page, routes
from backend.api.deps import ApiOptions
from backend.api.idempotency import Idempotent
from backend.api.middleware import Edge
from backend.api.page import Page
from backend.api.rate_limits import HEADER_NAMES
from backend.kit.discovery import modules_of
from backend.models.openai import ErrorOut

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

# Routers are tried in order for every request, and each that is passed over costs 20 us.
BUSIEST = ("openai", "responses", "messages")
# A large body costs about three times its size while it is read, and its size while it is answered.
LARGE_BODIES_AT_ONCE = 8
FAILURES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorOut, "description": "The request cannot be carried out as it stands"},
    "5XX": {"model": ErrorOut, "description": "This server or one it depends on failed"},
}

EXPOSED = [
    "x-request-id",
    "x-run-id",
    "x-session-id",
    "x-should-retry",
    "openai-processing-ms",
    "openai-version",
    "retry-after",
    "retry-after-ms",
    "idempotent-replayed",
    *HEADER_NAMES,
]


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
        openapi_url=None,  # `document` serves it
        docs_url=None,  # these two load scripts from other people's servers
        redoc_url=None,
    )
    errors.install(app)
    reference_page.install(app)
    document.install(app)
    modules = sorted(modules_of(routes), key=_rank)
    for module in modules:
        app.include_router(module.router)
    if page is not None:
        app.router.default = Page(page)
    whole: ASGIApp = Idempotent(app, inner=app)
    if options.cors_origins:
        whole = CORSMiddleware(
            whole,
            allow_origins=options.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
    uploads = {path for module in modules for path in getattr(module, "UPLOAD_PATHS", ())}
    told = {path for module in modules for path in getattr(module, "MESSAGE_PATHS", ())}
    return Edge(
        whole,
        max_body_bytes=options.max_body_bytes,
        larger_bodies={
            **dict.fromkeys(told, max(options.max_message_bytes, options.max_body_bytes)),
            **dict.fromkeys(uploads, options.max_upload_bytes),
        },
        held_paths=told,
        held_bytes=LARGE_BODIES_AT_ONCE * options.max_message_bytes,
        watch=options.watch,
    )


def _rank(module: ModuleType) -> tuple[int, bool, str]:
    """Give the place of a module of routes: the busiest first, then the rest of `/v1`."""
    name = module.__name__.rpartition(".")[2]
    place = BUSIEST.index(name) if name in BUSIEST else len(BUSIEST)
    return place, not module.router.prefix.startswith("/v1"), name
