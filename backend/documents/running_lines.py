"""Leaves out what printed pages repeat: running heads after their first time, and page numbers.

They would stand in the middle of sentences and make every page alike. Not for: text that differs
from page to page, however little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from backend.documents.pdf_layout import Line

_NUMBER = re.compile(
    r"(?:page|p\.|seite|página|pagina)?\s*[-–]?\s*(\d{1,4})\s*[-–]?(?:\s*(?:of|von|de|/)\s*\d{1,4})?",
    re.IGNORECASE,
)
_LEAST_PAGES = 3
_LEAST_SHARE = 0.4


def without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Drop them from the top and the bottom of pages; a page with nothing else keeps them."""
    least = max(_LEAST_PAGES, _LEAST_SHARE * len(pages))
    edges = [{line.text for line in _edges(page)} for page in pages]
    times = Counter(text for texts in edges for text in texts)
    offsets = Counter(
        offset
        for number, page in enumerate(pages)
        for offset in {_offset(line, number) for line in _edges(page)}
        if offset is not None
    )
    usual, found = next(iter(offsets.most_common(1)), (None, 0))
    if found < least:
        usual = None
    seen: set[str] = set()
    kept: list[list[Line]] = []
    for number, page in enumerate(pages):
        lines = list(page)
        for edge in (0, -1):
            if len(lines) < 2:
                break
            line = lines[edge]
            repeated = times[line.text] >= least and line.text in seen
            seen.add(line.text)
            if repeated or (usual is not None and _offset(line, number) == usual):
                del lines[edge]
        kept.append(lines)
    return kept


def _edges(page: Sequence[Line]) -> list[Line]:
    return [page[0], page[-1]] if page else []


def _offset(line: Line, page: int) -> int | None:
    """Give how far a line's number is from its page's, None when it is no page number."""
    number = _NUMBER.fullmatch(line.text)
    return int(number[1]) - page if number else None
