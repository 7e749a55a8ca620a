"""Reads the files of the web page for whoever serves them: right types, packed, no way out of the folder."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import brotli

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


_TEXT = (".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".txt", ".webmanifest")
_COMMENTED = (".css", ".js")
_LEAST_PACKED_BYTES = 512
# Best packing takes 3 ms for one of our own files, and half a second for the largest library.
_BEST_PACKED_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFile:
    """One file with all headers of its answer; `etag` is among them."""

    body: bytes
    headers: Mapping[str, str]
    etag: str


class PageFiles:
    """The files of one folder; packed ones are kept until they change. Safe to use from threads."""

    def __init__(self, folder: Path) -> None:
        self._root = folder.resolve()
        self._packed: dict[tuple[Path, str], tuple[str, bytes]] = {}

    def read(self, url_path: str, accept_encoding: str = "") -> PageFile | None:
        """Read the file at a decoded URL path, `/` being index.html; None when there is none to serve.

        Folders, hidden files, types that are no part of a page, and links that lead out of the folder
        are not served. It reads from the disk: call it in a thread.
        """
        path = self._find(url_path)
        if path is None:
            return None
        try:
            body = path.read_bytes()
        except OSError:  # missing, a folder, or a name the file system refuses
            return None
        suffix = path.suffix.lower()
        html = body.decode("utf-8", "replace") if suffix == ".html" else ""
        headers = {
            **page_headers(html),
            "Content-Type": _TYPES[suffix],
            "Cache-Control": "no-cache",
        }
        if suffix in _COMMENTED and path.parent.name != "vendor":
            body = without_comments(body)
        etag = hashlib.sha256(body).hexdigest()[:32]
        if suffix in _TEXT and len(body) >= _LEAST_PACKED_BYTES:
            headers["Vary"] = "Accept-Encoding"
            coding = next((name for name in _PACKERS if _accepts(accept_encoding, name)), "")
            if coding:
                headers["Content-Encoding"] = coding
                body = self._pack(path, coding, etag=etag, body=body)
                etag = f"{etag}-{coding}"
        headers["ETag"] = f'"{etag}"'
        return PageFile(body=body, headers=headers, etag=headers["ETag"])

    def _find(self, url_path: str) -> Path | None:
        names = PurePosixPath(url_path.lstrip("/") or "index.html").parts
        if any(name.startswith((".", "/")) or "\\" in name or "\0" in name for name in names):
            return None
        path = self._root.joinpath(*names).resolve()
        served = path.suffix.lower() in _TYPES and path.is_relative_to(self._root)
        return path if served else None

    def _pack(self, path: Path, coding: str, *, etag: str, body: bytes) -> bytes:
        kept_etag, packed = self._packed.get((path, coding), ("", b""))
        if kept_etag != etag:
            packed = _PACKERS[coding](body)
            self._packed[path, coding] = (etag, packed)
        return packed


def without_comments(source: bytes) -> bytes:
    """Empty the lines of JavaScript or CSS that hold nothing but a comment; every line keeps its number.

    Comments are for readers of the repository: they are a quarter of what would be sent. A text that
    goes over several lines must not have one that looks like a comment.
    """
    lines, inside = source.split(b"\n"), False
    for at, line in enumerate(lines):
        words = line.strip()
        begins = inside or words.startswith(b"/*")
        _, ends, after = words.partition(b"*/")
        if words.startswith(b"//") or (begins and not after):
            lines[at] = b""
        elif inside:
            lines[at] = after
        inside = begins and not ends
    return b"\n".join(lines)


def _pack_br(body: bytes) -> bytes:
    quality = 11 if len(body) <= _BEST_PACKED_BYTES else 5
    return brotli.compress(body, quality=quality)  # pyright: ignore[reportUnknownVariableType] - it has no types


def _pack_gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


_PACKERS: dict[str, Callable[[bytes], bytes]] = {"br": _pack_br, "gzip": _pack_gzip}


def _accepts(accept_encoding: str, coding: str) -> bool:
    """Tell whether a browser names a coding and does not refuse it.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
    """
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == coding:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
