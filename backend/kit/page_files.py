"""Reads the files of the web page for whoever serves them: right types, no way out of the folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from backend.kit.page_headers import page_headers

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFile:
    """One file with all headers of its answer; `etag` is among them."""

    body: bytes
    headers: Mapping[str, str]
    etag: str


def read_page_file(folder: Path, url_path: str) -> PageFile | None:
    """Read the file at a decoded URL path, `/` being index.html; None when there is none to serve.

    Folders, hidden files, types that are no part of a page, and links that lead out of the folder
    are not served. It reads from the disk: call it in a thread.
    """
    names = PurePosixPath(url_path.lstrip("/") or "index.html").parts
    if any(name.startswith((".", "/")) or "\\" in name or "\0" in name for name in names):
        return None
    root = folder.resolve()
    path = root.joinpath(*names).resolve()
    content_type = _TYPES.get(path.suffix.lower())
    if content_type is None or not path.is_relative_to(root):
        return None
    try:
        body = path.read_bytes()
    except OSError:  # missing, a folder, or a name the file system refuses
        return None
    html = body.decode("utf-8", "replace") if path.suffix.lower() == ".html" else ""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        **page_headers(html),
        "Content-Type": content_type,
        "Cache-Control": "no-cache",
        "ETag": etag,
    }
    return PageFile(body=body, headers=headers, etag=etag)
