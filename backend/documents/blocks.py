"""Finds paragraphs, lists and headings in plain text; every span points into the text as it is.

Not for: Markdown or source code, which have readers of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from backend.documents.extracted import Span, SpanKind

Line = tuple[int, int]

_LINE = re.compile(r"[^\r\n]*")
_BULLET = re.compile(r"[ \t]{0,12}(?:[-*+•‣▪●○–·]|\(?(?:\d{1,3}|[a-zA-Z])[.)])[ \t]+\S")
_UNDERLINE = re.compile(r"[ \t]*(={3,}|-{3,}|~{3,})[ \t]*")
_NUMBERED = re.compile(r"(?:\d{1,2}\.)*\d{1,2}\.?[ \t]+[^\W\d_]")
_NAMED = re.compile(r"(?:chapter|part|section|appendix|article)\s+[\divxlc]+\b", re.IGNORECASE)
_DIVIDED = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")
_SENTENCE_END = (".", "!", "?", ":", ";", ",", "。", "！", "？")
_LONG_LINE_CHARS = 160
_LONG_BLOCK_CHARS = 4_000
_PART_CHARS = 1_500
_MAX_HEADING_CHARS = 80
_MIN_CAPITALS = 4


def lines_of(text: str, *, start: int = 0, end: int | None = None) -> Iterator[Line]:
    """Yield start and end of every line, without the line break, empty ones included."""
    stop = len(text) if end is None else end
    at = start
    while at <= stop:
        found = _LINE.match(text, at, stop)
        last = found.end() if found else at
        yield at, last
        at = last + (2 if text.startswith("\r\n", last) else 1)


def blocks_of(text: str) -> Iterator[list[Line]]:
    """Yield groups of lines that stand between blank lines."""
    block: list[Line] = []
    for start, end in lines_of(text):
        if start < end and not text[start:end].isspace():
            block.append((start, end))
        elif block:
            yield block
            block = []
    if block:
        yield block


def plain_spans(text: str) -> Iterator[Span]:
    """Yield headings, paragraphs and list items of plain text."""
    blocks = list(blocks_of(text))
    for number, block in enumerate(blocks):
        heading = _underlined(text, block)
        if heading:
            yield trimmed(text, *block[0], kind="heading", level=heading)
            block = block[2:]
        elif number + 1 < len(blocks) and _is_heading(text, block):
            yield trimmed(text, *block[0], kind="heading", level=_depth(text, block[0]))
            continue
        if block:
            yield from _parts(text, block)


def trimmed(
    text: str, start: int, end: int, *, kind: SpanKind = "paragraph", level: int = 0
) -> Span:
    """Make a span without the white space around it; there must be something else."""
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    right = len(part) - len(part.rstrip())
    return Span(start=start + left, end=end - right, kind=kind, level=level)


def _parts(text: str, block: Sequence[Line]) -> Iterator[Span]:
    if _BULLET.match(text, *block[0]) or _listed(text, block):
        yield from _items(text, block)
    elif any(end - start > _LONG_LINE_CHARS for start, end in block):
        for start, end in block:
            yield trimmed(text, start, end)
    elif block[-1][1] - block[0][0] > _LONG_BLOCK_CHARS:
        yield from _cut(text, block)
    else:
        yield trimmed(text, block[0][0], block[-1][1])


def _listed(text: str, block: Sequence[Line]) -> bool:
    """Tell a line that announces a list from a paragraph that happens to hold a dash."""
    return len(block) > 2 and all(_BULLET.match(text, *line) for line in block[1:])


def _items(text: str, block: Sequence[Line]) -> Iterator[Span]:
    start, end = block[0]
    kind: SpanKind = "list" if _BULLET.match(text, start, end) else "paragraph"
    for line_start, line_end in block[1:]:
        if _BULLET.match(text, line_start, line_end):
            yield trimmed(text, start, end, kind=kind)
            start, kind = line_start, "list"
        end = line_end
    yield trimmed(text, start, end, kind=kind)


def _cut(text: str, block: Sequence[Line]) -> Iterator[Span]:
    """Cut what has no blank lines (a log, a whole book) between lines, at a sentence's end if one is near."""
    start = block[0][0]
    for (_, end), (following, _) in pairwise(block):
        size = end - start
        if size > 2 * _PART_CHARS or (
            size > _PART_CHARS and text[start:end].rstrip().endswith(_SENTENCE_END)
        ):
            yield trimmed(text, start, end)
            start = following
    yield trimmed(text, start, block[-1][1])


def _underlined(text: str, block: Sequence[Line]) -> int:
    """Give the level of a heading underlined with signs, 0 when it is none."""
    if len(block) < 2 or block[0][1] - block[0][0] > _MAX_HEADING_CHARS:
        return 0
    rule = _UNDERLINE.fullmatch(text, *block[1])
    return 0 if rule is None else 1 if rule[1].startswith("=") else 2


def _is_heading(text: str, block: Sequence[Line]) -> bool:
    line = text[block[0][0] : block[0][1]].strip()
    if len(block) > 1 or len(line) > _MAX_HEADING_CHARS or line.endswith(_SENTENCE_END):
        return False
    if _NAMED.match(line) or _NUMBERED.match(line):
        return True
    return line.isupper() and sum(char.isalpha() for char in line) >= _MIN_CAPITALS


def _depth(text: str, line: Line) -> int:
    """Take the level from a number such as 2.1.3, else 1."""
    number = text[line[0] : line[1]].split()[0].rstrip(".")
    return number.count(".") + 1 if number[:1].isdigit() else 1


def recognised_paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of recognised text, with the line breaks of the page taken out."""
    for block in blocks_of(text):
        lines = [text[start:end].strip() for start, end in block]
        joined = _DIVIDED.sub("", "\n".join(lines))
        yield joined.replace("\n", " ")
