"""Numbers written for people: "1.234,50 €", "$1,200", "12 %", "(300)", "1 000 000".

A column is judged as a whole, because one value alone ("1,234") may mean two things.
Not for: units of measure, dates, or numbers in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Mark = Literal["comma", "dot", "comma?", "dot?", ""]

MISSING_WORDS = frozenset({
    "", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "\u2013", "\u2014", "inf", "-inf",
    "infinity", "-infinity",
})  # fmt: skip
_CURRENCY = r"[$€£¥₹₽₩₺₴]|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|AUD|CAD|NZD|BRL|ZAR"
_SHAPE = re.compile(
    rf"(?P<paren>\()?(?P<sign>[+\-\u2212]?)\s?(?P<before>{_CURRENCY})?\s?(?P<sign2>[+\-\u2212]?)"
    r"(?P<body>\d[\d.,'\u2019 \u00a0\u202f]{0,60}|\.\d{1,40})(?P<power>[eE][+-]?\d{1,3})?"
    rf"\s?(?P<after>{_CURRENCY}|%)?(?(paren)\))"
)
_SPACED = re.compile(r"\d{1,3}(?:['\u2019 \u00a0\u202f]\d{3})+(?:[.,]\d+)?")
_SPACES = re.compile(r"['\u2019 \u00a0\u202f]")
_GROUPS = {
    "comma": re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d*)?"),
    "dot": re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?"),
}
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_MAX_POWER = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One number as it is written: `mark` is its decimal mark, with a `?` while it could be thousands."""

    body: str
    mark: Mark
    unit: str
    negative: bool
    power: int

    def value(self, *, decimal_comma: bool) -> Decimal | None:
        """Read it with the decimal mark of its column; None when it does not fit that mark."""
        mine = "comma" if decimal_comma else "dot"
        if self.mark in {"comma", "dot"} and self.mark != mine:
            return None
        grouping, point = (".", ",") if decimal_comma else (",", ".")
        plain = self.body.replace(grouping, "").replace(point, ".").rstrip(".")
        number = Decimal(plain).scaleb(self.power)
        if abs(number.adjusted()) > _MAX_POWER:
            return None
        return -number if self.negative else number


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNumbers:
    """What the texts of one column mean, and what a reader should know about it."""

    values: dict[str, Decimal]
    notes: tuple[str, ...] = ()


def is_missing(text: str) -> bool:
    """Tell whether a text stands for no value: empty, "n/a", "null", "-", not a number, infinite."""
    return text.strip().casefold() in MISSING_WORDS


def written(text: str) -> Written | None:
    """Take a text apart as one number; None when it is anything else or starts like an id ("007")."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None or (match["before"] and match["after"]) or (match["sign"] and match["sign2"]):
        return None
    body = match["body"].rstrip()
    if _SPACES.search(body):
        if not _SPACED.fullmatch(body):
            return None
        body = _SPACES.sub("", body)
    mark = _mark(body)
    if mark is None or (len(body) > 1 and body.isdigit() and body[0] == "0"):
        return None
    signs = f"{match['paren'] or ''}{match['sign']}{match['sign2']}"
    power = int(match["power"][1:]) if match["power"] else 0
    unit = match["before"] or match["after"] or ""
    return Written(body=body, mark=mark, unit=unit, negative=signs not in {"", "+"}, power=power)


def read_number(text: str) -> Decimal | None:
    """Read a single number; a lone "1,234" means thousands."""
    found = written(text)
    return found.value(decimal_comma=found.mark == "comma") if found is not None else None


def decimal_mark(texts: Iterable[str]) -> set[str]:
    """Collect which decimal marks texts prove: "comma", "dot", both or none."""
    found = (written(text) for text in texts)
    return {
        number.mark for number in found if number is not None and number.mark in {"comma", "dot"}
    }


def read_column(
    texts: Iterable[str], *, hint: bool | None, weak_hint: bool | None = None
) -> ColumnNumbers:
    """Read a column's texts; `hint` is what other columns prove about the decimal comma.

    `weak_hint` is what the file's delimiter suggests; it only decides what "1,234" is.

    Nothing is read when marks or currencies contradict each other; a note says so.
    """
    parts = {text: number for text in texts if (number := written(text)) is not None}
    marks = {number.mark for number in parts.values()}
    units = {number.unit for number in parts.values()}
    if {"comma", "dot"} <= marks:
        return ColumnNumbers(
            values={}, notes=("both , and . are used as decimal mark; left as text",)
        )
    if len(units - {""}) > 1 or ("%" in units and len(units) > 1):
        mixed = ", ".join(sorted(unit or "plain" for unit in units))
        return ColumnNumbers(values={}, notes=(f"units are mixed ({mixed}); left as text",))
    suggested = bool(weak_hint and "comma?" in marks) if hint is None else hint
    comma = "comma" in marks or ("dot" not in marks and suggested)
    read = {text: number.value(decimal_comma=comma) for text, number in parts.items()}
    values = {text: value for text, value in read.items() if value is not None}
    return ColumnNumbers(values=values, notes=tuple(_notes(parts.values(), comma=comma, hint=hint)))


def _mark(body: str) -> Mark | None:
    commas, dots = body.count(","), body.count(".")
    if not commas and not dots:
        return ""
    if commas and dots:
        mark = "comma" if body.rfind(",") > body.rfind(".") else "dot"
        return mark if _GROUPS[mark].fullmatch(body) else None
    if commas + dots > 1:
        mark = "dot" if commas else "comma"
        return mark if _GROUPS[mark].fullmatch(body) else None
    if _AMBIGUOUS.fullmatch(body):
        return "comma?" if commas else "dot?"
    return "comma" if commas else "dot"


def _notes(numbers: Iterable[Written], *, comma: bool, hint: bool | None) -> Iterable[str]:
    found = list(numbers)
    marks = {number.mark for number in found}
    if unit := next((number.unit for number in found if number.unit), ""):
        yield "percent signs dropped: 12% is read as 12" if unit == "%" else f"{unit} dropped"
    if comma and marks & {"comma", "comma?"}:
        yield "decimal comma"
    grouping = "." if comma else ","
    grouped = any(grouping in number.body for number in found)
    if grouped:
        proven = bool(marks & {"comma", "dot"}) or hint is not None
        yield "thousands separators dropped" + (
            "" if proven else ' (assumed: "1,234" is read as 1234)'
        )
