"""Words and their stems: the one notion of "the same word" that all matching here uses.

Not for: search over stored documents, which has its own lexical index.
"""

from __future__ import annotations

import re
from typing import Final

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
# The German article of the same letters carries no meaning.
_ENGLISH_DIE = re.compile(r"\b(?:did|does|do|will|to)\b.{1,80}\bdie\b", re.IGNORECASE)
_WIDE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def word_set(text: str) -> frozenset[str]:
    """Make a set of the words of a text; keeps word lists readable."""
    return frozenset(text.split())


STOPWORDS: Final = word_set("""a an the this that these those his her its their my our your in on at by for from to of with under over
    during into about between through as after before since is are was were am be been being do does did has have
    had can could would will should shall may might must what who whom whose when where which how why i me we us you
    it they them he she him and or but not if then than so also there here please tell give show find say says said
    many much any some all more most very just now out up down
    der die das ein eine und ist sind war wer wie wo wann was le la les un une et est qui que quand où el los las
    es quién cuándo dónde qué il lo gli è chi o os as é quem
    """)
# Words that a question and its answer often exchange.
_SAME: Final = {
    word: group.split()[0]
    for group in (
        "birth born birthday birthplace",
        "death die died dies dead deceased",
        "write wrote written writer author authored",
        "found founded founder established establish establishment started",
        "inhabitant inhabitants population populated",
        "tall height high",
        "long length",
        "old age aged",
        "capital capitals",
        "cost price costs priced",
        "invent invented inventor invention",
        "discover discovered discoverer discovery",
        "build built constructed construction builder",
        "paint painted painter painting",
        "begin began begun start starts",
        "win won winner winning",
        "buy bought purchase purchased",
        "area surface size",
        "avg average mean",
        "movie film",
        "country nation",
        "year years",
        "leave left",
        "make made",
        "lead led leader",
        "big large largest biggest",
        "job occupation profession",
        "increase increased rise rose risen grow grew grown growth",
        "decrease decreased fall fell fallen drop dropped decline declined",
        "permit permitted allow allowed",
        "wife husband spouse married marry",
    )
    for word in group.split()
}
_ENDINGS: Final = (
    ("ations", "ate"), ("ation", "ate"), ("ies", "y"), ("ing", ""), ("edly", ""), ("ed", ""),
    ("ment", ""), ("ness", ""), ("ly", ""), ("es", ""), ("s", ""), ("e", ""),
)  # fmt: skip
MAX_TEXT_CHARS: Final = 131_072


def clean(text: str) -> str:
    """Bound a text and make it encodable: lone surrogates become question marks, NUL is dropped."""
    cut = text[:MAX_TEXT_CHARS].replace("\x00", "")
    return cut.encode("utf-8", "replace").decode("utf-8")


def stem(word: str) -> str:
    """Reduce a word to a crude stem that inflected forms share; words of a synonym group are one."""
    low = word.casefold().replace("\u2019", "'").removesuffix("'s")
    if low in _SAME:
        return _SAME[low]
    if len(low) <= 4 or not low.isascii():
        return low.removesuffix("s") if len(low) == 4 and low.isascii() else low
    for ending, instead in _ENDINGS:
        if low.endswith(ending) and len(low) - len(ending) >= 3:
            return _SAME.get(low[: -len(ending)] + instead, low[: -len(ending)] + instead)
    return low


def words(text: str) -> list[str]:
    """List the words in order; scripts without spaces give overlapping pairs of characters."""
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group()
        if _WIDE.search(word) and len(word) > 2:
            found.extend(word[at : at + 2] for at in range(len(word) - 1))
        else:
            found.append(word)
    return found


def terms(text: str) -> list[str]:
    """List the stems of the words that carry meaning, in order, with repetitions."""
    dies = _ENGLISH_DIE.search(text) is not None
    return [
        stem(word)
        for word in words(text)
        if word.casefold() not in STOPWORDS or (dies and word.casefold() == "die")
    ]
