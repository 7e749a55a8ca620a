"""Splits a text into passages and sentences, keeping the citation marker each one stands under.

A passage begins with a line `[2] Title` or `Title [2]`; text before the first marker has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backend.kit.extraction.words import word_set

_HEAD = re.compile(r"\s*\[(\d{1,3})\]\s*(.*)")
_TAIL = re.compile(r"(.{1,200}?)\s*\[(\d{1,3})\]:?\s*")
# A file's name, with the page and the heading: all of the line is the title.
_FILE_TITLE = re.compile(r".{1,150}\.\w{1,5}(?:, p\. \d{1,6})?(?: \(.{1,100}\))?")
# What a tool says about its result, before the first passage.
_NOTE = re.compile(r"Note: ")
_HEADING_WORDS: Final = 7
# A sentence's end, a field, a figure that is no year.
_SAYS = re.compile(r"[.!?\u3002]\W*$|[:=|]|(?<!\d)(?!(?:19|20)\d\d(?!\d))\d")
_TRAILING = re.compile(r"\s*((?:\[\d{1,3}\]\s*)+)([.!?]?)$")
_BREAK = re.compile(
    r"(?<=[.!?…])[\"'”\u2019)\]]*\s+(?=[^\Wa-zß-öø-ÿ_]|[\"'“\u2018(\[])|(?<=[。\uff01\uff1f])"
)
# The dots of a table of contents, an index or a price list.
_LEADERS = re.compile(r"[ \t]?(?:\.[ \t]?){6,}")
_SHORT: Final = word_set(
    "mr mrs ms dr prof st sr jr vs etc no vol fig dept approx ca inc ltd co corp gen col lt sgt rev hon e.g i.e "
    "u.s u.k b.c a.d jan feb mar apr jun jul aug sep sept oct nov dec bzw z.b usw nr"
)
MAX_SENTENCES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, the marker it is cited by (None without one) and the title above it."""

    text: str
    marker: int | None = None
    title: str = ""
    passage: int = 0

    @property
    def is_heading(self) -> bool:
        """Tell whether it names what follows rather than says something."""
        return len(self.text.split()) <= _HEADING_WORDS and _SAYS.search(self.text) is None


@dataclass(slots=True)
class _Open:
    marker: int | None
    title: str
    lines: list[str]


def sentences(text: str) -> list[Sentence]:
    """List the sentences of a text in order, at most MAX_SENTENCES."""
    found: list[Sentence] = []
    for number, passage in enumerate(_passages(text)):
        for piece in _pieces(passage.lines):
            body, marker = _without_markers(piece, passage.marker)
            if body:
                found.append(Sentence(body, marker, passage.title, number))
        if not passage.lines and passage.title:
            found.append(Sentence(passage.title, passage.marker, "", number))
        if len(found) >= MAX_SENTENCES:
            break
    return found[:MAX_SENTENCES]


def split_sentences(text: str) -> list[str]:
    """Split running text at sentence ends; abbreviations and initials do not end one."""
    pieces: list[str] = []
    for piece in _BREAK.split(text):
        if pieces and _is_unfinished(pieces[-1]):
            pieces[-1] = f"{pieces[-1]} {piece}"
        elif piece.strip():
            pieces.append(piece.strip())
    return pieces


def _is_unfinished(piece: str) -> bool:
    if not piece.endswith("."):
        return False
    last = piece[-40:].split()[-1].strip("(\"'[“").rstrip(".").casefold()
    return last in _SHORT or (len(last) == 1 and last.isalpha() and last != "i")


def _passages(text: str) -> list[_Open]:
    passages = [_Open(None, "", [])]
    for line in text.splitlines():
        head = _HEAD.match(line)
        tail = None if head else _TAIL.fullmatch(line)
        if head:
            passages.append(_opened(int(head[1]), head[2].strip()))
        elif tail and not tail[1].rstrip().endswith((".", "!", "?")) and len(tail[1].split()) <= 16:
            passages.append(_Open(int(tail[2]), tail[1].strip(), []))
        elif len(passages) > 1 or not _NOTE.match(line):
            passages[-1].lines.append(line)
    for passage in passages:
        passage.lines = passage.lines if any(line.strip() for line in passage.lines) else []
    return passages


def _opened(marker: int, rest: str) -> _Open:
    if _FILE_TITLE.fullmatch(rest):
        return _Open(marker, rest, [])
    title, dash, body = rest.partition(" - ")
    if dash and len(title) <= 120:
        return _Open(marker, title.strip(), [body])
    if len(rest) > 120 or rest.endswith((".", "!", "?")):
        return _Open(marker, "", [rest])
    return _Open(marker, rest, [])


def _pieces(lines: list[str]) -> list[str]:
    """Join lines that a page broke in mid-sentence, then split at sentence ends."""
    joined: list[str] = []
    open_end = False
    for line in lines:
        bare = _LEADERS.sub(_led_to, line.strip())
        if bare and joined and open_end and bare[0].islower():
            joined[-1] = f"{joined[-1]} {bare}"
        elif bare:
            joined.append(bare)
        open_end = bool(bare) and not bare.endswith((".", "!", "?", ":", "|"))
    return [piece for block in joined for piece in split_sentences(block)]


def _led_to(dots: re.Match[str]) -> str:
    return ": " if dots.end() < len(dots.string) else ""


def _without_markers(piece: str, marker: int | None) -> tuple[str, int | None]:
    match = _TRAILING.search(piece[-40:])
    if match is None:
        return piece, marker
    cut = piece[: len(piece) - len(match.group())]
    first = int(match[1][1 : match[1].index("]")])
    return f"{cut}{match[2]}".strip(), first
