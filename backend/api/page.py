"""Serve the static web chat for every address that is no route of the API."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.kit.page_files import PageFiles

API_PREFIXES = ("/api/", "/v1/")


class Page:
    """An ASGI application over one folder; what is not in it is a 404 as anywhere else."""

    def __init__(self, folder: Path) -> None:
        self._files = PageFiles(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD with a file of the page."""
        path: str = scope["path"]
        if scope["type"] != "http" or path.startswith(API_PREFIXES):
            raise HTTPException(404)
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(404)
        asked = Headers(scope=scope)
        packed = asked.get("accept-encoding", "")
        found = await asyncio.to_thread(self._files.read, path, packed)
        if found is None:
            raise HTTPException(404)
        if asked.get("if-none-match") == found.etag:
            answer = Response(status_code=304, headers=dict(found.headers))
        else:
            answer = Response(found.body, headers=dict(found.headers))
        await answer(scope, receive, send)
