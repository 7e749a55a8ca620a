"""Where sentences end, in any language, without a model. Time grows with the text, whatever it holds.

Not for: packing sentences into chunks (`chunking`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# A run of marks counts once, from its first one; closing quotes belong to the sentence they close.
_END = re.compile(
    r"(?<![.!?…‽])[.!?…‽]{1,8}[\"'”’»›)\]*_]{0,4}(?:\[\d{1,3}\]){0,4}(?=\s)"  # noqa: RUF001
    r"|[。！？｡．؟۔।॥։።၊။។‼⁇⁈⁉]{1,8}[」』”’》〉）】\)\]\"']{0,4}"  # noqa: RUF001
)
_SPACE = re.compile(r"\s*")
# What stands before a full stop without ending a sentence: common to several languages, or very frequent in one.
_ABBREVIATIONS = frozenset(
    """
    abb abs al anm apr approx asst aug av ave bd bldg blvd bsp bzgl bzw ca cap cf chap cie cit co corp dec dept dez dipl
    dir doc dott dr dra ed eds eq eqs est etc evtl exc exp feb fig figs fn fr ges gen ggf gov hon hr hrsg ibid inc incl
    ing inkl insb inst jan jr jul jun kap lt ltd md min mio mlle mme mr mrs ms mrd nat nos nov nr nro num obs oct okt pag
    par pl pp prof pvt qq refs rep resp sen sep sept seq sgt sig sog sr sra srta stk str tab tel tzn univ usf usw vgl vol
    vols vs zb zit zzgl гг стр рис см им руб тыс млн млрд
    """.split()  # noqa: RUF001, SIM905 - words of several alphabets, which read better in lines
)
_BEFORE_NUMBERS = frozenset({
    "art",
    "ch",
    "no",
    "op",
    "ref",
    "sec",
    "sect",
})  # words, unless a number follows
_BEFORE_CHARS = 24  # no abbreviation is longer
_STYLE_SAMPLE_CHARS = 100_000
_LOWER_START = re.compile(r"[.!?]\s+[a-zà-öø-ÿа-я]")
_UPPER_START = re.compile(r"[.!?]\s+[A-ZÀ-ÖØ-ÞА-Я]")


def starts_low(text: str) -> bool:
    """Tell whether sentences of a text mostly begin with a small letter, as in chats and old records."""
    sample = text[:_STYLE_SAMPLE_CHARS]
    low = sum(1 for _ in _LOWER_START.finditer(sample))
    return low > sum(1 for _ in _UPPER_START.finditer(sample))


def sentences(text: str, start: int, end: int, *, low: bool = False) -> Iterator[tuple[int, int]]:
    """Give the sentences of `text[start:end]` in order, without the white space around them.

    `low` says that sentences of this text begin with small letters (`starts_low`); otherwise a
    small letter after a full stop goes on with the sentence.
    """
    begin = next_visible(text, start, end)
    for found in _END.finditer(text, start, end):
        if found.end() <= begin or not _ends(text, found, end, low=low):
            continue
        yield begin, found.end()
        begin = next_visible(text, found.end(), end)
    if begin < end:
        yield begin, begin + len(text[begin:end].rstrip())


def next_visible(text: str, start: int, end: int) -> int:
    """Find where, from `start` on, the next character stands that is not white space; else `end`."""
    found = _SPACE.match(text, start, end)
    return found.end() if found else start


def _ends(text: str, found: re.Match[str], end: int, *, low: bool) -> bool:
    after = next_visible(text, found.end(), end)
    if after >= end or text[found.start()] not in ".!?…‽":
        return True
    if text[after].islower() and not low:
        return False
    if not found.group().startswith("."):
        return True
    return not _abbreviated(text, found, number_follows=text[after].isdigit())


def _abbreviated(text: str, found: re.Match[str], *, number_follows: bool) -> bool:
    """Tell whether the full stop belongs to the word before it: an initial, an ordinal, "e.g."."""
    at = found.start()
    head = text[max(0, at - _BEFORE_CHARS) : at]
    if found.end() - at > 1 or not head or head[-1].isspace():
        return False
    word = head.split()[-1].lstrip("([{\"'„“«‘").lower()
    if word.isdigit():
        return len(word) <= 2
    listed = word in _ABBREVIATIONS or (number_follows and word in _BEFORE_NUMBERS)
    dotted = "." in word and len(word) <= 8 and not word[0].isdigit()
    return listed or dotted or (len(word) == 1 and word.isalpha())
