"""Stands for `httpx` where a published test suite downloads its pictures from the internet."""

from __future__ import annotations

import base64
from typing import Any

import httpx

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


class Downloads:
    """Answers `get` with a picture, whatever the address."""

    def get(self, url: str, **_: Any) -> httpx.Response:
        """Give one pixel as a PNG."""
        request = httpx.Request("GET", url)
        return httpx.Response(200, content=base64.b64decode(PIXEL), request=request)
