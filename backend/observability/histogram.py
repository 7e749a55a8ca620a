"""Sums of many measured values: how many lay below each bound."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise


class Histogram:
    """Counts values by bounds that rise; the last count is of what lies above all of them."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value; a bound holds what equals it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add_gaps(self, moments_s: Sequence[float]) -> None:
        """Count the time between each moment and the next, for a tenth of a microsecond each."""
        gaps = sorted([later - before for before, later in pairwise(moments_s)])
        below = 0
        for at, bound in enumerate(self.bounds):
            now = bisect_right(gaps, bound, below)
            self.counts[at] += now - below
            below = now
        self.counts[-1] += len(gaps) - below
        self.total += moments_s[-1] - moments_s[0] if gaps else 0.0

    def cumulative(self) -> list[tuple[str, float]]:
        """Give how many lay at or below each bound, as Prometheus writes them."""
        running, told = 0, list[tuple[str, float]]()
        for bound, count in zip((*self.bounds, None), self.counts, strict=True):
            running += count
            told.append(("+Inf" if bound is None else f"{bound:g}", float(running)))
        return told
