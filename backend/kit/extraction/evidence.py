"""Finds in a text the value that a named parameter asks for: a date, an address, a count, a choice.

A value is found or not; nothing is made up here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from backend.kit.extraction.entities import names, numbers, places, search_words
from backend.kit.extraction.schemas import MISSING, Schema, allows, choices, type_of
from backend.kit.extraction.words import stem, word_set, words

_SPLIT = re.compile(r"[_\-\s]+|(?<=[a-z0-9])(?=[A-Z])")
_QUOTED = re.compile(
    r"(?:(?<=\s)|^)[\"“'\u2018]([^\"”'\u2019\n]{1,300})[\"”'\u2019](?!\w)|\"([^\"\n]{1,300})\""
)
_DATE = re.compile(
    r"\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?\b|\b(?:January|February|March|April|May|June|July|August|September|October"
    r"|November|December) \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?\b|\b\d{1,2}(?:st|nd|rd|th)? (?:January|February|March|April"
    r"|May|June|July|August|September|October|November|December)(?: \d{4})?\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b"
    r"|\b(?:today|tomorrow|tonight|yesterday|next \w+day|(?:on )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")
_SHAPES: Final = (
    (frozenset({"email", "mail"}), _MAIL),
    (frozenset({"url", "uri", "link", "website", "webpage"}), re.compile(r"https?://[^\s<>\"')\]]{3,2000}")),
    (frozenset({"date", "day", "when", "departure_date", "deadline"}), _DATE),
    (frozenset({"time", "hour"}), re.compile(r"\b\d{1,2}:\d{2}(?: ?[ap]m)?\b|\b\d{1,2} ?[ap]m\b|\bnoon\b|\bmidnight\b", re.IGNORECASE)),
    (frozenset({"phone", "telephone", "mobile"}), re.compile(r"(?<![\d-])(?!\d{4}-\d{2}-)\+?\d[\d ()-]{6,18}\d")),
    (frozenset({"symbol", "ticker", "stock"}), re.compile(r"\b[A-Z]{2,5}(?:\.[A-Z]{1,2})?\b")),
    (frozenset({"id", "identifier", "number", "code", "sku", "reference"}), re.compile(r"\b[A-Za-z]{0,10}[-_#]?\d[\w-]*\b")),
    (frozenset({"timezone", "tz"}), re.compile(r"\b(?:[A-Z][a-z]+/[A-Z]\w+|UTC(?:[+-]\d+)?|GMT|[ECMP][SD]T)\b")),
    (frozenset({"file", "filename", "path", "filepath"}), re.compile(r"[\w/~.-]{1,200}\.[A-Za-z]\w{0,5}\b")),
    (frozenset({"currency", "base", "target", "quote"}), re.compile(r"\b[A-Z]{3}\b")),
)  # fmt: skip
_FILE_NAMES: Final = word_set("file files filename filenames document documents")
_DOCUMENT_FILE = re.compile(
    r"[\w-][\w.-]{0,60}\.(?:pdf|docx?|txt|md|xlsx?|xlsm|csv|tsv|parquet|jsonl|ndjson|sqlite3?|db|pptx?|html?|epub|eml|json|rtf|odt)\b",
    re.IGNORECASE,
)
_PLACE_NAMES: Final = word_set(
    "place location city country town region address where area capital destination"
)
_PERSON_NAMES: Final = word_set(
    "name person user author artist customer contact player who title company organization"
)
_QUERY_NAMES: Final = word_set(
    "query q question search text input topic term terms keyword keywords prompt sentence phrase content"
)
_BODY_NAMES: Final = word_set(
    "message body content text subject title note description summary comment reminder task"
)
_SAYING = re.compile(
    r"\b(?:saying|that says|which says|with the (?:text|message|body|subject|title)|titled|called|named|about|to say|reminder to"
    r"|remind me to|:) [\"“'\u2018]?(.{1,300}?)[\"”'\u2019]?(?: (?:at|on|by|tomorrow|today) .{0,30})?[.!?]?$",
    re.IGNORECASE,
)
_FROM = re.compile(r"\bfrom ((?-i:[A-Z])[\w.'-]*(?: (?-i:[A-Z])[\w.'-]*){0,3})", re.IGNORECASE)
_TO = re.compile(
    r"\b(?:to|into|in) ((?-i:[A-Z])[\w.'-]*(?: (?-i:[A-Z])[\w.'-]*){0,3})", re.IGNORECASE
)
_ORIGIN: Final = word_set("from origin source start departure base")
_TARGET: Final = word_set("to destination target end arrival recipient quote")
_MEANS: Final = {
    "metric": "celsius centigrade °c kilometers km",
    "imperial": "fahrenheit °f miles",
    "celsius": "°c centigrade metric",
    "fahrenheit": "°f imperial",
    "c": "celsius °c",
    "f": "fahrenheit °f",
    "std": "deviation",
    "stdev": "deviation",
    "max": "maximum highest largest most",
    "min": "minimum lowest smallest least",
    "high": "urgent important",
    "add": "plus + sum",
    "subtract": "minus difference",
    "multiply": "times * product",
    "divide": "divided / quotient",
    "true": "yes",
    "false": "no not without",
}


def files_named(name: str, text: str) -> list[str]:
    """List the files a text names, for a parameter that takes files."""
    takes_files = bool(_FILE_NAMES & set(name_words(name)))
    return list(dict.fromkeys(_DOCUMENT_FILE.findall(text))) if takes_files else []


def name_words(name: str) -> list[str]:
    """Split a parameter's or tool's name into lower-case words."""
    return [word.casefold() for word in _SPLIT.split(name) if word]


@dataclass(slots=True)
class Evidence:
    """What a text offers; a number is used up by the first parameter it goes to."""

    text: str
    _spent: set[int] = field(default_factory=set[int])

    def choice(self, schema: Schema) -> object:
        """Find the allowed value that the text mentions."""
        said = {stem(word) for word in words(self.text)} | set(self.text.casefold().split())
        for value in choices(schema):
            if isinstance(value, str) and self._mentions(value, said):
                return value
        for value in choices(schema):
            if not isinstance(value, str | bool) and str(value) in numbers(self.text):
                return value
        return MISSING

    def _mentions(self, value: str, said: set[str]) -> bool:
        own = [stem(word) for word in words(value.replace("_", " "))]
        meant = _MEANS.get(value.casefold(), "").split()
        single = len(value) == 1 and value.isascii()
        if own and not single and all(word in said for word in own):
            return True
        return any(word in said or stem(word) in said for word in meant)

    def number(self, name: str, schema: Schema, *, near_only: bool) -> object:
        """Find a number: beside the parameter's own name first, else the next one not yet used."""
        for value in self._near(name):
            typed = _typed(value, schema)
            if allows(typed, schema):
                self._spend(value)
                return typed
        if near_only:
            return MISSING
        for at, value in enumerate(numbers(self.text)):
            typed = _typed(value, schema)
            if at not in self._spent and allows(typed, schema):
                self._spent.add(at)
                return typed
        return MISSING

    def _spend(self, value: str) -> None:
        known = numbers(self.text)
        if value in known:
            self._spent.add(known.index(value))

    def _near(self, name: str) -> list[str]:
        key = r"[ _-]?".join(re.escape(word) for word in name_words(name))
        last = re.escape(name_words(name)[-1]) if name_words(name) else key
        patterns = (
            rf"\b{key}\b ?(?:of|is|=|:|to|at)? ?(-?\d{{1,18}}(?:\.\d{{1,18}})?)(?!\d)",
            rf"(?<![\d.])(-?\d{{1,18}}(?:\.\d{{1,18}})?)[ -]?{last.removesuffix('s')}s?\b",
        )
        return [
            match[1]
            for pattern in patterns
            for match in re.finditer(pattern, self.text, re.IGNORECASE)
        ]

    def string(self, name: str, *, loose: bool) -> object:
        """Find a text by what the parameter's name means; `loose` also accepts a quoted text or a name."""
        own = name_words(name)
        shaped = self._shaped(own)
        if shaped is not MISSING:
            return shaped
        directed = self._directed(own)
        if directed:
            return directed
        labelled = re.search(
            rf"\b{re.escape(' '.join(own))}\s*(?:=|:|is)\s*([^\n,;]{{1,200}})",
            self.text,
            re.IGNORECASE,
        )
        if labelled:
            return labelled[1].strip(" \"'.")
        return self._meant(set(own)) if loose else MISSING

    def _shaped(self, own: list[str]) -> object:
        for meant, pattern in _SHAPES:
            if meant & set(own):
                match = pattern.search(self.text)
                if match:
                    return match.group().strip()
        return MISSING

    def _directed(self, own: list[str]) -> str:
        keys = set(own)
        if keys & _TARGET:
            match = _MAIL.search(self.text) or _TO.search(self.text)
            return match[match.lastindex or 0] if match else ""
        if keys & _ORIGIN:
            match = _FROM.search(self.text)
            return match[1] if match else ""
        return ""

    def _meant(self, keys: set[str]) -> object:
        """List what might be meant, best first, and take the first there is."""
        said = _SAYING.search(self.text) if keys & _BODY_NAMES else None
        found = [
            *((places(self.text) or names(self.text)) if keys & _PLACE_NAMES else []),
            *(one or two for one, two in _QUOTED.findall(self.text)),
            *([said[1].strip()] if said else []),
            *([search_words(self.text)] if keys & _QUERY_NAMES else []),
            *(names(self.text) if keys & _PERSON_NAMES else []),
        ]
        return found[0] if found else MISSING

    def boolean(self, name: str) -> object:
        """Tell whether the text mentions the thing, and whether it denies it."""
        for word in name_words(name):
            match = re.search(
                rf"\b(no|not|without|don't|never)?\s?(?:\w+ )?{re.escape(word)}\w*\b",
                self.text,
                re.IGNORECASE,
            )
            if match and len(word) > 2:
                return match[1] is None
        return MISSING


def _typed(value: str, schema: Schema) -> Any:  # noqa: ANN401 - a JSON number of either kind
    number = float(value)
    whole = number.is_integer() and abs(number) < 1e15
    return int(number) if whole or (type_of(schema) == "integer" and whole) else number
