"""Picks the sentences that answer a question, by the words they share and the kind of answer asked.

Words weigh by their rarity among the candidates (inverse document frequency, Sparck Jones 1972,
https://doi.org/10.1108/eb026526). Not for: ranking documents.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from backend.kit.extraction.passages import Sentence
from backend.kit.extraction.words import terms

Asked = Literal["who", "when", "where", "number", "why", "open"]

_ASKED_WORDS: Final[tuple[tuple[Asked, str], ...]] = (
    (
        "number",
        r"how (?:many|much|tall|high|old|long|big|large|far|deep|wide|heavy|fast|often)|population"
        r"|wie viele?|combien|cuántos|quanti|what (?:percentage|number|fraction|share)|price|cost",
    ),
    ("when", r"when|what (?:year|date|day|month|century|time)|which year|wann|quand|cuándo|quando"),
    ("where", r"where|which (?:city|country|place)|what (?:city|country)|wo|où|dónde|dove|onde"),
    ("who", r"who|whom|whose|wer|qui|quién|chi|quem"),
    ("why", r"why|warum|pourquoi|por qué|perché"),
)
_ASKED: Final[tuple[tuple[Asked, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(rf"\b(?:{said})\b", re.IGNORECASE)) for kind, said in _ASKED_WORDS
)
_SIGNS: Final[dict[Asked, re.Pattern[str]]] = {
    "who": re.compile(r"(?<!^)\b[A-ZÀ-Þ][\w'\u2019-]+(?: (?:de|van|von|da|of) | )[A-ZÀ-Þ][\w'\u2019-]+"),
    "when": re.compile(
        r"\b(?:1\d{3}|20\d{2}|\d{1,2}(?:st|nd|rd|th)? century|(?:January|February|March|April|May|June|July"
        r"|August|September|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday)\b"
        r"|\d{1,2}:\d{2}|\d{1,2} ?[ap]\.?m\b|\d+ days|B\.?C\.?)"
    ),
    "where": re.compile(r"\b(?:in|at|near|on|from|of|to) (?:the )?[A-ZÀ-Þ]\w+"),
    "number": re.compile(r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million)\b"),
    "why": re.compile(r"\b(?:because|due to|since|so that|in order to|as a result|caused|therefore)\b", re.IGNORECASE),
}  # fmt: skip
_LEANS_BACK = re.compile(r"(?:It|He|She|They|This|These|That|Its|His|Her|Their)\b")


@dataclass(frozen=True, slots=True)
class Picked:
    """A chosen sentence; `support` is the share of the question's weight it or its title covers."""

    text: str
    marker: int | None
    score: float
    support: float
    passage: int = 0
    core: str = ""


def asked_kind(question: str) -> Asked:
    """Tell what sort of answer a question wants."""
    for kind, pattern in _ASKED:
        if pattern.search(question):
            return kind
    return "open"


def has_sign(question: str, sentence: str) -> bool:
    """Tell whether a sentence holds the sort of answer that is asked for."""
    sign = _SIGNS.get(asked_kind(question))
    return sign is None or sign.search(sentence) is not None


def pick(
    question: str, candidates: Sequence[Sentence], *, limit: int = 3, least: float = 0.34
) -> list[Picked]:
    """Pick the best sentences, best first; only those near the best, at least `least` supported."""
    asked = list(dict.fromkeys(terms(question)))
    if not asked or not candidates:
        return []
    scored = _scored(question, asked, candidates)
    ranked = sorted(scored, key=lambda item: (-item[1].score, item[0]))
    ranked = [item for item in ranked if item[1].support >= least]
    if not ranked:
        return []
    floor = ranked[0][1].score * 0.82
    best = [item for item in ranked[:limit] if item[1].score >= floor]
    said = [item for item in best if not candidates[item[0]].is_heading] or best[:1]
    chosen = [_with_lead(item, candidates) for item in said]
    return list({item.text: item for item in chosen}.values())


def _scored(
    question: str, asked: list[str], candidates: Sequence[Sentence]
) -> list[tuple[int, Picked]]:
    bags = [Counter(terms(candidate.text)) for candidate in candidates]
    seen = Counter(term for bag in bags for term in bag)
    weight = {term: math.log(1 + len(bags) / (1 + seen[term])) + 0.2 for term in asked}
    titles = {title: frozenset(terms(title)) for title in {item.title for item in candidates}}
    whole = sum(weight.values())
    sign = _SIGNS.get(asked_kind(question))
    plain = [sum(weight[term] for term in asked if term in bag) for bag in bags]
    scored: list[tuple[int, Picked]] = []
    for at, (candidate, bag) in enumerate(zip(candidates, bags, strict=True)):
        title = titles[candidate.title]
        named = sum(weight[term] for term in asked if term in title and term not in bag)
        near = max(_beside(plain, candidates, at, -1), _beside(plain, candidates, at, 1))
        score = plain[at] + 0.5 * named + 0.25 * near - 0.004 * min(bag.total(), 60)
        if sign is not None and sign.search(candidate.text):
            score += 0.18 * whole
        if candidate.text.endswith("?"):
            score -= 0.4 * whole
        if candidate.is_heading:
            score -= 0.2 * whole
        support = (plain[at] + named) / whole
        picked = Picked(
            candidate.text, candidate.marker, score, support, candidate.passage, candidate.text
        )
        scored.append((at, picked))
    return scored


def _beside(plain: list[float], candidates: Sequence[Sentence], at: int, step: int) -> float:
    other = at + step
    if not 0 <= other < len(plain) or candidates[other].passage != candidates[at].passage:
        return 0.0
    return plain[other]


def _with_lead(item: tuple[int, Picked], candidates: Sequence[Sentence]) -> Picked:
    """Put the sentence before in front where the chosen one leans on it ("It was ...").

    A heading is followed by what it stands above.
    """
    at, picked = item
    after = candidates[at + 1] if at + 1 < len(candidates) else None
    if candidates[at].is_heading and after is not None and after.passage == picked.passage:
        return replace(picked, text=f"{picked.text}: {after.text}", core=after.text)
    before = candidates[at - 1] if at else None
    if before is None or before.passage != picked.passage or len(before.text) > 300:
        return picked
    if not _LEANS_BACK.match(picked.text) or _LEANS_BACK.match(before.text):
        return picked
    text = f"{before.text} {picked.text}"
    return replace(picked, text=text)
