"""Completes a question that leans on the one before it: "and in Berlin?", "divide that by 4".

Not for: questions that stand on their own; they come back as they are.
"""

from __future__ import annotations

import re
from typing import Final

from backend.kit.extraction.entities import names, short_answer
from backend.kit.extraction.passages import sentences
from backend.kit.extraction.picking import asked_kind
from backend.kit.extraction.table_asks import table_ask

_MORE = re.compile(
    r"^(?:ok(?:ay)?,? )?(?:and|what about|how about|same for|the same for|now|or|but)\s+(?:what about |how about )?"
    r"(?:in |of |for |with |at )?(?:the )?(?P<thing>[^?]{1,60}?)\s*\??$",
    re.IGNORECASE,
)
_NOT_A_THING = re.compile(
    r"^(?:who|what|when|where|why|how|which|is|are|was|were|did|does|do|can|then|tell|give|show|find|calculate|convert"
    r"|multiply|divide|add|subtract|times|plus|minus)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"-?\d[\d,]*(?:\.\d+)?\s?(?:%|percent)?")
_TIME = re.compile(
    r"\b(?:today|tomorrow|tonight|now|(?:this|next) (?:week|weekend|month|year|\w+day))\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\b(?:mean|average|median|mode|sum|total|minimum|maximum|min|max|range|variance|standard deviation)\b",
    re.IGNORECASE,
)
_TO_UNIT = re.compile(r"\d[\d.,]* ?[\w/°]+ (?:to|in|into) ([\w/°]+)\W*$", re.IGNORECASE)
_UNIT_ALONE = re.compile(r"(?:(?:to|in|into) )?[\w/°]+", re.IGNORECASE)
_OF_IT = re.compile(r"^(?:its|his|her|their) (?P<noun>\w+(?: \w+)?)$", re.IGNORECASE)
_THAT = re.compile(
    r"\b(?:that(?: (?:number|result|value))?|it|this|the (?:result|answer|number|sum|total))\b",
    re.IGNORECASE,
)
_CALCULATES = re.compile(
    r"\b(?:divided?|multipl(?:y|ied)|add|subtract|double|triple|square|half|times|plus|minus|percent of|root of|convert)\b"
    r"|[%*/+] ?(?:of )?",
    re.IGNORECASE,
)
_OPERATOR_FIRST = re.compile(
    r"^(?:and |now |then )*(?P<rest>(?:times|plus|minus|divided by|multiplied by|[*/+]) ?-?\d.*)$",
    re.IGNORECASE,
)
_RESULT = re.compile(r"(?:=|≈|\bis)\s*(-?\d[\d,]*(?:\.\d+)?)")
_PERSONAL = re.compile(
    r"\b(?:he|she|him|they|them|it|there)\b|\b(?:his|her|its|their)\b", re.IGNORECASE
)
_IT = re.compile(r"\b(?:it|its|there)\b", re.IGNORECASE)
_DOCUMENT = re.compile(
    r"\b(?:the|my|our|this) (?:\w+ ){0,2}?(?:documents?|files?|reports?|contracts?|agreements?|leases?|polic(?:y|ies)|manuals?|handbooks?"
    r"|invoices?|letters?|papers?)\b|\b[\w-]{1,60}\.(?:pdf|docx?|txt|md|csv|tsv|xlsx?|pptx?|html?)\b",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(?:what|which) (?:time|day|date|year) is it\b|\b(?:is|was|will) it (?:\w+ )?(?:rain|snow|be|cold|warm|hot|sunny|true|possible)"
    r"|\bhow (?:is|does) it (?:going|work)\b|\bis there\b|\bare there\b",
    re.IGNORECASE,
)
_CHART = re.compile(
    r"(?:(?:ok(?:ay)?|and|now|please|then|can you|could you|und|bitte|jetzt),? )*(?:(?:show|draw|plot|graph|chart|visuali[sz]e|make|zeig\w*|zeichne)"
    r"(?: me)?(?: (?:it|that|this|them|the (?:result|data)|das))?,? ?)?(?:(?:as|in|with|als) )?(?:(?:a|an|ein|eine) )?"
    r"(?P<kind>(?:bar|line|pie|column|scatter) ?(?:chart|graph|plot|diagram)|\w{4,8}diagramm|histogram|box ?plot|chart|graph|plot|picture|diagram)?(?: instead| please| bitte)*",
    re.IGNORECASE,
)
_CHART_SAID = re.compile(r",? (?:as|in|als) (?:a|an|ein) [\w ]{3,20}$", re.IGNORECASE)
_MAX_CHARS: Final = 160


def completed(ask: str, question: str, answer: str) -> str:
    """Give a question that stands on its own; `question` and `answer` are those before it."""
    said = ask.strip()
    if not question or len(said) > _MAX_CHARS or "\n" in said:
        return ask
    return (
        _as_chart(said, question)
        or _of_the_same(said, question)
        or _on_the_result(said, answer)
        or _of_the_document(said, question)
        or _with_the_name(said, question, answer)
        or ask
    )


def _as_chart(said: str, question: str) -> str | None:
    """Ask the question before for a picture: "now as a bar chart", "plot it"."""
    match = _CHART.fullmatch(said.strip(" ?.!"))
    if match is None or table_ask(question) is None:
        return None
    bare = _CHART_SAID.sub("", question.strip(" ?.!"))
    return f"{bare}, as a {match['kind'] or 'chart'}"


def _of_the_same(said: str, question: str) -> str | None:
    match = _MORE.match(said)
    if match is None or _NOT_A_THING.match(match["thing"]):
        return None
    thing = match["thing"].strip()
    if _AMOUNT.fullmatch(thing):
        return _other_amount(thing, question)
    return (
        _other_time(thing, question)
        or _other_figure(thing, question)
        or _other_unit(thing, question)
        or _other_name(thing, question)
    )


def _other_name(thing: str, question: str) -> str | None:
    """Ask the same about another name, or another thing about the same name."""
    known = names(question)
    own = _OF_IT.match(thing)
    if not known or len(thing.split()) > 5 or re.match(r"(?:to|into)\b", thing):
        return None
    if own:
        return f"What is the {own['noun']} of {known[-1]}?"
    title = thing if names(f"in {thing}") else thing.title()
    return question.replace(known[-1], title)


def _other_figure(thing: str, question: str) -> str | None:
    if not _FIGURE.fullmatch(thing) or not _FIGURE.search(question):
        return None
    return _FIGURE.sub(thing, question, count=1)


def _other_unit(thing: str, question: str) -> str | None:
    unit = _TO_UNIT.search(question)
    if unit is None or names(f"in {thing}") or not _UNIT_ALONE.fullmatch(thing):
        return None
    return f"{question[: unit.start(1)]}{thing.split()[-1]}"


def _other_time(time: str, question: str) -> str | None:
    if not _TIME.fullmatch(time):
        return None
    return f"{_TIME.sub('', question).strip(' ?')} {time}?"


def _other_amount(amount: str, question: str) -> str | None:
    alike = [
        match
        for match in _AMOUNT.finditer(question)
        if match.group()[-1:].isdigit() == amount[-1:].isdigit()
    ]
    if not alike:
        return None
    old = alike[0] if not amount[-1:].isdigit() else alike[-1]
    return f"{question[: old.start()]}{amount}{question[old.end() :]}"


def _on_the_result(said: str, answer: str) -> str | None:
    results = _RESULT.findall(answer)
    if not results:
        return None
    number = results[-1].replace(",", "").rstrip(".")
    first = _OPERATOR_FIRST.match(said)
    if first:
        return f"{number} {first['rest']}"
    if not _CALCULATES.search(said) or not _THAT.search(said) or names(said):
        return None
    return _THAT.sub(number, said, count=1)


def _of_the_document(said: str, question: str) -> str | None:
    """Put the document that the question before named where "it" or "there" stands."""
    named = _DOCUMENT.search(question)
    pronoun = _IT.search(said)
    if named is None or pronoun is None or names(said) or _EMPTY_IT.search(said):
        return None
    word = pronoun[0].casefold()
    thing = f"in {named[0]}" if word == "there" else named[0]
    thing = f"{thing}'s" if word == "its" else thing
    return f"{said[: pronoun.start()]}{thing}{said[pronoun.end() :]}"


def _with_the_name(said: str, question: str, answer: str) -> str | None:
    pronoun = _PERSONAL.search(said)
    if pronoun is None or names(said) or (_EMPTY_IT.search(said) and pronoun[0] != "there"):
        return None
    there = pronoun[0].casefold() == "there"
    name = _meant(question, answer, found=there or asked_kind(question) == "who")
    if not name:
        return None
    if pronoun[0].casefold() in {"his", "its", "their"} or re.search(
        r"\bher \w+", said, re.IGNORECASE
    ):
        name = f"{name}'s"
    with_name = f"in {name}" if there else name
    return f"{said[: pronoun.start()]}{with_name}{said[pronoun.end() :]}"


def _meant(question: str, answer: str, *, found: bool) -> str:
    """Name what was found by the question before, else what that question was about."""
    known = names(question)
    about = re.match(
        r"^(?:who|what|where) (?:is|was|are|were) (?:the )?[A-Z]", question.strip(), re.IGNORECASE
    )
    direct = about is not None and len(known) == 1 and question.strip(" ?").endswith(known[0])
    relation = re.search(r"\b(?:of|in) ", question) is not None
    if found and (not direct or relation):
        first = next((one.text for one in sentences(answer)), "")
        hits = [
            short_answer(question, one.text)
            for one in sentences(answer)[:3]
            if short_answer(question, one.text) != one.text
        ]
        return hits[-1] if hits and first else (known[-1] if known else "")
    return known[-1] if known else ""
