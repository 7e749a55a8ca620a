"""`/docs`: Swagger UI over `/openapi.json`, loading nothing from anywhere else.

The files are those of the package `fastapi-offline`; the framework's own page loads them from other
people's servers, and is blank without internet.
"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

from backend.errors import NotFound
from backend.kit.page_headers import page_headers

PACKAGE = "fastapi_offline"
TYPES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
START = "start.js"
START_SCRIPT = (
    'SwaggerUIBundle({url: "/openapi.json", dom_id: "#reference", deepLinking: true,'
    " persistAuthorization: false});"
)
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Steward API</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/docs/swagger-ui.css">'
    '</head><body><main id="reference"></main><script src="/docs/swagger-ui-bundle.js"></script>'
    f'<script src="/docs/{START}"></script></body></html>'
)


def install(app: FastAPI) -> None:
    """Add the page to an application whose own documentation pages are off."""

    async def docs() -> HTMLResponse:
        return HTMLResponse(PAGE, headers=page_headers())

    async def asset(name: str) -> Response:
        if name == START:
            return Response(START_SCRIPT, media_type="text/javascript")
        if name not in TYPES:
            raise NotFound
        body = await asyncio.to_thread((_folder() / name).read_bytes)
        headers = {"cache-control": "public, max-age=86400"}
        return Response(body, media_type=TYPES[name], headers=headers)

    app.add_api_route("/docs", docs, include_in_schema=False)
    app.add_api_route("/docs/{name}", asset, include_in_schema=False)


def _folder() -> Path:
    """Find the package's files without importing it."""
    found = find_spec(PACKAGE)
    places = found.submodule_search_locations if found else None
    if not places:
        msg = f"The package {PACKAGE} is not installed"
        raise NotFound(msg)
    return Path(places[0]) / "static"
