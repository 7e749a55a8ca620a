"""What every reader takes and gives: a file with its bounds, the text as stored and its structure.

Not for: what is stored (`ports.document_stores`) or reading itself (`readers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
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


class NoText(Unreadable):
    """The document opens, but has no text; `pages` (from 1) show something OCR could read."""

    def __init__(self, message: str, *, pages: tuple[int, ...] = ()) -> None:
        self.pages = pages
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Bounds a reader keeps by itself; memory and time are bounded from outside as well."""

    max_pages: int = 2_000
    max_chars: int = 10_000_000
    max_unpacked_bytes: int = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a reader is given: a file on disk, the name it was uploaded under, and the bounds.

    `recognised` is the text OCR found, by page from 1; such a page is not read from the file.
    """

    path: Path
    filename: str
    limits: ReadLimits = field(default_factory=ReadLimits)
    recognised: Mapping[int, str] = field(default_factory=dict[int, str])
