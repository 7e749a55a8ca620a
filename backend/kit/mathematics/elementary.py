"""Roots, logarithms, trigonometry, rounding, parts of complex numbers, special functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.declaring import Function, many, one, two
from backend.kit.mathematics.errors import CannotCompute
from backend.kit.mathematics.magnitude import power, size_bits
from backend.kit.mathematics.scope import Scope
from backend.kit.mathematics.values import as_expression, as_integer, as_numbers, is_matrix

_MAX_ARGUMENT_BITS = 40
_SMALL_ANGLE = 7
_GUARD_DIGITS = 30
_MAX_WORKING_DIGITS = 50_000
_GROWING = {"zeta": 20, "loggamma": 1_000, "sinh": 40, "cosh": 40, "erf": 1_000, "erfc": 20}


def _root(scope: Scope, value: Value, degree: Value) -> Value:
    """Take the real root where there is one: the cube root of -8 is -2."""
    value = as_expression(value)
    n = as_integer(degree, "the degree of a root", low=1, high=100_000)
    if value.is_number and value.is_negative and n % 2:
        return -power(scope, -value, sp.Rational(1, n))
    return power(scope, value, sp.Rational(1, n))


def _exp(_: Scope, value: Value) -> Value:
    value = as_expression(value)
    if (
        value.is_number
        and value.is_finite
        and size_bits(value) > _MAX_ARGUMENT_BITS
        and abs(value) > 1
    ):
        msg = "the result is too large: the exponent is beyond 10^12"
        raise CannotCompute(msg)
    return sp.exp(value)


def _log(base: Value, scope: Scope, value: Value) -> Value:
    value, base = as_expression(value), as_expression(base)
    if value.is_zero:
        msg = "the logarithm of 0 is undefined"
        raise CannotCompute(msg)
    if base.is_zero or base == 1:
        msg = "the base of a logarithm must be positive and not 1"
        raise CannotCompute(msg)
    if value.is_Rational and base.is_Rational:
        return sp.simplify(sp.log(value, base)) if scope.decimals else sp.log(value, base)
    return sp.log(value, base)


def _log_any(scope: Scope, value: Value, base: Value = None) -> Value:
    if base is None:
        scope.note("log is the natural logarithm (base e); write log10(x) for base 10")
    return _log(sp.E if base is None else base, scope, value)


def _trigonometric(function: Value) -> Value:
    def apply(scope: Scope, value: Value) -> Value:
        value = as_expression(value)
        if value.is_Integer and abs(value) > _SMALL_ANGLE:
            scope.note("the angle is in radians; write for example sin(30°) for degrees")
        if value.is_number and size_bits(value) > 40_000:
            msg = "the angle is too large"
            raise CannotCompute(msg)
        result = function(value)
        if result is sp.zoo:
            msg = "the function is undefined at this angle"
            raise CannotCompute(msg)
        return result

    return apply


def _mapped(function: Value) -> Value:
    """Apply a function of one number to a number or to each number of a list."""

    def apply(scope: Scope, value: Value) -> Value:
        if is_matrix(value):
            return [apply(scope, item) for item in value]
        return function(as_expression(value))

    return apply


def _round(scope: Scope, value: Value, places: Value = 0) -> Value:
    """Round half away from zero, as is taught; exact for rational numbers."""
    value = as_expression(value)
    n = as_integer(
        sp.Integer(0) if places == 0 else places,
        "the number of decimal places",
        low=-1_000,
        high=1_000,
    )
    if not value.is_real:
        msg = "only a real number can be rounded"
        raise CannotCompute(msg)
    if not value.is_real:
        raise CannotCompute("only a real number can be rounded")
    if not value.is_Rational:
        digits = abs(n) + int(size_bits(value)) + _GUARD_DIGITS
        value = sp.Rational(value.evalf(digits, maxn=_MAX_WORKING_DIGITS))
    scope.decimals = True
    scale = sp.Integer(10) ** n
    nearest = sp.floor(sp.Abs(value) * scale + sp.Rational(1, 2))
    return sp.sign(value) * nearest / scale


def _extreme(function: Value) -> Value:
    def apply(_: Scope, *values: Value) -> Value:
        return function(*as_numbers(values))

    return apply


def _mod(_: Scope, a: Value, b: Value) -> Value:
    a, b = as_expression(a), as_expression(b)
    if b.is_zero:
        msg = "division by zero"
        raise CannotCompute(msg)
    if a.is_Float and size_bits(a) > 50:
        msg = "the remainder needs an exact number, but it was rounded; use powmod(b, e, m)"
        raise CannotCompute(msg)
    return sp.Mod(a, b)


def _quotient(_: Scope, a: Value, b: Value) -> Value:
    return sp.floor(as_expression(a) / as_expression(b))


def _both(function: Callable[[Value, Value], Value]) -> Callable[[Scope, Value, Value], Value]:
    def apply(_: Scope, a: Value, b: Value) -> Value:
        return function(as_expression(a), as_expression(b))

    return apply


def _pow(scope: Scope, base: Value, exponent: Value, modulus: Value = None) -> Value:
    if modulus is None:
        return power(scope, as_expression(base), as_expression(exponent))
    whole = [as_integer(one, "an argument of pow(b, e, m)") for one in (base, exponent, modulus)]
    return sp.Integer(pow(*whole))


def _percent_change(_: Scope, old: Value, new: Value) -> Value:
    old, new = as_expression(old), as_expression(new)
    if old.is_zero:
        msg = "the change from 0 has no percentage"
        raise CannotCompute(msg)
    return (new - old) / old * 100


def _bounded(name: str) -> Function:
    """Declare a function of SymPy's that must not get numbers beyond some power of two."""
    function = getattr(sp, name)
    bits = _GROWING.get(name)

    def apply(value: Value) -> Value:
        if bits and value.is_number and abs(value) > 1 and size_bits(value) > bits:
            msg = f"the argument of {name} is too large"
            raise CannotCompute(msg)
        return function(value)

    return _each(apply, f"{name}(1/2)")


def _each(function: Callable[[Any], Value], example: str) -> Function:
    return one(_mapped(function), example)


_TRIGONOMETRIC = "sin cos tan cot sec csc"
_OTHERS = """asin acos atan acot asec acsc sinh cosh tanh coth asinh acosh atanh sign erf erfc re im arg
loggamma zeta"""

FUNCTIONS: dict[str, Function] = {
    **{n: one(_trigonometric(getattr(sp, n)), f"{n}(30°)") for n in _TRIGONOMETRIC.split()},
    **{name: _bounded(name) for name in _OTHERS.split()},
    "sqrt": one(lambda scope, v: power(scope, as_expression(v), sp.S.Half), "sqrt(16)"),
    "cbrt": one(lambda scope, value: _root(scope, value, sp.Integer(3)), "cbrt(27)"),
    "root": two(_root, "root(32, 5)"),
    "exp": one(_exp, "exp(2)"),
    "ln": one(lambda scope, value: _log(sp.E, scope, value), "ln(10)"),
    "log": Function(_log_any, (1, 2), "log(8, 2)"),
    "log10": one(lambda scope, value: _log(sp.Integer(10), scope, value), "log10(1000)"),
    "log2": one(lambda scope, value: _log(sp.Integer(2), scope, value), "log2(8)"),
    "logbase": two(lambda scope, base, value: _log(base, scope, value), "logbase(2, 8)"),
    "atan2": two(_both(sp.atan2), "atan2(1, 1)"),
    "beta": two(_both(sp.beta), "beta(2, 3)"),
    "hypot": two(_both(lambda a, b: sp.sqrt(a**2 + b**2)), "hypot(3, 4)"),
    "lambertw": _each(sp.LambertW, "lambertw(1)"),
    "abs": _each(sp.Abs, "abs(-3)"),
    "floor": _each(sp.floor, "floor(2.7)"),
    "ceil": _each(sp.ceiling, "ceil(2.1)"),
    "trunc": _each(lambda v: sp.sign(v) * sp.floor(sp.Abs(v)), "trunc(-2.7)"),
    "conj": _each(sp.conjugate, "conj(2+3i)"),
    "radians": _each(lambda value: value * sp.pi / 180, "radians(180)"),
    "degrees": _each(lambda value: value * 180 / sp.pi, "degrees(pi)"),
    "round": Function(_round, (1, 2), "round(2.345, 2)"),
    "min": many(_extreme(sp.Min), "min(3, 1, 2)"),
    "max": many(_extreme(sp.Max), "max(3, 1, 2)"),
    "mod": two(_mod, "mod(17, 5)"),
    "quotient": two(_quotient, "17 // 5"),
    "pow": Function(_pow, (2, 3), "pow(2, 10)"),
    "rational": two(_both(lambda a, b: a / b), "rational(1, 3)"),
    "percent_change": two(_percent_change, "percent_change(50, 75)"),
}
