"""Recognises passages that say again what another one said: the same text in two files, or nearly.

Two texts that differ in a number are never the same: that is how one invoice differs from the next.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_SHINGLE_WORDS = 3
_SAME_SHARE = 0.85


class Repetitions:
    """Remembers what has been said."""

    def __init__(self) -> None:
        self._said: list[tuple[frozenset[tuple[str, ...]], list[str]]] = []

    def repeats(self, text: str) -> bool:
        """Tell whether a text nearly repeats an earlier one; otherwise remember it."""
        words = _WORD.findall(text.casefold())
        shingles = frozenset(
            tuple(words[at : at + _SHINGLE_WORDS])
            for at in range(max(1, len(words) - _SHINGLE_WORDS + 1))
        )
        numbers = sorted(word for word in words if any(char.isdigit() for char in word))
        for others, other_numbers in self._said:
            shared = len(shingles & others)
            if numbers == other_numbers and shared >= _SAME_SHARE * max(len(shingles), len(others)):
                return True
        self._said.append((shingles, numbers))
        return False
