"""What every reader gives and the chunker takes: the text as it will be stored, and its structure.

Not for: what is stored (`ports.document_stores`) or reading itself (`readers`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from backend.ports.values import JsonObject

SpanKind = Literal["heading", "paragraph", "list", "table", "code", "record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One block of the text: `text[start:end]`, without the blank lines around it.

    `level` is a heading's depth from 1; `page` counts from 1, None where the format has no pages.
    Spans are in order and do not overlap; what lies between them is white space or markup.
    """

    start: int
    end: int
    kind: SpanKind = "paragraph"
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """A document as read. `page_starts` are the offsets at which pages begin, empty without pages.

    `title` is what the document itself says it is, empty when it says nothing. `note` tells a
    person what could not be read. `details` describes what is not text (tables, sheets, authors).
    """

    text: str
    spans: tuple[Span, ...]
    title: str = ""
    page_starts: tuple[int, ...] = ()
    note: str = ""
    details: JsonObject = field(default_factory=dict[str, Any])


class Unreadable(Exception):
    """The document cannot be read; the message tells a person why, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Bounds a reader keeps by itself; memory and time are bounded from outside as well."""

    max_pages: int = 2_000
    max_chars: int = 10_000_000
    max_unpacked_bytes: int = 500 * 1024 * 1024
