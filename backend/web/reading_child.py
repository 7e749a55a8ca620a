"""What runs inside the bounded child process: from an answer's bytes to its text, as JSON.

Not for: importing in the server; everything here may be killed at any moment.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from backend.kit.decoding import decode
from backend.ports.web import PageUnreadable
from backend.web.html_page import read_html
from backend.web.pdf_page import read_pdf

MAX_CHARS = 1_000_000
MAX_PDF_PAGES = 500
_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE
)
_HEAD_BYTES = 4096
_SCRIPTS = (
    "Its text is put together by scripts in a browser; this server runs none. Look for another page "
    "that says the same."
)


def read_page(call: dict[str, Any]) -> dict[str, Any]:
    """Read one page; `call` names path, kind, charset and url.

    Raises:
        PageUnreadable: with the reason.
    """
    path = Path(call["path"])
    if call["kind"] == "pdf":
        found = read_pdf(path, max_pages=MAX_PDF_PAGES, max_chars=MAX_CHARS)
        return {**found, "text": _bounded(str(found["text"]))}
    data = path.read_bytes()
    if call["kind"] == "text":
        return _answer(decode(data, declared=call["charset"]).replace("\r\n", "\n").strip())
    found = read_html(decode(data, declared=call["charset"] or _declared(data)), url=call["url"])
    if found.needs_scripts:
        raise PageUnreadable(_SCRIPTS)
    return _answer(found.text, title=found.title, date=found.date)


def _answer(text: str, *, title: str = "", date: str = "") -> dict[str, Any]:
    if not text:
        raise PageUnreadable("There is no text on it.")
    return {"text": _bounded(text), "title": title, "date": date, "pages": 0}


def _bounded(text: str) -> str:
    if len(text) <= MAX_CHARS:
        return text
    return f"{text[:MAX_CHARS]}\n\n[{len(text) - MAX_CHARS:,} more characters were not read]"


def _declared(data: bytes) -> str:
    found = _CHARSET.search(data[:_HEAD_BYTES])
    return found[1].decode("ascii") if found else ""
