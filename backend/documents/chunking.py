"""A text as read, cut into pieces to index: whole sentences, packed, never across pages or sections.

Offsets are exact: `text[piece.start:piece.end]` is the piece. Not for: the words of the lexical index
(`preparing`) or growing a hit into a passage (`growing`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from backend.documents.extracted import Extracted, Span, SpanKind
from backend.documents.sentences import next_visible, sentences, starts_low

HEADING_SEPARATOR = " > "
_MAX_HEADING_CHARS = 200
_PROSE: frozenset[SpanKind] = frozenset({"heading", "paragraph"})
_LINE = re.compile(r"\S[^\n]*")
# Where an overlong sentence or line may be cut, best first.
_CUTS = (
    re.compile(r"\n\s*"),
    re.compile(r"[;:]\s+|[；：、，]\s*"),  # noqa: RUF001
    re.compile(r",\s+|[،؛]\s*"),
    re.compile(r"\s+"),
)

Bounds = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk before its words are known; `kind` is that of its first block."""

    start: int
    end: int
    heading: str
    page: int | None
    kind: SpanKind


@dataclass(slots=True)
class _Section:
    """Blocks that may share a piece: below the same headings, on the same page, of one sort."""

    heading: str
    page: int | None
    kind: SpanKind
    blocks: list[list[Bounds]] = field(default_factory=list[list[Bounds]])
    headings_only: bool = True

    def takes(self, span: Span) -> bool:
        """Tell whether a block belongs here too; a heading stays with what follows it."""
        if span.page != self.page:
            return False
        if self.headings_only:
            return True
        return span.kind != "heading" and _sort(span.kind) == _sort(self.kind)


def pieces(extracted: Extracted, *, max_chars: int) -> Sequence[Piece]:
    """Cut a text into pieces of at most `max_chars` characters that hold all of every span, in order."""
    return [
        Piece(start, end, section.heading, section.page, section.kind)
        for section in _sections(extracted, max_chars)
        for start, end in _packed(section.blocks, max_chars)
    ]


def _sort(kind: SpanKind) -> SpanKind:
    return "paragraph" if kind in {"heading", "list"} else kind


def _sections(extracted: Extracted, max_chars: int) -> Iterator[_Section]:
    text = extracted.text
    low = starts_low(text)
    path: list[tuple[int, str]] = []
    section = _Section("", None, "paragraph")
    for span in extracted.spans:
        if span.kind == "heading":
            name = " ".join(text[span.start : span.end][:_MAX_HEADING_CHARS].split())
            path = [*(one for one in path if one[0] < span.level), (span.level, name)]
        if not section.takes(span):
            yield section
            section = _Section("", span.page, span.kind)
        section.page = span.page
        section.heading = HEADING_SEPARATOR.join(name for _, name in path)
        if section.headings_only:
            section.kind = span.kind
        section.headings_only &= span.kind == "heading"
        section.blocks.append(list(_units(text, span, max_chars, low=low)))
    yield section


def _units(text: str, span: Span, max_chars: int, *, low: bool) -> Iterator[Bounds]:
    """Give what should stay whole in a block: the sentences of prose, the lines of all else."""
    if span.kind in _PROSE:
        units = sentences(text, span.start, span.end, low=low)
    else:
        units = (_trimmed(text, m) for m in _LINE.finditer(text, span.start, span.end))
    for start, end in units:
        yield from _fitting(text, start, end, max_chars)


def _trimmed(text: str, line: re.Match[str]) -> Bounds:
    return line.start(), line.start() + len(text[line.start() : line.end()].rstrip())


def _fitting(text: str, start: int, end: int, max_chars: int) -> Iterator[Bounds]:
    while end - start > max_chars:
        cut = _cut(text, start, start + max_chars)
        yield start, start + len(text[start:cut].rstrip())
        start = next_visible(text, cut, end)
    if start < end:
        yield start, end


def _cut(text: str, start: int, limit: int) -> int:
    """Find the best place to cut in the last half before `limit`, which itself is the last resort."""
    half = start + (limit - start) // 2
    for pattern in _CUTS:
        if ends := [m.end() for m in pattern.finditer(text, half, limit)]:
            return ends[-1]
    return limit


def _packed(blocks: Sequence[Sequence[Bounds]], max_chars: int) -> Iterator[Bounds]:
    """Join blocks that fit together whole; spread the sentences of a longer one evenly."""
    start = end = -1
    for units in blocks:
        if not units:
            continue
        if start >= 0 and units[-1][1] - start <= max_chars:
            end = units[-1][1]
            continue
        if start >= 0:
            yield start, end
        *full, (start, end) = _spread(units, max_chars)
        yield from full
    if start >= 0:
        yield start, end


def _spread(units: Sequence[Bounds], max_chars: int) -> Sequence[Bounds]:
    """Pack units into as few pieces as `max_chars` allows, the longest of them as short as can be."""
    best = _greedy(units, max_chars)
    low, high = max(end - start for start, end in units), max_chars
    while low < high:
        middle = (low + high) // 2
        tried = _greedy(units, middle)
        if len(tried) <= len(best):
            best, high = tried, middle
        else:
            low = middle + 1
    return best


def _greedy(units: Sequence[Bounds], max_chars: int) -> list[Bounds]:
    packed: list[Bounds] = []
    for start, end in units:
        if packed and end - packed[-1][0] <= max_chars:
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((start, end))
    return packed
