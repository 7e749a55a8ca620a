"""Numbers as one lexeme however they are written: 1,299.00 and 1.299,00 and 1299. Not for: their values."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\d+(?:[.,'’]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:([.,'’])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_MARKS = re.compile(r"[.,'’]")


def numerals(word: str) -> tuple[str, ...]:
    """Give the lexemes of a word made of digits and number marks, nothing for any other word.

    `1.299` is either 1299 or 1.299: it is both. A version such as 2.3.1 is found by 2.3 as well.
    """
    if not _NUMBER.fullmatch(word):
        return ()
    found: dict[str, None] = {}
    if grouped := _GROUPED.fullmatch(word):
        last = max(word.rfind("."), word.rfind(","))
        fraction = word[last + 1 :] if last >= 0 and word[last] != grouped.group(1) else ""
        whole = _MARKS.sub("", word[:last] if fraction else word)
        found[_plain(whole, fraction)] = None
    if _PLAIN.fullmatch(word):
        whole, _, fraction = word.replace(",", ".").partition(".")
        found[_plain(whole, fraction)] = None
    if not found:
        parts = _MARKS.split(word)
        found[".".join(parts)] = None
        found[".".join(parts[:2])] = None
    return tuple(found)


def _plain(whole: str, fraction: str) -> str:
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole
