"""Messages with attachments, and a server that may fetch them from this machine."""

from __future__ import annotations

import base64
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.live_server import Doubles, LiveServer, live_server

EYES = "llava"
BLIND = "llama3.2"


def b64(data: bytes) -> str:
    """Write base64."""
    return base64.b64encode(data).decode()


def image(url: str, **more: Any) -> dict[str, Any]:
    """Make an image part."""
    return {"type": "image_url", "image_url": {"url": url, **more}}


def uri(data: bytes, kind: str = "image/png") -> str:
    """Write a data URI."""
    return f"data:{kind};base64,{b64(data)}"


def text(words: str) -> dict[str, Any]:
    """Make a text part."""
    return {"type": "text", "text": words}


def file(**fields: Any) -> dict[str, Any]:
    """Make a file part."""
    return {"type": "file", "file": fields}


def asks(*parts: dict[str, Any], model: str = BLIND, **more: Any) -> dict[str, Any]:
    """Make a request of one user message."""
    return {"model": model, "messages": [{"role": "user", "content": list(parts)}], **more}


def refused(answer: httpx.Response) -> tuple[int, Any, Any]:
    """Give status, code and place of a refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def attaching_server(
    folder: Path, doubles: Doubles, **more: str
) -> AbstractAsyncContextManager[LiveServer]:
    """Serve with bounds that a test can pass, allowed to fetch from this machine."""
    given = {
        "WEB__ALLOW_NETWORKS": '["127.0.0.1/32"]',
        "ATTACHMENTS__FETCH_TIMEOUT_S": "2",
        "ATTACHMENTS__MAX_IMAGES": "4",
        "ATTACHMENTS__MAX_IMAGE_BYTES": "1000000",
    }
    return live_server(folder, **doubles.environ(), **given, **more)
