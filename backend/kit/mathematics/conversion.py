"""Answers "X in U": units, temperatures, number bases, percent, fractions; and refuses currencies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from backend.kit.mathematics import temperature, units
from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.errors import CannotCompute, NotUnderstood
from backend.kit.mathematics.integers import in_base
from backend.kit.mathematics.parsing import parse
from backend.kit.mathematics.quantities import with_units_divided
from backend.kit.mathematics.scope import Report, Scope
from backend.kit.mathematics.syntax import Name, names_in
from backend.kit.mathematics.values import as_expression, as_integer

_JOINT = re.compile(r"\s+(to|in|into|as|=|equals)(?=\s)|\s*(->|=>)\s*", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_HOW_MANY = re.compile(
    r"how many (?P<target>.+?) (?:are |is )?(?:there )?(?:in|are in|is in|per|make|equals?) (?P<source>.+)",
    re.IGNORECASE,
)
_CONVERT = re.compile(r"^(?:please )?(?:convert|express|change|write)\s+", re.IGNORECASE)
_CALLED = re.compile(r"convert(?:_to)?\((.+),\s*([^,]+)\)", re.IGNORECASE)
_CURRENCY = re.compile(
    r"(?<![A-Za-z])(?:usd|eur|gbp|jpy|chf|cny|inr|cad|aud|euros?|dollars?|bitcoins?|btc|yen|rupees?)(?![A-Za-z])|[$€£¥₹]",
    re.IGNORECASE,
)
_MAX_TARGET = 60
_MAX_JOINTS = 6
_COMPOUND = re.compile(r"(?<![\w.])(\d[\d.]*) ?([A-Za-z]+),? (?:and )?(?=\d[\d.]* ?([A-Za-z]+))")
_NUMBER_UNIT = re.compile(r"\d [A-Za-z]\b")
_BASES = {
    "hex": 16, "hexadecimal": 16, "binary": 2, "bin": 2, "octal": 8, "oct": 8, "decimal": 10, "base 10": 10,
}  # fmt: skip
_BASE = re.compile(r"base[ -]?(\d{1,2})", re.IGNORECASE)
_FROM_BASE = re.compile(
    r"(?:(?:the )?(?P<before>hex|hexadecimal|binary|octal)(?: number)? )?(?P<digits>(?:0[xbo])?[0-9a-f]+)"
    r"(?: (?:from|in|as))?(?: (?P<after>hex|hexadecimal|binary|octal|decimal|base \d{1,2}))?",
    re.IGNORECASE,
)
_POINT = re.compile(
    r"\s*(?P<value>.*?[\d)])\s*(?P<scale>(?:°|deg(?:rees?)?\s+|deg)?\s*[A-Za-z]+)\s*"
)
_PERCENT_WORDS = {"%", "percent", "percentage"}
_EXACT_WORDS = {"fraction", "a fraction", "rational", "exact"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A value to be told in another form."""

    source: str
    target: str


def question_in(text: str, *, target: str = "") -> Question | None:
    """Find a conversion in a phrase; None when it is none.

    Raises:
        CannotCompute: for a conversion between currencies.
    """
    if found := _HOW_MANY.fullmatch(text.rstrip("? ")):
        source = found.group("source")
        source = (
            f"1 {re.sub('^(?:an?|one) ', '', source)}" if not re.search(r"\d", source) else source
        )
        return Question(source=source, target=found.group("target"))
    text = _COMPOUND.sub(_summed, text)
    if found := _CALLED.fullmatch(text):
        return Question(source=found.group(1), target=found.group(2).strip("'\" "))
    ordered = _CONVERT.search(text) is not None
    text = _CONVERT.sub("", text)
    if target:
        return Question(source=text, target=target)
    return _divided(text, ordered=ordered)


def _summed(found: re.Match[str]) -> str:
    """Read "5 feet 3 inches" and "2 hours and 30 minutes" as sums."""
    known = units.find(found.group(2)) is not None and units.find(found.group(3)) is not None
    return f"{found.group(1)} {found.group(2)} + " if known else found.group()


def _divided(text: str, *, ordered: bool) -> Question | None:
    for joint in list(_JOINT.finditer(text))[: -_MAX_JOINTS - 1 : -1]:
        source = text[: joint.start()].strip()
        target = _ARTICLE.sub("", text[joint.end() :].strip()).rstrip("?. ")
        if not source or not target:
            continue
        if _CURRENCY.fullmatch(target):
            msg = "exchange rates change from day to day; this calculator does not know them"
            raise CannotCompute(msg)
        if target[:1].isdigit() or len(target) > _MAX_TARGET:
            continue
        is_sign = joint.group().strip() in {"=", "equals"}
        if _is_target(target) and not (is_sign and not re.search(r"\d ?[A-Za-z]", source)):
            return Question(source=source, target=target)
    if ordered and len(text) < 80:
        msg = f'the target of the conversion is not known in "{text}"; example: 5 km/h to m/s'
        raise NotUnderstood(msg)
    return None


def _is_target(text: str) -> bool:
    folded = text.casefold()
    words = {*_BASES, *_EXACT_WORDS, *_PERCENT_WORDS, *_ANGLES}
    if folded in words or _BASE.fullmatch(text) or temperature.scale_named(text):
        return True
    try:
        names = names_in(parse(text))
    except NotUnderstood:
        return False
    return bool(names) and all(units.find(name.name) is not None for name in names)


_ANGLES = {"degrees": sp.pi / 180, "deg": sp.pi / 180, "degree": sp.pi / 180, "°": sp.pi / 180,
           "radians": sp.Integer(1), "rad": sp.Integer(1), "radian": sp.Integer(1)}  # fmt: skip


def answered(scope: Scope, question: Question) -> tuple[Value, str, str]:
    """Convert; gives the value (or Report), the unit to write behind it, and the question as read.

    Raises:
        NotUnderstood: when the source cannot be read.
        CannotCompute: when the measures differ.
    """
    target = question.target.strip()
    found = _BASE.fullmatch(target)
    base = int(found.group(1)) if found else _BASES.get(target.casefold())
    if base is not None:
        return _rebased(scope, question.source, base)
    point = _temperature(scope, question)
    if point is not None:
        return point
    scope.units = True
    value = as_expression(scope.value(with_units_divided(parse(question.source))))
    converted, unit = _in_unit(scope, value, target)
    return converted, unit, f"{question.source} in {target}"


def _in_unit(scope: Scope, value: Value, target: str) -> tuple[Value, str]:
    folded = target.casefold()
    if folded in _PERCENT_WORDS:
        return value * 100, "%"
    if folded in _EXACT_WORDS:
        scope.decimals = False
        return value, ""
    if folded in _ANGLES:
        return value / _ANGLES[folded], "°" if _ANGLES[folded] != 1 else "rad"
    unit = as_expression(scope.value(parse(target)))
    return units.ratio(value, unit), target


def _rebased(scope: Scope, source: str, base: int) -> tuple[Any, str, str]:
    found = _FROM_BASE.fullmatch(source.strip())
    named = (found.group("before") or found.group("after") or "").casefold() if found else ""
    if found and named and named != "decimal":
        origin = _BASES.get(named) or int(named.removeprefix("base "))
        number = _digits_in(found.group("digits"), origin)
    else:
        value = scope.value(parse(source))
        if base == 10 and not getattr(value, "is_Integer", False):
            scope.decimals = True
            return value, "", f"{source} as a decimal"
        number = as_integer(value, "a number to write in another base")
    result: Report | Any = sp.Integer(number) if base == 10 else in_base(number, _checked(base))
    return result, "", f"{source} in base {base}"


def _digits_in(digits: str, base: int) -> int:
    try:
        return int(digits, _checked(base))
    except ValueError as exc:
        msg = f"{digits[:40]!r} is not a number in base {base}"
        raise NotUnderstood(msg) from exc


def _checked(base: int) -> int:
    if not 2 <= base <= 36:
        msg = "bases go from 2 to 36"
        raise CannotCompute(msg)
    return base


def _temperature(scope: Scope, question: Question) -> tuple[Any, str, str] | None:
    """Convert a point on a scale; None when source or target is no temperature."""
    target = temperature.scale_named(question.target)
    found = _POINT.fullmatch(question.source)
    source = temperature.scale_named(found.group("scale")) if found else None
    if target is None or found is None or source is None:
        return None
    value = as_expression(scope.value(parse(found.group("value"))))
    scope.units = False
    shown = f"{found.group('value')} {temperature.SYMBOLS[source]} in {temperature.SYMBOLS[target]}"
    return temperature.convert(value, source, target), temperature.SYMBOLS[target], shown


def wants_units(text: str, names: list[Name]) -> bool:
    """Tell whether a formula without a target is about units: all names are, and one is unmistakable."""
    if _CURRENCY.search(text) and not names:
        return False
    plain = [one.name for one in names if one.name not in {"pi", "e"}]
    known = bool(plain) and all(_measures(name) for name in plain)
    written = any(len(name) > 1 for name in plain) or bool(_NUMBER_UNIT.search(text))
    return known and written and bool(re.search(r"\d", text))


def _measures(name: str) -> bool:
    return name in {"degC", "degF"} or units.find(name) is not None


def without_currency(text: str) -> str:
    """Drop one kind of currency sign before numbers: 15% of $80 is a plain sum."""
    kinds = {found.casefold() for found in _CURRENCY.findall(text)}
    if len(kinds) == 1 and re.search(r"[$€£¥₹]\s?\d", text):
        return re.sub(r"[$€£¥₹]\s?(?=\d)", "", text)
    return text
