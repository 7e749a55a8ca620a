"""Cuts long text into pieces of about one size, at the best places nearby.

Not for: chunks of documents, which know headings and pages (`documents.chunking`).
"""

from __future__ import annotations

_STOPS = ("\n\n", "\n", ". ", " ")
_LEAST = 0.5


def pieces(
    text: str, *, size: int, start: int = 0, end: int | None = None
) -> list[tuple[int, int]]:
    """Give where each piece begins and ends; together they are the text from `start` to `end`.

    A piece ends after a blank line where its second half has one, else after a line, a sentence, a
    word, and has at most `size` characters.
    """
    last = len(text) if end is None else min(end, len(text))
    found: list[tuple[int, int]] = []
    at = start
    while at < last:
        stop = last if last - at <= size else _stop(text, at, at + size)
        found.append((at, stop))
        at = stop
    return found


def _stop(text: str, at: int, limit: int) -> int:
    least = at + max(1, int((limit - at) * _LEAST))
    for mark in _STOPS:
        found = text.rfind(mark, least, limit)
        if found >= 0:
            return found + len(mark)
    return limit
