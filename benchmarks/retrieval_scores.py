"""Scores ranked passages against gold spans or gold documents, by the protocol of the published sets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PLACES, FIRST = 10, 5
BUDGETS = {"R@2k": 2_000, "R@5k": 5_000}
METRICS = ("R@5", "MRR@10", "nDCG@10", *BUDGETS)


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of a document that a search gave."""

    document: str
    start: int
    end: int

    def holds(self, gold: Shown) -> bool:
        """Tell whether all of a gold span is in it."""
        return self.document == gold.document and self.start <= gold.start and self.end >= gold.end


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the spans that answer it, or the documents that are relevant."""

    text: str
    spans: tuple[Shown, ...] = ()
    relevant: frozenset[str] = frozenset()


def scores(asked: Asked, shown: Sequence[Shown]) -> Mapping[str, float]:
    """Score one answer, best first; sets of documents have no budgets."""
    return _of_spans(asked.spans, shown) if asked.spans else _of_documents(asked.relevant, shown)


def _of_spans(spans: Sequence[Shown], shown: Sequence[Shown]) -> Mapping[str, float]:
    found: list[set[int]] = []
    seen: set[int] = set()
    for one in shown[:PLACES]:
        new = {number for number, gold in enumerate(spans) if one.holds(gold)} - seen
        seen |= new
        found.append(new)
    gains = [1.0 if new else 0.0 for new in found]
    best = {
        "R@5": len(set().union(*found[:FIRST])) / len(spans) if found else 0.0,
        "MRR@10": _reciprocal(gains),
        "nDCG@10": _dcg(gains) / _dcg([1.0] * min(PLACES, len(spans))),
    }
    return best | {name: _within(spans, shown, budget) for name, budget in BUDGETS.items()}


def _within(spans: Sequence[Shown], shown: Sequence[Shown], left: int) -> float:
    found: set[int] = set()
    for one in shown:
        if left <= 0:
            break
        cut = Shown(one.document, one.start, min(one.end, one.start + left))
        found |= {number for number, gold in enumerate(spans) if cut.holds(gold)}
        left -= one.end - one.start
    return len(found) / len(spans)


def _of_documents(relevant: frozenset[str], shown: Sequence[Shown]) -> Mapping[str, float]:
    ranked = list(dict.fromkeys(one.document for one in shown))[:PLACES]
    gains = [1.0 if document in relevant else 0.0 for document in ranked]
    return {
        "R@5": sum(gains[:FIRST]) / len(relevant),
        "MRR@10": _reciprocal(gains),
        "nDCG@10": _dcg(gains) / _dcg([1.0] * min(PLACES, len(relevant))),
    }


def _reciprocal(gains: Sequence[float]) -> float:
    return next((1 / place for place, gain in enumerate(gains, 1) if gain), 0.0)


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))
