"""Reads a request once into the frozen facts that the routing rules test; it weighs nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.agent.route_rules import series, vocabulary
from backend.agent.route_rules.asks import Asks, find_asks
from backend.agent.route_rules.handed_over import HandedOver, find_handed_over
from backend.agent.route_rules.patterns import Sign, find_signs
from backend.agent.route_rules.tokens import Token, clip, split_sentences, tokenise
from backend.agent.route_rules.vocabulary import WordClass
from backend.kit.document_talk import DocumentTalk, document_talk

_POSSESSIVE_PRONOUNS: Final = frozenset({
    "it",
    "that",
    "let",
    "he",
    "she",
    "there",
    "here",
    "what",
    "who",
    "where",
    "how",
    "when",
})
_MODALS: Final = frozenset({"would", "could", "can", "will", "might"})
_VERSUS: Final = frozenset({"vs", "versus", "compare", "compared", "comparing"})
_MIN_FOREIGN_WORDS: Final = 2
_FIRST_NON_LATIN: Final = 0x24F


@dataclass(frozen=True, slots=True)
class Features:
    """Hold every fact the rules may test; the numbers are counts."""

    asks: Asks
    signs: Mapping[Sign, int]
    vocabulary: Mapping[WordClass, int]
    series: series.Series
    n_words: int
    n_names: int
    n_numbers: int
    n_files: int
    n_units: int
    n_indefinites: int
    repeated_frames: int
    possessives: int
    participle_echo: bool
    modal: bool
    versus: bool
    alternative: bool
    question_mark: bool
    foreign: bool
    foreign_question: bool
    document_talk: DocumentTalk
    has_documents: bool
    has_images: bool
    handed: HandedOver

    @property
    def first(self) -> str:
        """Name the kind of the first ask."""
        return self.asks.first

    def shows(self, sign: Sign) -> int:
        """Count a sign."""
        return self.signs.get(sign, 0)

    def says(self, word_class: WordClass) -> int:
        """Count the words of a class."""
        return self.vocabulary.get(word_class, 0)


def read(text: str, *, has_documents: bool = False, has_images: bool = False) -> Features:
    """Read the features of a request from its head and tail."""
    body = clip(text)
    tokens = tokenise(body)
    lowers = [token.lower for token in tokens if token.kind in {"word", "name", "ident"}]
    marks = series.mark(tokens)
    asks = find_asks(split_sentences(tokens))
    return Features(
        asks=asks,
        signs=find_signs(body, lowers),
        vocabulary=_count_classes(lowers),
        series=series.find_series(marks),
        n_words=len(lowers),
        n_names=series.count_distinct_names(tokens),
        n_numbers=sum(token.kind == "number" for token in tokens),
        n_files=sum(token.kind == "file" and "@" not in token.lower for token in tokens),
        n_units=_count_units(tokens),
        n_indefinites=lowers.count("a") + lowers.count("an"),
        repeated_frames=series.count_repeated_frames(marks),
        possessives=sum(map(_is_possessive, lowers)),
        participle_echo=series.echoes_participle(lowers),
        modal=bool(lowers) and lowers[0] in _MODALS,
        versus=not _VERSUS.isdisjoint(lowers),
        alternative="or" in lowers,
        question_mark=any(mark in body for mark in "?？؟"),
        foreign=_is_foreign(body, [token.lower for token in tokens if token.kind == "word"]),
        foreign_question=not vocabulary.FOREIGN_WH.isdisjoint(lowers),
        document_talk=document_talk(body.lower()),
        has_documents=has_documents,
        has_images=has_images,
        handed=find_handed_over(text),
    )


def _count_classes(lowers: Sequence[str]) -> Mapping[WordClass, int]:
    return Counter(name for lower in lowers for name in vocabulary.CLASSES_OF.get(lower, ()))


def _count_units(tokens: Sequence[Token]) -> int:
    """Count the numbers with a unit, a percent sign or a currency."""
    count = 0
    for at, token in enumerate(tokens):
        if token.kind == "number":
            after = tokens[at + 1].lower if at + 1 < len(tokens) else ""
            count += (
                after in vocabulary.UNITS or token.lower[-1] in "%c" or token.lower[0] in "$€£¥"
            )
    return count


def _is_possessive(lower: str) -> bool:
    return lower.endswith("'s") and lower[:-2] not in _POSSESSIVE_PRONOUNS


def _is_foreign(body: str, lowers: Sequence[str]) -> bool:
    """Say whether hardly a word is known English, or a third of the text stands in another script."""
    if not body.isascii() and sum(
        ord(character) > _FIRST_NON_LATIN for character in body
    ) * 3 > len(body):
        return True
    known = sum(lower in vocabulary.ENGLISH for lower in lowers)
    return len(lowers) >= _MIN_FOREIGN_WORDS and known * 5 <= len(lowers)
