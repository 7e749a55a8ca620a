"""Rebuilds paragraphs, list items and headings from the lines of PDF pages and where they stand.

Not for: reading the file (`readers.pdf`). Distances are PDF points, y grows upwards.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from backend.documents.extracted import SpanKind

_SENTENCE_END = (".", "!", "?", ":", "。", "！", "？", "”", '"')
_BULLET = re.compile(r"(?:[•‣▪●○◦–\uf0b7-]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+\S")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_HYPHEN = "\ufffe"  # what PDFium puts where a word was divided at a line's end
_DIVIDED = re.compile(rf"([^\W_]+){_HYPHEN}([^\W_]+)")
_LEADERS = re.compile(r"(?:\.[ ]?){4}")  # the dots of a table of contents
_SAME_SIZE = 0.1
_HEADING_SIZE = 1.12
_MAX_HEADING_CHARS = 200
_MAX_HEADING_LINES = 3
_MAX_LEVEL = 6
_WIDE_GAP = 1.4
_SHORT_LINE = 0.8


@dataclass(frozen=True, slots=True)
class Line:
    """One line as PDFium sees it, with where its first character stands and where it ends."""

    text: str
    size: float
    left: float
    base: float
    right: float


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together, as one text."""

    text: str
    kind: SpanKind = "paragraph"
    level: int = 0


class Layout:
    """The look of a whole document, from which its headings are told."""

    def __init__(self, pages: Iterable[Sequence[Line]]) -> None:
        sizes: Counter[float] = Counter()
        for page in pages:
            for line in page:
                sizes[_rounded(line.size)] += len(line.text)
        self._body = max(sizes, key=lambda size: sizes[size], default=0.0)
        large = sorted((size for size in sizes if size > self._body * _HEADING_SIZE), reverse=True)
        self._levels = {size: min(rank, _MAX_LEVEL) for rank, size in enumerate(large, start=1)}

    def blocks(self, page: Sequence[Line]) -> Iterator[Block]:
        """Yield the blocks of a page in reading order."""
        if not page:
            return
        look = _PageLook(page)
        group = [page[0]]
        for line in page[1:]:
            if look.begins_block(group, line):
                yield self._block(group, look)
                group = [line]
            else:
                group.append(line)
        yield self._block(group, look)

    def _block(self, group: Sequence[Line], look: _PageLook) -> Block:
        text = look.joined(group)
        level = self._levels.get(_rounded(group[0].size), 0)
        if level and len(group) <= _MAX_HEADING_LINES and _may_head(text):
            return Block(" ".join(text.split()), "heading", level)
        return Block(text, "list" if _BULLET.match(text) else "paragraph")


class _PageLook:
    """Distances that are usual on one page."""

    def __init__(self, page: Sequence[Line]) -> None:
        pitches = [
            above.base - line.base
            for above, line in pairwise(page)
            if _same_size(above, line) and 0 < above.base - line.base < 4 * max(line.size, 1)
        ]
        self._pitch = median(pitches) if pitches else 0.0

    def begins_block(self, group: Sequence[Line], line: Line) -> bool:
        """Tell whether a line starts something new below the lines of a block."""
        above = group[-1]
        if not _same_size(above, line) or _BULLET.match(line.text):
            return True
        drop = above.base - line.base
        size = max(line.size, 1.0)
        if drop < -size or drop > max(_WIDE_GAP * self._pitch, 1.6 * size, 0.0):
            return not _runs_on(above, line)
        ended = above.text.endswith(_SENTENCE_END)
        indented = line.left > above.left + size and len(group) > 1
        return ended and (indented or self._is_short(group, above))

    def joined(self, group: Sequence[Line]) -> str:
        """Join lines by a blank, but keep the break after a line that ends early."""
        parts: list[str] = []
        for line, below in pairwise(group):
            parts.extend((line.text, self._between(group, line, below)))
        parts.append(group[-1].text)
        return "".join(parts)

    def _between(self, group: Sequence[Line], line: Line, below: Line) -> str:
        if self._is_short(group, line):
            return "\n"
        glued = _CJK.match(line.text[-1:]) and _CJK.match(below.text[:1])
        return "" if glued else " "

    def _is_short(self, group: Sequence[Line], line: Line) -> bool:
        left = min(one.left for one in group[:50])
        right = max(one.right for one in group[:50])
        return line.right - left < _SHORT_LINE * (right - left)


def undivided(text: str, words: Counter[str]) -> str:
    """Put words together that were divided at line ends.

    The hyphen stays when the document writes the word with it elsewhere, and not without.
    """

    def whole(found: re.Match[str]) -> str:
        plain, dashed = f"{found[1]}{found[2]}", f"{found[1]}-{found[2]}"
        keeps = words[dashed.lower()] > words[plain.lower()] or found[2][:1].isupper()
        return dashed if keeps else plain

    while _HYPHEN in text:
        text, changed = _DIVIDED.subn(whole, text)
        if not changed:
            return text.replace(_HYPHEN, "-")
    return text


def words_of(pages: Iterable[Sequence[Line]]) -> Counter[str]:
    """Count the words with and without hyphens that some divided word of the document may be."""
    texts = [line.text for page in pages for line in page]
    divided = {
        form.lower()
        for text in texts
        if _HYPHEN in text
        for found in _DIVIDED.finditer(text)
        for form in (found[1] + found[2], f"{found[1]}-{found[2]}")
    }
    counted: Counter[str] = Counter()
    if divided:
        for text in texts:
            counted.update(w for w in re.findall(r"[\w-]+", text.lower()) if w in divided)
    return counted


def _may_head(text: str) -> bool:
    letters = sum(char.isalpha() for char in text[:_MAX_HEADING_CHARS])
    return letters > 1 and len(text) <= _MAX_HEADING_CHARS and not _LEADERS.search(text)


def _runs_on(above: Line, line: Line) -> bool:
    """Tell a sentence that goes on in the next column."""
    return not above.text.endswith(_SENTENCE_END) and line.text[:1].islower()


def _same_size(first: Line, second: Line) -> bool:
    return abs(first.size - second.size) <= _SAME_SIZE * max(first.size, second.size)


def _rounded(size: float) -> float:
    return round(size * 2) / 2
