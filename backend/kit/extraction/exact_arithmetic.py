"""Calculates + - * / ^ %, brackets, roots and factorials exactly, in bounded time.

Not for: anything symbolic, which is the work of a mathematics tool.
"""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from fractions import Fraction
from math import factorial, isqrt
from typing import Final

_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+|sqrt|factorial|\*\*|[-+*/^%()])")
_MAX_CHARS: Final = 400
_MAX_BITS: Final = 20_000
_MAX_DEPTH: Final = 40
_LARGEST_CUBE: Final = 10**15
_LARGEST_FACTORIAL: Final = 100


class NotArithmetic(Exception):
    """The text is no arithmetic, or its result is too large."""


def evaluate(expression: str) -> str | None:
    """Give the exact value, or twelve digits after the point led by `≈ `; None when it cannot be."""
    try:
        value = _Reader(_tokens(expression)).whole()
        return _written(value)
    except (NotArithmetic, ZeroDivisionError):
        return None


def _tokens(expression: str) -> list[str]:
    if len(expression) > _MAX_CHARS:
        raise NotArithmetic
    found: list[str] = []
    at = 0
    bare = expression.rstrip(" =")
    while at < len(bare):
        match = _TOKEN.match(bare, at)
        if match is None:
            raise NotArithmetic
        found.append("^" if match[1] == "**" else match[1])
        at = match.end()
    return found


class _Reader:
    """Recursive descent: sum, product, sign, power, atom; a trailing % means hundredths."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Fraction:
        value = self._sum()
        if self._at != len(self._tokens):
            raise NotArithmetic
        return value

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._next()
        if token not in wanted:
            return ""
        self._at += 1
        return token

    def _sum(self) -> Fraction:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotArithmetic
        value = self._product()
        while sign := self._take("+", "-"):
            other = self._product()
            value = _bounded(value + other if sign == "+" else value - other)
        self._depth -= 1
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while operator := self._take("*", "/", "%"):
            other = self._signed()
            value = _bounded(_combined(value, operator, other))
        return value

    def _signed(self) -> Fraction:
        negative = False
        while sign := self._take("+", "-"):
            negative ^= sign == "-"
        value = self._power()
        return -value if negative else value

    def _power(self) -> Fraction:
        base = self._atom()
        if self._next() == "%" and self._is_percent():
            self._at += 1
            base /= 100
        if not self._take("^"):
            return base
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotArithmetic
        exponent = self._signed()
        self._depth -= 1
        return _raised(base, exponent)

    def _is_percent(self) -> bool:
        after = self._tokens[self._at + 1 : self._at + 2]
        return not after or after[0] in "+-*/^)"

    def _atom(self) -> Fraction:
        if self._take("sqrt"):
            return _root(self._atom())
        if self._take("factorial"):
            return _factorial(self._atom())
        if self._take("("):
            value = self._sum()
            if not self._take(")"):
                raise NotArithmetic
            return value
        token = self._next()
        if not token or not (token[0].isdigit() or token[0] == "."):
            raise NotArithmetic
        self._at += 1
        return Fraction(token)


def _combined(value: Fraction, operator: str, other: Fraction) -> Fraction:
    if operator == "*":
        return value * other
    return value / other if operator == "/" else value % other


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > _MAX_BITS:
        raise NotArithmetic
    return value


def _raised(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent == Fraction(1, 2):
        return _root(base)
    if exponent == Fraction(1, 3):
        return _cube_root(base)
    if exponent.denominator != 1 or abs(exponent) > 10_000:
        raise NotArithmetic
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if bits * abs(exponent.numerator) > _MAX_BITS:
        raise NotArithmetic
    return base**exponent.numerator


def _root(value: Fraction) -> Fraction:
    if value < 0:
        raise NotArithmetic
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    if top * top != value.numerator or bottom * bottom != value.denominator:
        raise NotArithmetic
    return Fraction(top, bottom)


def _cube_root(value: Fraction) -> Fraction:
    if value < 0 or value.denominator != 1:
        raise NotArithmetic
    near = round(value.numerator ** (1 / 3)) if value.numerator < _LARGEST_CUBE else 0
    if near**3 != value.numerator:
        raise NotArithmetic
    return Fraction(near)


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or not 0 <= value <= _LARGEST_FACTORIAL:
        raise NotArithmetic
    return Fraction(factorial(value.numerator))


def _written(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    with localcontext() as context:
        context.prec = 60 if rest == 1 else 14
        shown = Decimal(value.numerator) / Decimal(value.denominator)
        exact = rest == 1 and Fraction(shown) == value
    return f"{shown:f}" if exact else f"≈ {shown.normalize():.12g}"
