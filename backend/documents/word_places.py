"""Finds where a stretch of stored text stands among the characters of a page.

Between the two lie white space, hyphens at line ends and running lines, so only letters and digits
are compared. Not for: what the page looks like (`drawing_child`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_LEAST_LETTERS = 4
_MAX_CODE = 0x10FFFF


def places_of(text: str, start: int, end: int, *, on_page: Sequence[int]) -> list[tuple[int, int]]:
    """Give first and last (exclusive) of the page's characters that `text[start:end]` stands at.

    `text` is the stored text of the page, `on_page` its code points. A stretch that stands there
    more than once is taken where it is nearest to its place in the text; one that does not stand
    there whole is looked for line by line. Empty when nothing of it is found.
    """
    letters, indices = _letters(chr(one) if one <= _MAX_CODE else " " for one in on_page)
    expected = len(_letters(text[:start])[0])
    whole, _ = _letters(text[start:end])
    at = _nearest(letters, whole, expected)
    if at is not None:
        return [(indices[at], indices[at + len(whole) - 1] + 1)]
    places: list[tuple[int, int]] = []
    for line in text[start:end].splitlines():
        part, _ = _letters(line)
        at = _nearest(letters, part, expected) if len(part) >= _LEAST_LETTERS else None
        if at is not None:
            places.append((indices[at], indices[at + len(part) - 1] + 1))
            expected = at + len(part)
    return places


def _letters(characters: Iterator[str] | str) -> tuple[str, list[int]]:
    """Keep letters and digits in their simplest form, and say which character each came from."""
    kept: list[str] = []
    indices: list[int] = []
    for index, character in enumerate(characters):
        plain = character if character.isascii() else unicodedata.normalize("NFKC", character)
        for one in plain.casefold():
            if one.isalnum():
                kept.append(one)
                indices.append(index)
    return "".join(kept), indices


def _nearest(letters: str, wanted: str, expected: int) -> int | None:
    """Find the occurrence that is nearest to where it should be."""
    if not wanted:
        return None
    after = letters.find(wanted, expected)
    before = letters.rfind(wanted, 0, expected + len(wanted) - 1) if expected else -1
    found = [at for at in (before, after) if at >= 0]
    return min(found, key=lambda at: abs(at - expected), default=None)
