"""Names pages for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

_MOST_RANGES = 8


def listed(pages: Sequence[int]) -> str:
    """Write page numbers in ranges: `page 3`, `pages 1-4, 7`."""
    ranges: list[str] = []
    for _, run in groupby(enumerate(sorted(pages)), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        ranges.append(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")
    shown = ", ".join(ranges[:_MOST_RANGES]) + (" ..." if len(ranges) > _MOST_RANGES else "")
    return f"{'page' if len(pages) == 1 else 'pages'} {shown}"
