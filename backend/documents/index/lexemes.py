"""Words as the lexical index takes them: folded, stemmed, in pieces where a script has no spaces, ids kept whole.

A document is written in one language, its stems follow that. A question is a few words whose
language nobody can tell: it is stemmed in every language the library holds. Not for: ranking (`lexical`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from backend.documents.index.numerals import numerals
from backend.documents.index.stemming import stemmer

MAX_LEXEME_CHARS = 64

# Scripts without spaces, and Hangul, whose endings no stemmer here knows: taken in twos (Han, kana,
# Hangul) or threes (Thai, Lao, Burmese, Khmer).
_TWOS = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_THREES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\ua9e0-\ua9ff\uaa60-\uaa7f"
_THREE = re.compile(f"[{_THREES}]")


def _marks() -> str:
    r"""List the marks that are part of words (vowels of Hindi, tones of Thai); `\w` does not know them."""
    points = [p for p in range(0x300, 0xAC00) if unicodedata.category(chr(p)) in {"Mn", "Mc"}]
    return "".join(map(chr, points))


_RUN = rf"(?:(?![{_TWOS}{_THREES}])[\w{_marks()}])+"
_JOINED = rf"{_RUN}(?:[-.,:/@'’`·&\u2010\u2011](?=[^\W_]){_RUN})*(?:[+#]{{1,2}}(?!\w))?"
_WORD = re.compile(rf"(?P<unspaced>[{_TWOS}]+|[{_THREES}]+)|{_JOINED}")
_PARTS = re.compile(r"[-.,:/@'’`·&\u2010\u2011_]+")
_INNER = re.compile(
    r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)"
)
_DATA = re.compile(r"[\d+#]")
_INSIDE_NUMBER = re.compile(r"(?<=\d),(?=\d)")
_JOINTS = re.compile(r"(?<!\d)\.|\.(?!\d)|[^\w.+#]|_")
_UNIT = re.compile(r"([^\W\d_]+)(\d[\d.,'’]*)")  # v2.3.1, EUR1,299.00
_WIDE_THOUSANDS = re.compile("(?<=\\d)[\u00a0\u2009\u202f](?=\\d{3})")


def lexemes(text: str, language: str) -> list[str]:
    """Give the lexemes of a document's text, written in a language (ISO 639-1, empty for unknown)."""
    found: list[str] = []
    for word, unspaced in _words(text):
        found.extend(_ngrams(word) if unspaced else _of_word(word, language))
    return found


def query_lexemes(text: str, languages: Iterable[str]) -> list[tuple[str, ...]]:
    """Give the lexemes of a question as groups; those of a group are one word as each language has it.

    A word that has parts (an id, an address) gives a group for each of them.
    """
    known = sorted(set(languages)) or [""]
    groups: dict[tuple[str, ...], None] = {}
    for word, unspaced in _words(text):
        readings = [tuple(_ngrams(word))] if unspaced else [_of_word(word, one) for one in known]
        if all(len(reading) == 1 for reading in readings):
            groups[tuple(dict.fromkeys(one for (one,) in readings))] = None
        else:
            groups.update(((one,), None) for reading in readings for one in reading)
    return list(groups)


def fold_marks(text: str) -> str:
    """Take accents off, but not the marks that are letters (vowels and viramas of Indic scripts, dakuten)."""
    if text.isascii():
        return text
    kept = (c for c in unicodedata.normalize("NFD", text) if not _is_accent(c))
    return unicodedata.normalize("NFC", "".join(kept))


@lru_cache(maxsize=4096)
def _is_accent(char: str) -> bool:
    # Classes 10-35 are Hebrew points and Arabic signs, from 200 on marks above and below.
    # https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values
    position = unicodedata.combining(char)
    return 10 <= position <= 35 or position >= 200


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Give the words, and of each whether it is a run of a script without spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _WIDE_THOUSANDS.sub("'", text)).replace("\u00ad", "")
    return ((m.group(), m.lastgroup is not None) for m in _WORD.finditer(text))


def _ngrams(run: str) -> Iterator[str]:
    size = 3 if _THREE.match(run) else 2
    if len(run) <= size:
        yield run
        return
    for at in range(len(run) - size + 1):
        yield run[at : at + size]


@lru_cache(maxsize=100_000)
def _of_word(word: str, language: str) -> tuple[str, ...]:
    """Give the lexemes of one word: of the whole, and of the parts it is joined from."""
    if word.isalpha() and (word.islower() or word.istitle() or word.isupper()):
        return (_stemmed(word, language),)
    if numbers := numerals(word):
        return numbers
    if unit := _UNIT.fullmatch(word):
        found = [
            _stemmed(unit[1], language),
            *numerals(unit[2].rstrip(".,'’")),
            _joined(word, language),
        ]
    else:
        found = [lexeme for part in _PARTS.split(word) for lexeme in _of_part(part, language)]
        if _PARTS.search(word):
            found.append(_joined(word, language))
    told = [lexeme for lexeme in found if len(lexeme) > 1 or lexeme.isdigit()]
    return tuple(dict.fromkeys(told or filter(None, found)))


def _of_part(part: str, language: str) -> Iterator[str]:
    if part:
        yield _stemmed(part, language)
        inner = _INNER.split(part)
        if len(inner) > 1:
            yield from (_stemmed(one, language) for one in inner)


def _joined(word: str, language: str) -> str:
    """Write a word of several parts as one: `INV-2024-7` and `INV/2024/7` are `inv20247`, 2.3.1 keeps its dots."""
    whole = _INSIDE_NUMBER.sub(".", word)
    return _stemmed(_JOINTS.sub("", whole), language)


def _stemmed(word: str, language: str) -> str:
    folded = word.casefold()
    stem = stemmer(language)
    if stem is not None and not _DATA.search(folded):
        folded = stem(folded)
    return fold_marks(folded)[:MAX_LEXEME_CHARS]
