"""Turns a parsed formula into values of the algebra system, node by node, within bounds.

Values are SymPy expressions, matrices, relations and truth values, lists of those, and Reports.
"""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

from backend.kit.mathematics import units
from backend.kit.mathematics.cas import FAILURES, Value, sp
from backend.kit.mathematics.errors import CannotCompute, NotUnderstood
from backend.kit.mathematics.functions import PLAIN, SPECIAL
from backend.kit.mathematics.magnitude import power, sized
from backend.kit.mathematics.scope import Report, Scope
from backend.kit.mathematics.syntax import (
    Absolute,
    Call,
    Compare,
    Items,
    Name,
    Negative,
    Node,
    Number,
    Postfix,
    Power,
    Product,
    Several,
    Sum,
    written,
)
from backend.kit.mathematics.values import as_expression, as_integer, as_matrix, is_matrix

_MAX_MATRIX_POWER = 1_000
_MAX_SHIFT_BITS = 30_000
_UNKNOWN = re.compile(r"[^\W\d_](?:_?\d{1,3}|_\w{1,8})?")
_GREEK = frozenset([
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lamda",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "rho",
    "sigma",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
])
_RELATIONS = {"=": "Eq", "!=": "Ne", "<": "Lt", "<=": "Le", ">": "Gt", ">=": "Ge"}


def constants() -> dict[str, Any]:
    """Name the constants and number words a formula may use."""
    return {
        "pi": sp.pi, "Pi": sp.pi, "PI": sp.pi, "e": sp.E, "E": sp.E, "i": sp.I, "I": sp.I, "j": sp.I,
        "tau": 2 * sp.pi, "oo": sp.oo, "inf": sp.oo, "Inf": sp.oo, "Infinity": sp.oo,
        "golden_ratio": sp.GoldenRatio, "GoldenRatio": sp.GoldenRatio, "euler_gamma": sp.EulerGamma,
        "EulerGamma": sp.EulerGamma, "true": sp.true, "false": sp.false, "True": sp.true,
        "False": sp.false, "thousand": sp.Integer(1_000), "million": sp.Integer(10**6),
        "billion": sp.Integer(10**9), "trillion": sp.Integer(10**12), "dozen": sp.Integer(12),
        "hundred": sp.Integer(100), "deg": sp.pi / 180, "degree": sp.pi / 180, "degrees": sp.pi / 180,
        "rad": sp.Integer(1), "radian": sp.Integer(1), "radians": sp.Integer(1),
    }  # fmt: skip


def build(scope: Scope, node: Node) -> Value:
    """Evaluate a node.

    Raises:
        NotUnderstood: for an unknown word or a wrong number of arguments.
        CannotCompute: when there is no value, or none within bounds.
    """
    try:
        return _BUILDERS[type(node)](scope, node)
    except FAILURES as exc:
        if isinstance(exc, NotUnderstood | CannotCompute):
            raise
        reason = str(exc).splitlines()[0][:120] if str(exc) else type(exc).__name__
        msg = f"{written(node)[:60]} has no value here ({reason})"
        raise CannotCompute(msg) from exc


def _number(scope: Scope, node: Number) -> Value:
    text = node.text.casefold()
    if text[:2] in {"0x", "0b", "0o"}:
        return sp.Integer(int(text, 0))
    mantissa, _, exponent = text.partition("e")
    whole, point, decimals = mantissa.partition(".")
    scope.decimals |= bool(point or exponent)
    value = sp.Rational(int((whole + decimals) or "0"), 10 ** len(decimals))
    if exponent:
        value *= power(scope, sp.Integer(10), sp.Integer(int(exponent)))
    return sized(scope, value)


def _name(scope: Scope, node: Name) -> Value:
    name = node.name
    if name in scope.values:
        return scope.values[name]
    if name in scope.variables:
        return scope.symbol(name)
    known = _known(scope, name)
    return known if known is not None else _unknown(scope, node)


def _known(scope: Scope, name: str) -> Value | None:
    """Find a unit, an angle or a constant."""
    if name in {"degC", "degF"}:
        raise CannotCompute(
            "temperatures in °C and °F are points on a scale and cannot be computed with; "
            "convert one at a time (20 °C to K) or use K"
        )
    unit = units.find(name) if scope.units else None
    if unit is not None:
        scope.first_units.append(name)
        return unit
    return constants().get(name)


def _unknown(scope: Scope, node: Name) -> Value:
    name = node.name
    if _UNKNOWN.fullmatch(name) or name.casefold() in _GREEK:
        return scope.symbol(name)
    if set(name) <= set("xyz"):
        return sp.Mul(*[scope.symbol(letter) for letter in name])
    msg = (
        f"{name!r} at character {node.at + 1} is not a function, unit, constant or variable; "
        "variables are single letters such as x, and words do not belong into a formula"
    )
    raise NotUnderstood(msg)


def _call(scope: Scope, node: Call) -> Value:
    special = SPECIAL.get(node.name)
    if special is not None:
        return special(scope, node)
    function = PLAIN[node.name]
    low, high = function.arity
    if not low <= len(node.args) <= high:
        wanted = f"{low}" if low == high else f"{low} to {high}" if high < 99 else f"{low} or more"
        msg = f"{node.name}() takes {wanted} arguments, not {len(node.args)}; example: {function.example}"
        raise NotUnderstood(msg)
    return sized(scope, function.apply(scope, *[scope.value(arg) for arg in node.args]))


def _power(scope: Scope, node: Power) -> Value:
    base, exponent = scope.value(node.base), scope.value(node.exponent)
    if is_matrix(base):
        if node.exponent == Name("T"):
            return as_matrix(base).T
        times = as_integer(
            exponent, "the power of a matrix", low=-_MAX_MATRIX_POWER, high=_MAX_MATRIX_POWER
        )
        matrix = as_matrix(base)
        if times < 0 and matrix.det() == 0:
            msg = "the matrix is singular: it has no inverse"
            raise CannotCompute(msg)
        return matrix**times
    return power(scope, as_expression(base), as_expression(exponent))


def _sum(scope: Scope, node: Sum) -> Value:
    """Add up; `200 + 10%` means 10 percent of the 200, as on a pocket calculator."""
    total = scope.value(node.terms[0][1])
    plain_start = not _is_percent(node.terms[0][1])
    for sign, part in node.terms[1:]:
        term = scope.value(part)
        if plain_start and _is_percent(part):
            term = as_expression(term) * as_expression(total)
            scope.note("a percentage after + or - is taken of what stands before it")
        total = _added(total, term, 1 if sign == "+" else -1)
        total = sized(scope, total)
    return total


def _is_percent(node: Node) -> bool:
    return isinstance(node, Postfix) and node.sign == "%"


def _added(a: Value, b: Value, sign: int) -> Value:
    if not (is_matrix(a) or is_matrix(b)):
        return as_expression(a) + sign * as_expression(b)
    left, right = as_matrix(a), as_matrix(b)
    if left.shape != right.shape:
        msg = f"matrices of {_shape(left)} and {_shape(right)} cannot be added"
        raise CannotCompute(msg)
    return _like(left + sign * right, a, b)


def _like(matrix: Value, *operands: Value) -> Value:
    """Give a column back as a flat list when it was written as one."""
    flat = any(isinstance(one, list) and not isinstance(one[0], list) for one in operands)
    return list(matrix) if flat and matrix.cols == 1 else matrix


def _shape(matrix: Value) -> str:
    return f"{matrix.rows}x{matrix.cols}"


def _product(scope: Scope, node: Product) -> Value:
    first = node.factors[0][1]
    if len(node.factors) == 2 and node.factors[1][0] == "mod" and isinstance(first, Power):
        return _power_modulo(scope, first, node.factors[1][1])
    result = scope.value(first)
    for sign, part in node.factors[1:]:
        result = sized(scope, _combined(scope, sign, (result, scope.value(part))))
    return result


def _combined(scope: Scope, sign: str, pair: tuple[Any, Any]) -> Value:
    if sign in {"*", ""}:
        return _multiplied(*pair)
    a, b = pair
    if sign in {"<<", ">>"}:
        bits = as_integer(b, "a shift", low=0, high=_MAX_SHIFT_BITS)
        number = as_integer(a, "a shifted number")
        return sp.Integer(number << bits if sign == "<<" else number >> bits)
    divisor = as_expression(b)
    if divisor.is_zero:
        msg = "division by zero"
        raise CannotCompute(msg)
    if sign == "/":
        return _like(as_matrix(a) / divisor, a) if is_matrix(a) else as_expression(a) / divisor
    return PLAIN["mod" if sign == "mod" else "quotient"].apply(scope, a, b)


def _multiplied(a: Value, b: Value) -> Value:
    if not (is_matrix(a) and is_matrix(b)):
        left = as_matrix(a) if is_matrix(a) else as_expression(a)
        right = as_matrix(b) if is_matrix(b) else as_expression(b)
        product = left * right
        return _like(product, a, b) if is_matrix(product) else product
    if isinstance(a, list) and isinstance(b, list) and not isinstance((a or [0])[0], list):
        msg = "two lists have no single product; write dot(a, b) or cross(a, b)"
        raise CannotCompute(msg)
    left, right = as_matrix(a), as_matrix(b)
    if left.cols != right.rows:
        msg = f"matrices of {_shape(left)} and {_shape(right)} cannot be multiplied"
        raise CannotCompute(msg)
    return _like(left * right, b)


def _power_modulo(scope: Scope, node: Power, modulus: Node) -> Value:
    """Compute b^e mod m without the power itself, for whole numbers; otherwise the plain way."""
    base, exponent, divisor = (scope.value(part) for part in (node.base, node.exponent, modulus))
    whole = all(getattr(one, "is_Integer", False) for one in (base, exponent, divisor))
    if whole and exponent >= 0 and divisor != 0:
        return sp.Integer(pow(int(base), int(exponent), int(divisor)))
    return _combined(scope, "mod", (_power(scope, node), divisor))


def _negative(scope: Scope, node: Negative) -> Value:
    return _multiplied(sp.Integer(-1), scope.value(node.of))


def _postfix(scope: Scope, node: Postfix) -> Value:
    value = scope.value(node.of)
    if node.sign == "%":
        return as_expression(value) / 100
    if node.sign == "°":
        return as_expression(value) * sp.pi / 180
    return PLAIN["factorial" if node.sign == "!" else "factorial2"].apply(scope, value)


def _absolute(scope: Scope, node: Absolute) -> Value:
    value = scope.value(node.of)
    return as_matrix(value).det() if is_matrix(value) else sp.Abs(as_expression(value))


def _items(scope: Scope, node: Items) -> Value:
    return [scope.value(item) for item in node.items]


def _compare(scope: Scope, node: Compare) -> Value:
    """Make a relation; a chain is the conjunction of its links. Decided when nothing is unknown."""
    sides = [scope.value(node.first), *[scope.value(part) for _, part in node.rest]]
    links: list[Any] = []
    for index, (sign, _) in enumerate(node.rest):
        left, right = sides[index], sides[index + 1]
        if is_matrix(left) or is_matrix(right):
            same = as_matrix(left) == as_matrix(right)
            links.append(sp.true if same is (sign == "=") else sp.false)
        else:
            links.append(_link(scope, sign, (as_expression(left), as_expression(right))))
    return reduce(sp.And, links)


def _link(scope: Scope, sign: str, sides: tuple[Any, Any]) -> Value:
    left, right = sides
    if (left - right).free_symbols - units.bases():
        return getattr(sp, _RELATIONS[sign])(left, right)
    if scope.units:
        units.comparable(left, right)
    gap = left - right
    if gap.is_zero is None:
        gap = sp.simplify(gap)
    if sign in {"=", "!="}:
        equal = gap.equals(0) if gap.is_zero is None else gap.is_zero
        if equal is None:
            msg = "whether both sides are equal cannot be decided"
            raise CannotCompute(msg)
        return sp.true if bool(equal) is (sign == "=") else sp.false
    return getattr(sp, _RELATIONS[sign])(gap, 0)


def _several(scope: Scope, node: Several) -> Value:
    parts = [scope.value(part) for part in node.parts]
    if any(isinstance(part, Report) for part in parts):
        msg = "give one question at a time"
        raise NotUnderstood(msg)
    return parts


_BUILDERS: dict[type, Any] = {
    Number: _number,
    Name: _name,
    Call: _call,
    Power: _power,
    Sum: _sum,
    Product: _product,
    Negative: _negative,
    Postfix: _postfix,
    Absolute: _absolute,
    Items: _items,
    Compare: _compare,
    Several: _several,
}
