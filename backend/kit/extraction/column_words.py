"""Finds which columns of a file a question's words mean, and says what was assumed.

Not for: values in the rows, or what is to be computed (`data_questions`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.kit.extraction.evidence import name_words
from backend.kit.extraction.pasted_tables import Column
from backend.kit.extraction.words import STOPWORDS, stem, word_set

_WORD = re.compile(r"[^\W\d_][\w'-]*")
_GROUPING = re.compile(
    r"\b(?:by|per|each|every|over|across|group|pro|je|nach|which|top \d+|different|distinct|unique)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
# Words of asking, which mean no column unless one is called so.
_ASKING: Final = word_set(
    """sum total totals average mean median min minimum max maximum std count number how many much what which who highest lowest largest smallest
    biggest greatest most least fewest best worst top bottom first last plot chart graph bar line pie scatter histogram box draw diagram trend
    show list make create give calculate compute find tell please file table data spreadsheet csv column columns row rows record records value values
    per by each every group grouped sort sorted order ordered rank ranked descending ascending over across against versus vs different distinct
    unique correlation correlate compare distribution visualise visualize overall altogether using name id where whose with than above below under
    between greater less more equal equals summe durchschnitt durchschnittlich durchschnittliche mittelwert anzahl pro je nach wie viele balkendiagramm
    liniendiagramm kreisdiagramm zeichne zeige gesamt welche welcher welches hat haben und der die das den dem von im in für"""
)
_ALIKE: Final = tuple(
    word_set(group)
    for group in (
        "revenue sales turnover income earnings amount umsatz erlos betrag proceeds",
        "customer client buyer kunde purchaser account",
        "quantity qty amount units pieces menge stuck",
        "date day datum when tag timestamp",
        "price cost rate fee preis kosten unitprice",
        "cost expense expenses spending spend ausgaben kosten amount betrag",
        "city town stadt ort location place",
        "country land nation staat",
        "region area territory gebiet",
        "product item article produkt artikel sku goods",
        "category type kind kategorie typ class",
        "employee staff worker mitarbeiter person name",
        "department dept team abteilung",
        "salary wage wages pay income gehalt lohn",
        "store shop branch filiale outlet",
        "month monat period",
        "year jahr",
        "score grade mark points note result",
        "people person name",
        "profit margin gewinn",
    )
)
_MEASURES: Final = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A question with the words for columns put as their names, and what was assumed in doing so."""

    ask: str
    notes: tuple[str, ...] = ()
    hits: float = 0.0


def in_columns(ask: str, columns: Sequence[Column]) -> Reading:
    """Put the name of a column where a word means one that does not stand there as it is called."""
    said = {stem(word) for word in _WORD.findall(ask)}
    exact = [one for one in columns if _parts(one) and all(part in said for part in _parts(one))]
    taken = {part for one in exact for part in _parts(one)}
    found: list[Column] = []
    notes: list[str] = []
    pieces: list[str] = []
    at = 0
    for match in _WORD.finditer(ask):
        word = match.group()
        if _means_none(word, taken, initial=match.start() == 0):
            continue
        scored = _scored(
            word,
            [one for one in columns if one not in exact],
            grouping=_GROUPING.search(ask[: match.start()]) is not None,
        )
        if not scored:
            continue
        column, alone, meaning = scored
        if column not in found:
            found.append(column)
            notes += _note(word, column, alone=alone, meaning=meaning)
        pieces += [ask[at : match.start()], " ".join(name_words(column.name))]
        at = match.end()
    return Reading(
        ask="".join([*pieces, ask[at:]]),
        notes=tuple(notes),
        hits=len(exact) + 0.9 * len(found) - 0.2 * len(notes),
    )


def folded(word: str) -> str:
    """Write a word in lower case without accents."""
    plain = unicodedata.normalize("NFKD", word.casefold().replace("ß", "ss"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _parts(column: Column) -> list[str]:
    return [stem(word) for word in name_words(column.name)]


def _means_none(word: str, taken: set[str], *, initial: bool) -> bool:
    low = word.casefold()
    name = word[0].isupper() and not initial and word.isascii()
    return (
        len(word) < 3
        or low in STOPWORDS
        or low in _ASKING
        or stem(word) in taken
        or (name and len(word) > 1)
    )


def _scored(
    word: str, columns: Sequence[Column], *, grouping: bool
) -> tuple[Column, bool, bool] | None:
    """Give the best column for a word, whether it stands alone, and whether only the meaning is shared."""
    scored = [(_alike(word, one), one) for one in columns]
    ranked = [
        (like + (0.0 if one.numeric is grouping else _MEASURES), like, one)
        for like, one in scored
        if like
    ]
    if not ranked:
        return None
    best = max(ranked, key=lambda item: item[0])
    others = [item for item in ranked if item[0] == best[0]]
    return best[2], len(others) == 1, best[1] < 1.5


def _alike(word: str, column: Column) -> float:
    own, bare = stem(word), folded(word)
    best = 0.0
    for part in name_words(column.name):
        plain = folded(part)
        if stem(part) == own or plain == bare:
            best = max(best, 2.0)
        elif min(len(plain), len(bare)) >= 4 and (plain.startswith(bare) or bare.startswith(plain)):
            best = max(best, 1.6)
        elif any(
            {bare, bare.removesuffix("s")} & group and {plain, plain.removesuffix("s")} & group
            for group in _ALIKE
        ):
            best = max(best, 1.0)
    return best


def _note(word: str, column: Column, *, alone: bool, meaning: bool) -> list[str]:
    if alone and not meaning:
        return []
    because = "the closest column" if meaning else "one of the columns it can mean"
    return [f"I took “{column.name}” for “{word}”, as {because}."]
