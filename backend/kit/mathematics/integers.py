"""Whole numbers: factorials, combinations, primes, divisors, bases and bits.

Every argument is bounded first, because one short call could otherwise ask for an endless number.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from backend.kit.mathematics.cas import Value, mp, sp
from backend.kit.mathematics.declaring import Function, many, one, two
from backend.kit.mathematics.errors import CannotCompute
from backend.kit.mathematics.magnitude import MAX_DIGITS, from_logarithm, size_bits
from backend.kit.mathematics.scope import Report, Scope
from backend.kit.mathematics.values import as_expression, as_integer, as_numbers

_MAX_COUNT = 10**15
_MAX_PRIME_INDEX = 1_000_000
_MAX_PRIME_PI = 10**9
_MAX_TESTED = 10**1_000
_MAX_FACTORED = 10**60
_MAX_SEARCHED = 10**300
_MAX_DIVISORS = 2_000
_LN10 = math.log(10)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _factorial(scope: Scope, value: Value) -> Value:
    value = as_expression(value)
    if not value.is_number:
        return sp.factorial(value)
    if value.is_Rational and not value.is_Integer:
        return sp.gamma(value + 1)
    n = as_integer(value, "the argument of a factorial", low=0, high=_MAX_COUNT)
    log10 = math.lgamma(n + 1) / _LN10
    if log10 > MAX_DIGITS:
        return from_logarithm(scope, log10, lambda: mp.factorial(n))
    return sp.Integer(math.factorial(n))


def _gamma(scope: Scope, value: Value) -> Value:
    value = as_expression(value)
    if value.is_Integer and value > 0:
        return _factorial(scope, value - 1)
    if value.is_number and size_bits(value) > 12 and abs(value) > 1:
        msg = "the argument of gamma is too large"
        raise CannotCompute(msg)
    return sp.gamma(value)


def _factorial2(_: Scope, value: Value) -> Value:
    n = as_integer(value, "the argument of a double factorial", low=-1, high=6_000)
    return sp.Integer(math.prod(range(n, 0, -2)))


def _binomial(scope: Scope, n: Value, k: Value) -> Value:
    n, k = as_expression(n), as_expression(k)
    if not (n.is_Integer and k.is_Integer and n >= 0):
        return sp.binomial(n, k)
    top = as_integer(n, "n", low=0, high=_MAX_COUNT)
    bottom = int(k)
    if not 0 <= bottom <= top:
        return sp.Integer(0)
    log10 = (math.lgamma(top + 1) - math.lgamma(bottom + 1) - math.lgamma(top - bottom + 1)) / _LN10
    if log10 > MAX_DIGITS:
        return from_logarithm(scope, log10, lambda: mp.binomial(top, bottom))
    return sp.Integer(math.comb(top, bottom))


def _permutations(scope: Scope, n: Value, k: Value) -> Value:
    top = as_integer(n, "n", low=0, high=_MAX_COUNT)
    bottom = as_integer(k, "k", low=0, high=top)
    log10 = (math.lgamma(top + 1) - math.lgamma(top - bottom + 1)) / _LN10
    if log10 > MAX_DIGITS:
        return from_logarithm(scope, log10, lambda: mp.rf(top - bottom + 1, bottom))
    return sp.Integer(math.perm(top, bottom))


def _fibonacci(scope: Scope, value: Value) -> Value:
    n = as_integer(value, "the index of a Fibonacci number", low=0, high=_MAX_COUNT)
    log10 = n * math.log10((1 + math.sqrt(5)) / 2)
    if log10 > MAX_DIGITS:
        return from_logarithm(scope, log10, lambda: mp.power(mp.phi, n) / mp.sqrt(5))
    return sp.fibonacci(n)


def _catalan(scope: Scope, value: Value) -> Value:
    n = as_integer(value, "the index of a Catalan number", low=0, high=10_000)
    return _binomial(scope, sp.Integer(2 * n), sp.Integer(n)) / (n + 1)


def _folded(function: Callable[..., Any], name: str) -> Value:
    def apply(_: Scope, *values: Value) -> Value:
        numbers = as_numbers(values)
        if all(one.is_Integer for one in numbers):
            return sp.Integer(functools.reduce(function, [int(one) for one in numbers], start))
        if any(one.is_number and not one.is_Integer for one in numbers):
            msg = f"{name} needs whole numbers"
            raise CannotCompute(msg)
        return functools.reduce(sp.gcd if name == "gcd" else sp.lcm, numbers)

    start = 0 if name == "gcd" else 1
    return apply


def _isprime(_: Scope, value: Value) -> Value:
    n = as_integer(value, "the number to test", high=_MAX_TESTED, low=-_MAX_TESTED)
    return sp.true if sp.isprime(n) else sp.false


def _nextprime(_: Scope, value: Value, ith: Value = 1) -> Value:
    n = as_integer(value, "the starting number", low=-_MAX_SEARCHED, high=_MAX_SEARCHED)
    return sp.Integer(sp.nextprime(n, int(ith)))


def _prevprime(_: Scope, value: Value) -> Value:
    return sp.Integer(
        sp.prevprime(as_integer(value, "the starting number", low=3, high=_MAX_SEARCHED))
    )


def _prime(_: Scope, value: Value) -> Value:
    return sp.Integer(
        sp.prime(as_integer(value, "the index of a prime", low=1, high=_MAX_PRIME_INDEX))
    )


def _primepi(_: Scope, value: Value) -> Value:
    bound = as_integer(sp.floor(as_expression(value)), "the bound", low=0, high=_MAX_PRIME_PI)
    return sp.Integer(int(sp.primepi(bound)))


def factors_report(value: int) -> Report:
    """Write a whole number as a product of prime powers; checked by multiplying.

    Raises:
        CannotCompute: beyond 60 digits, where factoring may take for ever.
    """
    if abs(value) > _MAX_FACTORED:
        msg = "numbers of more than 60 digits are not factored"
        raise CannotCompute(msg)
    if abs(value) < 2:
        return Report(kind="factors", exact=str(value), verified=True)
    found: dict[int, int] = sp.factorint(value)
    items = tuple({"prime": str(p), "exponent": e} for p, e in sorted(found.items()))
    text = " * ".join(str(p) if e == 1 else f"{p}^{e}" for p, e in sorted(found.items()) if p != -1)
    latex = (
        text.replace("*", r"\cdot").replace("^", "^{").replace(" ", "} ") if "^" in text else text
    )
    whole = math.prod(p**e for p, e in found.items()) == value
    return Report(
        kind="factors",
        exact=("-" if value < 0 else "") + text,
        latex=None if latex != text else text.replace("*", r"\cdot"),
        items=items,
        verified=whole,
    )


def _divisors(_: Scope, value: Value) -> Value:
    n = as_integer(value, "the number", low=-_MAX_FACTORED, high=_MAX_FACTORED)
    if n == 0 or sp.divisor_count(n) > _MAX_DIVISORS:
        msg = f"it has more than {_MAX_DIVISORS} divisors"
        raise CannotCompute(msg)
    return [sp.Integer(one) for one in sp.divisors(abs(n))]


def _totient(_: Scope, value: Value) -> Value:
    return sp.Integer(int(sp.totient(as_integer(value, "the number", low=1, high=_MAX_FACTORED))))


def _powmod(_: Scope, base: Value, exponent: Value, modulus: Value) -> Value:
    b, e = as_integer(base, "the base"), as_integer(exponent, "the exponent")
    m = as_integer(modulus, "the modulus", low=1)
    return sp.Integer(pow(b, e, m))


def in_base(value: int, base: int) -> Report:
    """Write a whole number in base 2 to 36, with the prefix 0x, 0b or 0o where there is one."""
    digits: list[str] = []
    rest = abs(value)
    while rest:
        rest, digit = divmod(rest, base)
        digits.append(_DIGITS[digit])
    text = "".join(reversed(digits)) or "0"
    prefix = {16: "0x", 2: "0b", 8: "0o"}.get(base, "")
    sign = "-" if value < 0 else ""
    latex = rf"{sign}\mathtt{{{text}}}_{{{base}}}"
    shown = f"{sign}{prefix}{text}" + ("" if prefix or base == 10 else f" (base {base})")
    return Report(
        kind="number_base", exact=shown, latex=latex, verified=int(text, base) == abs(value)
    )


def _based(base: int) -> Value:
    def apply(_: Scope, value: Value) -> Report:
        return in_base(as_integer(value, "the number"), base)

    return apply


def _to_base(_: Scope, value: Value, base: Value) -> Value:
    return in_base(as_integer(value, "the number"), as_integer(base, "the base", low=2, high=36))


def _bits(function: Callable[[int, int], int]) -> Callable[[Scope, Value, Value], Value]:
    def apply(_: Scope, a: Value, b: Value) -> Value:
        return sp.Integer(function(as_integer(a, "an operand"), as_integer(b, "an operand")))

    return apply


FUNCTIONS: dict[str, Function] = {
    "factorial": one(_factorial, "factorial(5)"),
    "factorial2": one(_factorial2, "factorial2(7)"),
    "gamma": one(_gamma, "gamma(5)"),
    "binomial": two(_binomial, "binomial(5, 2)"),
    "permutations": two(_permutations, "permutations(5, 2)"),
    "fibonacci": one(_fibonacci, "fibonacci(10)"),
    "catalan": one(_catalan, "catalan(5)"),
    "gcd": many(_folded(math.gcd, "gcd"), "gcd(12, 18)"),
    "lcm": many(_folded(math.lcm, "lcm"), "lcm(4, 6)"),
    "isprime": one(_isprime, "isprime(97)"),
    "nextprime": one(_nextprime, "nextprime(100)"),
    "prevprime": one(_prevprime, "prevprime(100)"),
    "prime": one(_prime, "prime(10)"),
    "primepi": one(_primepi, "primepi(100)"),
    "factorint": one(
        lambda _, value: factors_report(as_integer(value, "the number to factor")), "factorint(360)"
    ),
    "divisors": one(_divisors, "divisors(12)"),
    "totient": one(_totient, "totient(10)"),
    "powmod": Function(_powmod, (3, 3), "powmod(2, 100, 7)"),
    "modinv": two(lambda s, a, m: _powmod(s, a, sp.Integer(-1), m), "modinv(3, 7)"),
    "hex": one(_based(16), "hex(255)"),
    "bin": one(_based(2), "bin(10)"),
    "oct": one(_based(8), "oct(8)"),
    "tobase": two(_to_base, "tobase(255, 7)"),
    "xor": two(_bits(lambda a, b: a ^ b), "xor(5, 3)"),
    "bitand": two(_bits(lambda a, b: a & b), "bitand(6, 3)"),
    "bitor": two(_bits(lambda a, b: a | b), "bitor(6, 3)"),
}
