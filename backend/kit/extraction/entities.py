"""Finds names, places, numbers and the subject of a question in plain text."""

from __future__ import annotations

import re
from typing import Final

from backend.kit.extraction.picking import asked_kind
from backend.kit.extraction.words import STOPWORDS, stem, terms, word_set

_CAP = r"(?:[A-Z]\.(?= [A-Z])|[A-ZÀ-ÞĀ-Ž\u0400-\u042f](?:[\w'\u2019&-]|\.(?=\w))*)"
_NAME = re.compile(
    rf"{_CAP}(?:(?: (?:of|the|de|da|del|la|van|von|der|du|al))* {_CAP}| \d{{1,4}}\b){{0,6}}"
)
_STARTERS: Final = word_set(
    "what who when where why how which is are was were do does did can could would will please tell give find look "
    "search show calculate compute use also then and the a an in on at for of to if i my explain describe convert "
    "compare list get solve run extract read summarise summarize answer reply translate yes no it its he she they this that these there according january february march april may june july august september october "
    "november december monday tuesday wednesday thursday friday saturday sunday hello hi"
)
_NUMBER = re.compile(
    r"(?<![\w.])[-\u2212]?\d{1,3}(?:,\d{3}){1,6}(?:\.\d{1,18})?(?!\d)"
    r"|(?<![\w.])[-\u2212]?\d{1,18}(?:\.\d{1,18})?(?![\d]|\w{0,20}-\d)"
)
_SCALE: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PLACE = re.compile(
    rf"\b(?:in|at|for|near|of|around|from) ((?:the )?{_CAP}(?:(?:,? (?:de|da|del|la|of|upon|am)?\s?){_CAP}){{0,4}})"
)
_PLACE_LOW = re.compile(
    r"\b(?:in|at|for|near) ([^\W\d_][\w'\u2019.-]*(?: [^\W\d_][\w'\u2019.-]*){0,2}?)"
    r"(?= (?:today|tomorrow|now|right|this|next|tonight|on|at|like|in|and|over|during|currently|please)\b|[?.!,;]|$)",
    re.IGNORECASE,
)
_PLACE_FIRST = re.compile(
    rf"({_CAP}(?: {_CAP}){{0,3}})(?:'s|\u2019s)? (?:weather|forecast|temperature)"
)
_PLACE_BESIDE = re.compile(
    rf"\b(?:[Ww]eather|[Ff]orecast|[Tt]emperature):? ({_CAP}(?: {_CAP}){{0,3}})"
)
_NO_PLACE: Final = word_set(
    "the a an celsius fahrenheit today tomorrow now it there monday tuesday wednesday thursday friday saturday sunday "
    "me my general kelvin detail english days"
)
_LEAD_IN = re.compile(
    r"^(?:(?:please|kindly|hi|hello|hey|ok|okay|and|also|then|so|first|next|finally|steward)\b[,!:]?\s*)*"
    r"(?:(?:can|could|would|will) you (?:please )?|i (?:want|need|would like|'d like) (?:you )?to (?:know )?|let me know )?(?:help me (?:to )?)?"
    r"(?:(?:use|using) [\w ]{1,30}? to |search (?:the )?(?:web|internet|wikipedia|documents?|files?)?\s*(?:for|to find)? ?"
    r"|(?:look|find|check|tell|give|show|get|fetch|retrieve|google)(?: up| out| me| for)*(?: about| information (?:on|about))? )?",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:who|what|where|which) (?:is|are|was|were|exactly is) (?:a |an |the )?(.{2,80})$",
    re.IGNORECASE,
)
_SIMPLE_RELATION = re.compile(
    rf"\b(?:population|capital|area|currency|height|length|surface area|gdp|official language|elevation|age|birthplace"
    rf"|date of birth|depth|flag|size|author|founder) of (?:the )?({_CAP}(?:(?: (?:of|the|de))* {_CAP}){{0,4}})",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“\u2018]([^\"”\u2019]{2,80})[\"”\u2019](?!\w)")
_ORDINAL = re.compile(
    r"\b(?:first|second|third|last|current|largest|smallest|oldest|youngest|most|\w+est)\b"
)


def names(text: str) -> list[str]:
    """List capitalised names in order; a sentence's opening word does not count by its capital."""
    found: list[str] = []
    for match in _NAME.finditer(text):
        name = match.group().strip(" .,'\u2019")
        while name and name.split()[0].casefold() in _STARTERS:
            name = name.partition(" ")[2]
        name = re.sub(r"(?:'s|\u2019s)$", "", re.sub(r"^(?:the|of|de) ", "", name))
        if len(name) > 1:
            found.append(name)
    return list(dict.fromkeys(found))


def numbers(text: str) -> list[str]:
    """List the numbers of a text as plain decimals; "67 million" is 67000000."""
    found: list[str] = []
    for match in _NUMBER.finditer(text):
        plain = match.group().replace(",", "").replace("\u2212", "-")
        after = text[match.end() : match.end() + 12].split()
        scale = _SCALE.get(after[0].strip(".,;").casefold(), 1) if after else 1
        found.append(plain if scale == 1 else _scaled(plain, scale))
    return found


def _scaled(plain: str, scale: int) -> str:
    value = float(plain) * scale
    return str(round(value)) if abs(value - round(value)) < 1e-6 * scale else str(value)


def places(text: str) -> list[str]:
    """List the places a question about somewhere names, first its capitalised ones."""
    found = [match[1] for match in _PLACE.finditer(text)] + [
        match[1] for match in _PLACE_FIRST.finditer(text)
    ]
    split: list[str] = []
    for name in found:
        several = re.search(re.escape(name) + r",? (?:and|or) [A-ZÀ-Þ]", text)
        for one in name.split(", ") if several else [name]:
            bare = re.sub(r"^the ", "", one).strip(" .,'\u2019")
            if bare.casefold() not in _NO_PLACE:
                split.append(bare)
    beside = None if split else _PLACE_BESIDE.search(text)
    split = [beside[1]] if beside else split
    if split:
        further = re.findall(rf"(?:, | and |, and | or )(?:in )?({_CAP}(?: {_CAP}){{0,3}})", text)
        return list(
            dict.fromkeys([
                *split,
                *(name.strip(" .,'\u2019") for name in further if _is_place(name, split)),
            ])
        )
    low = [
        match[1]
        for match in _PLACE_LOW.finditer(text)
        if match[1].casefold().split()[0] not in _NO_PLACE
    ]
    return list(dict.fromkeys(low))


def _is_place(name: str, known: list[str]) -> bool:
    inside = any(name.strip(" .") in place for place in known)
    first = name.split()[0].casefold()
    return not inside and first not in _STARTERS and first not in _NO_PLACE


def bare_question(text: str) -> str:
    """Drop politeness and "look up ..." from the front, and the question mark."""
    return _LEAD_IN.sub("", text.strip(), count=1).strip(" ?.!:;,") or text.strip(" ?.!")


def subject(text: str) -> str:
    """Give the title an encyclopaedia would have for the thing a question is about."""
    bare = re.sub(r"^the ", "", bare_question(text))
    told = _SIMPLE_RELATION.search(bare) or _QUOTED.search(bare)
    if told:
        return re.sub(r"['\u2019]s$", "", told[1])
    named = names(bare)
    about = _ABOUT.match(bare)
    if (
        about
        and (not named or about[1].startswith(named[0]))
        and not re.search(r" (?:of|in) ", about[1])
    ):
        return re.sub(r"\s+(?:located|famous for|known for|about)$", "", about[1])
    alone = len(named) == 1 or asked_kind(bare) in {"when", "where", "number"}
    if named and alone and not _ORDINAL.search(bare):
        return max(named, key=len)
    return search_words(bare)


def search_words(text: str) -> str:
    """Give a question's words without its grammar, as one types them into a search box."""
    bare = bare_question(text)
    kept = [
        word
        for at, word in enumerate(bare.split())
        if word.strip("?,.!\"'").casefold() not in _GRAMMAR or (at > 0 and word[0].isupper())
    ]
    return " ".join(kept).strip(" ?.!,") or bare


_GRAMMAR: Final = (STOPWORDS | {"information"}) - {"of", "in", "on", "and", "for", "from", "with", "to", "between", "after", "before"}  # fmt: skip


def short_answer(question: str, sentence: str) -> str:
    """Cut the asked name, number or date out of a sentence that answers; the sentence if unsure."""
    kind = asked_kind(question)
    if kind == "number":
        return number_in(question, sentence) or sentence
    if kind == "when":
        year = re.search(r"\b(?:\d{1,2} [A-Z]\w+ |[A-Z]\w+ \d{1,2}, )?[12]\d{3}\b", sentence)
        return year[0] if year else sentence
    return _nearest_name(question, sentence) or sentence


def _nearest_name(question: str, sentence: str) -> str:
    """Give the name that stands nearest to the words of the relation asked ("capital", "author")."""
    known = set(terms(question))
    fresh = [name for name in names(sentence) if not known & set(terms(name))]
    if asked_kind(question) == "who":
        fresh = [name for name in fresh if " " in name] or fresh
    relation = known - {term for name in names(question) for term in terms(name)}
    spots = [
        match.start() for match in re.finditer(r"\w+", sentence) if stem(match.group()) in relation
    ]
    if not spots:
        return fresh[0] if fresh else ""
    return min(fresh, key=lambda name: _gap(sentence.find(name), spots), default="")


def _gap(at: int, spots: list[int]) -> int:
    return min(abs(at - spot) for spot in spots)


def number_in(question: str, text: str) -> str | None:
    """Give the number of a text that stands nearest to the question's words; years count last."""
    known = set(terms(question))
    best: tuple[float, str] | None = None
    for match in _NUMBER.finditer(text):
        value = numbers(text[match.start() : match.end() + 12])
        before = terms(text[max(0, match.start() - 60) : match.start()])[-5:]
        after = terms(text[match.end() : match.end() + 40])[:3]
        near = sum(1.0 for term in before + after if term in known)
        year = re.fullmatch(r"(?:1[5-9]|20)\d\d", match.group()) is not None
        score = (
            near
            - (2.5 if year else 0)
            + (0.5 if re.search(r",\d{3}|illion", text[match.start() : match.end() + 9]) else 0)
        )
        if value and (best is None or score > best[0]):
            best = (score, value[0])
    return best[1] if best else None
