"""What an answer is, told by its header and by its bytes: a page, a PDF, text, or nothing to read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from backend.ports.web import PageUnreadable

Kind = Literal["html", "pdf", "text"]
_HEAD_BYTES = 1024
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream", "unknown/unknown"})
_TEXT = re.compile(
    r"text/.+|application/(json|xml|yaml|x-yaml|toml|javascript|x-javascript|ecmascript|x-ndjson|"
    r"jsonl|json-seq|sql|csv|markdown|rtf|.+\+(json|xml|yaml))"
)
_LOOKS_LIKE_HTML = re.compile(
    rb"\s*(<!--.{0,500}?-->\s*)?<(!doctype html|html|head|body|title|meta|script|div|p|h1)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MOST_CONTROLS = 0.02
_NAMES = {
    "image": "a picture",
    "audio": "a sound",
    "video": "a film",
    "font": "a font",
    "model": "a 3D model",
}
_MAGIC = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PK\x03\x04", "a packed file (ZIP or Office)"),
    (b"\x1f\x8b", "a packed file"),
    (b"7z\xbc\xaf", "a packed file"),
    (b"Rar!", "a packed file"),
    (b"\xd0\xcf\x11\xe0", "an Office file of an old version"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\x00asm", "a program"),
    (b"OggS", "a sound"),
    (b"ID3", "a sound"),
    (b"\x1a\x45\xdf\xa3", "a film"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What is to be read, its media type, and the encoding its header names (may be empty)."""

    kind: Kind
    type: str
    charset: str = ""


def media_of(content_type: str, body: bytes) -> Media:
    """Judge an answer; raise PageUnreadable for what holds no text this server reads."""
    named = content_type.partition(";")[0].strip().lower()
    found = _CHARSET.search(content_type)
    charset = found[1] if found else ""
    head = body[:_HEAD_BYTES]
    if b"%PDF-" in head and (named not in _HTML_TYPES or head.lstrip().startswith(b"%PDF-")):
        return Media(kind="pdf", type="application/pdf")
    if named == "application/pdf":
        raise PageUnreadable("It is said to be a PDF and is none.")
    _refuse_other(named, head)
    if named in _HTML_TYPES or (named in _UNTYPED and _LOOKS_LIKE_HTML.match(head)):
        return Media(kind="html", type=named or "text/html", charset=charset)
    return Media(kind="text", type=named or "text/plain", charset=charset)


def _refuse_other(named: str, head: bytes) -> None:
    what = next((name for magic, name in _MAGIC if head.startswith(magic)), "")
    if not what and named.partition("/")[0] in _NAMES and named != "image/svg+xml":
        what = _NAMES[named.partition("/")[0]]
    readable = named in _HTML_TYPES or named in _UNTYPED or _TEXT.fullmatch(named) is not None
    if not what and (not readable or _is_binary(head)):
        what = "a file that is not text"
    if what:
        shown = f" ({named[:100]})" if named else ""
        msg = f"It is {what}{shown}; web pages, text and PDF are read."
        raise PageUnreadable(msg)


def _is_binary(head: bytes) -> bool:
    if head.startswith(_BYTE_ORDER_MARKS):
        return False
    return len(_CONTROL.findall(head)) > _MOST_CONTROLS * len(head)
