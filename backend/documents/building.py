"""Puts a document's text together block by block, and keeps where each block lies.

For formats whose text has to be made (PDF, DOCX ...). Not for: formats that are text already, whose
stored text is the source itself (`decoding`).
"""

from __future__ import annotations

import re
from typing import Any, cast

from backend.documents.extracted import Extracted, ReadLimits, Span, SpanKind, Unreadable
from backend.ports.values import JsonObject

# PostgreSQL text holds no NUL, and UTF-8 no lone surrogate.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CLOSE_TOGETHER: frozenset[SpanKind] = frozenset({"list", "record", "table"})


class TextBuilder:
    """A text that grows by blocks and pages; blocks are separated by a blank line.

    Items of a list, rows and records follow each other without one.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._parts: list[str] = []
        self._spans: list[Span] = []
        self._page_starts: list[int] = []
        self._fresh = True
        self.length = 0
        self.last_start = 0
        self.first_heading = ""

    def add(self, text: str, kind: SpanKind = "paragraph", *, level: int = 0) -> None:
        """Append a block; blank ones are left out. Raise Unreadable above the limit."""
        block = without_unstorable(text).strip("\n\r")
        block = block.rstrip() if kind == "code" else block.strip()
        if not block or block.isspace():
            return
        if not self._fresh:
            near = self._spans[-1].kind == kind and kind in _CLOSE_TOGETHER
            self._append("\n" if near else "\n\n")
        start = self.length
        self.last_start = start
        self._append(block)
        page = len(self._page_starts) or None
        self._spans.append(Span(start=start, end=self.length, kind=kind, level=level, page=page))
        self._fresh = False
        if kind == "heading" and not self.first_heading:
            self.first_heading = block

    def start_page(self) -> None:
        """Begin the next page, counted from 1. Raise Unreadable above the limit."""
        if len(self._page_starts) >= self._limits.max_pages:
            raise Unreadable(too_many_pages(self._limits))
        if not self._fresh:
            self._append("\n\n")
            self._fresh = True
        self._page_starts.append(self.length)

    def build(
        self, *, title: str = "", note: str = "", details: JsonObject | None = None
    ) -> Extracted:
        """Give what has been added, with what the document says about itself."""
        return Extracted(
            text="".join(self._parts),
            spans=tuple(self._spans),
            title=" ".join(without_unstorable(title).split()),
            page_starts=tuple(self._page_starts),
            note=note,
            details=cast("JsonObject", storable(details or {})),
        )

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)
        if self.length > self._limits.max_chars:
            raise Unreadable(too_much_text(self._limits))


def without_unstorable(text: str) -> str:
    """Drop what no database stores: NULs and lone surrogates."""
    return _UNSTORABLE.sub("", text)


def storable(value: object) -> object:
    """Clean every string inside a JSON value."""
    if isinstance(value, str):
        return without_unstorable(value)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {without_unstorable(str(name)): storable(part) for name, part in members.items()}
    if isinstance(value, list | tuple):
        return [storable(part) for part in cast("list[Any]", value)]
    return value


def too_much_text(limits: ReadLimits) -> str:
    """Say that there are more characters than allowed."""
    return f"The document has more than {limits.max_chars:,} characters of text."


def too_many_pages(limits: ReadLimits) -> str:
    """Say that there are more pages than allowed."""
    return f"The document has more than {limits.max_pages:,} pages."
