"""Which known name a misspelt one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def edit_distance(left: str, right: str) -> int:
    """Count insertions, deletions, replacements and swaps of neighbours (optimal string alignment).

    Source: https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance
    """
    before: list[int] = []
    above = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        row = [i]
        for j, b in enumerate(right, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def nearest(name: str, known: Iterable[str], *, within: int) -> str | None:
    """Find the known name at most `within` edits away, the closest and then the first in order.

    Names that differ by more than a third of their length are never close.
    """
    limit = min(within, len(name) // 3)
    close = [
        (distance, other)
        for other in sorted(known)
        if abs(len(other) - len(name)) <= limit
        and (distance := edit_distance(name, other)) <= limit
    ]
    return min(close)[1] if close else None
