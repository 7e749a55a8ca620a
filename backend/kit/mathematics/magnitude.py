"""Keeps numbers within bounds: sizes are estimated before a power or factorial is computed.

Up to MAX_DIGITS a number is exact. Up to MAX_LOG10 it is rounded to floating point, and the scope is
told. Beyond that it is refused.
"""

from __future__ import annotations

import math
from typing import Any

from backend.kit.mathematics.cas import Value, mp, sp
from backend.kit.mathematics.errors import CannotCompute
from backend.kit.mathematics.scope import Scope

MAX_DIGITS = 10_000
MAX_LOG10 = 10**12
_LOG10_2 = math.log10(2)
_MAX_BITS = int(MAX_DIGITS / _LOG10_2)
_MAX_GAUSSIAN_EXPONENT = 100_000
_FAR = 10**15


def size_bits(value: Value) -> float:
    """Estimate log2 of the absolute value, or of the larger part of a fraction; 0 for 0, ±1."""
    if value.is_Rational:
        return float(max(abs(int(value.p)), int(value.q)).bit_length() - 1 or (abs(value.p) > 1))
    near = sp.Abs(value).evalf(15)
    if not near.is_Float or near == 0:
        return 0.0
    mantissa, exponent = mp.frexp(mp.mpf(near._mpf_))
    return abs(float(exponent) + math.log2(abs(float(mantissa))))


def sized(scope: Scope, value: Value) -> Value:
    """Round a rational number that has grown beyond MAX_DIGITS; leave everything else."""
    if getattr(value, "is_Rational", False) and size_bits(value) > _MAX_BITS:
        return rounded(scope, value)
    return value


def rounded(scope: Scope, value: Value) -> Value:
    """Give a value as a floating-point number and tell the scope that exactness is lost."""
    scope.inexact = True
    scope.note(f"rounded: the exact number has more than {MAX_DIGITS} digits")
    return sp.N(value, scope.digits + 20)


def power(scope: Scope, base: Value, exponent: Value) -> Value:
    """Raise to a power when the result has a size that can be handled.

    Raises:
        CannotCompute: for 0 to a negative power and for results beyond MAX_LOG10 digits.
    """
    if base.is_zero and exponent.is_negative:
        msg = "division by zero"
        raise CannotCompute(msg)
    if not exponent.is_number:
        return sp.Pow(base, exponent)
    if not base.is_number:
        _refuse_huge_coefficient(base, exponent)
        return sp.Pow(base, exponent)
    digits = _digits_of_power(base, exponent)
    if digits > MAX_DIGITS:
        return _rounded_power(scope, base, exponent, digits)
    if exponent.is_Integer and base.is_real is False:
        return _complex_power(base, int(exponent))
    if base.is_negative and exponent.is_Rational and exponent.q % 2 and not exponent.is_Integer:
        scope.note("the principal (complex) root; for the real one write cbrt(x) or root(x, n)")
    return sp.Pow(base, exponent)


def _digits_of_power(base: Value, exponent: Value) -> float:
    if base.is_Float and not base.is_finite:
        msg = "the result is not a finite number"
        raise CannotCompute(msg)
    weight = size_bits(base)
    if weight == 0 and (base.is_Rational or base.is_real is False):
        return 0.0
    times = size_bits(exponent)
    if times > math.log2(_FAR):
        msg = f"more than 10^{int(times * _LOG10_2) if times < _FAR else '(10^15)'}"
        raise _too_large(msg)
    return weight * abs(float(sp.Abs(exponent).evalf(17))) * _LOG10_2


def _rounded_power(scope: Scope, base: Value, exponent: Value, digits: float) -> Value:
    if digits > MAX_LOG10:
        msg = f"about {digits:.3g}"
        raise _too_large(msg)
    scope.inexact = True
    scope.note(f"rounded: the exact number has more than {MAX_DIGITS} digits")
    precision = scope.digits + 40
    return sp.N(sp.Pow(sp.N(base, precision), sp.N(exponent, precision)), scope.digits + 20)


def _too_large(digits: str) -> CannotCompute:
    msg = f"the result is too large: it has {digits} digits (at most {MAX_DIGITS} are exact)"
    return CannotCompute(msg)


def _refuse_huge_coefficient(base: Value, exponent: Value) -> None:
    coefficient = base.as_coeff_Mul()[0]
    if coefficient.is_number and coefficient not in {1, -1}:
        digits = _digits_of_power(coefficient, exponent)
        if digits > MAX_DIGITS:
            msg = f"about {digits:.3g}"
            raise _too_large(msg)


def _complex_power(base: Value, exponent: int) -> Value:
    """Multiply out a power of a complex number with rational parts; leave others as they are."""
    re, im = base.as_real_imag()
    if not (re.is_Rational and im.is_Rational) or abs(exponent) > _MAX_GAUSSIAN_EXPONENT:
        return sp.Pow(base, exponent)
    result, factor, left = (sp.Integer(1), sp.Integer(0)), (re, im), abs(exponent)
    while left:
        if left & 1:
            result = _times(result, factor)
        factor = _times(factor, factor)
        left >>= 1
    value = result[0] + sp.I * result[1]
    if exponent >= 0:
        return value
    square = result[0] ** 2 + result[1] ** 2
    return result[0] / square - sp.I * result[1] / square


def _times(a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def from_logarithm(scope: Scope, log10: float, rough: Value) -> Value:
    """Give `rough()` as a rounded number when log10 is bearable.

    Raises:
        CannotCompute: when the number would have more than MAX_LOG10 digits.
    """
    if log10 > MAX_LOG10:
        msg = f"about {log10:.3g}"
        raise _too_large(msg)
    scope.inexact = True
    scope.note(f"rounded: the exact number has more than {MAX_DIGITS} digits")
    with mp.workdps(scope.digits + 40):
        return sp.Float(rough(), scope.digits + 20)
