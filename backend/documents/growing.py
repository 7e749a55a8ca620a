"""Grows hits into passages: whole chunks around a hit, up to a size, never across a page.

Passages that touch become one, so that a reader sees one stretch of text and not two halves.
Not for: finding hits (`index.ranking`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.ports.document_stores import FoundChunk

# Passages that touch may together be this much longer than one; more when they are all of a document.
JOINED, JOINED_WHOLE = 1.5, 2.0


@dataclass(slots=True)
class Stretch:
    """A run of neighbouring chunks; `hit` is the best of them, `rank` its place among the hits."""

    hit: FoundChunk
    rank: int
    first: FoundChunk
    last: FoundChunk

    @property
    def start(self) -> int:
        """Where its text begins."""
        return self.first.start

    @property
    def end(self) -> int:
        """Where its text ends."""
        return self.last.end


class Neighbourhood:
    """Chunks by document and ordinal."""

    def __init__(self, chunks: Iterable[FoundChunk]) -> None:
        self._chunks = {(one.document_id, one.ordinal): one for one in chunks}

    def beside(self, chunk: FoundChunk, step: int) -> FoundChunk | None:
        """Give the chunk before (-1) or after (1), if it stands on the same page."""
        near = self._chunks.get((chunk.document_id, chunk.ordinal + step))
        return near if near is not None and near.page == chunk.page else None


def grown(
    hits: Sequence[FoundChunk], around: Neighbourhood, *, max_chars: int, limit: int
) -> list[Stretch]:
    """Grow hits, best first, into at most `limit` stretches of about `max_chars` characters, in that order."""
    owner: dict[int, Stretch] = {}
    stretches: list[Stretch] = []
    for rank, hit in enumerate(hits):
        if hit.id in owner:
            continue
        stretch = _grow(Stretch(hit, rank, hit, hit), around, owner, max_chars)
        joined = _joined(stretch, around, owner, max_chars)
        if joined is None:
            if len(stretches) >= limit:
                break
            stretches.append(stretch)
        kept = joined or stretch
        for chunk in _chunks(stretch, around):
            owner[chunk.id] = kept
    return stretches


def _grow(
    stretch: Stretch, around: Neighbourhood, owner: Mapping[int, Stretch], max_chars: int
) -> Stretch:
    """Take the nearer of both neighbours again and again, while it is free and the size allows."""
    hit = stretch.hit
    while True:
        before = around.beside(stretch.first, -1)
        after = around.beside(stretch.last, 1)
        fitting: list[tuple[int, FoundChunk]] = []
        if before and before.id not in owner and stretch.end - before.start <= max_chars:
            fitting.append((hit.start - before.start, before))
        if after and after.id not in owner and after.end - stretch.start <= max_chars:
            fitting.append((after.end - hit.end, after))
        if not fitting:
            return stretch
        taken = min(fitting, key=lambda one: one[0])[1]
        if taken.ordinal < stretch.first.ordinal:
            stretch.first = taken
        else:
            stretch.last = taken


def _joined(
    stretch: Stretch, around: Neighbourhood, owner: Mapping[int, Stretch], max_chars: int
) -> Stretch | None:
    """Put a stretch into the better one beside it, if both together are not too long."""
    for near in (around.beside(stretch.first, -1), around.beside(stretch.last, 1)):
        other = owner.get(near.id) if near else None
        if other is None:
            continue
        first = min(other.first, stretch.first, key=lambda one: one.ordinal)
        last = max(other.last, stretch.last, key=lambda one: one.ordinal)
        whole = not around.beside(first, -1) and not around.beside(last, 1)
        if last.end - first.start <= max_chars * (JOINED_WHOLE if whole else JOINED):
            other.first, other.last = first, last
            return other
    return None


def _chunks(stretch: Stretch, around: Neighbourhood) -> Iterable[FoundChunk]:
    chunk: FoundChunk | None = stretch.first
    while chunk is not None:
        yield chunk
        if chunk.ordinal >= stretch.last.ordinal:
            return
        chunk = around.beside(chunk, 1)
