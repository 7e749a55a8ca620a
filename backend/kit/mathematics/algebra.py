"""Rewriting formulas: simplify, expand, factor and their kin."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.declaring import Function, one
from backend.kit.mathematics.errors import CannotCompute
from backend.kit.mathematics.integers import factors_report
from backend.kit.mathematics.scope import Scope
from backend.kit.mathematics.values import as_expression, as_integer, as_matrix, is_matrix

_MAX_TERMS = 1_000
MAX_PRECISION = 1_000


def _guard_expansion(expression: Value) -> None:
    """Refuse powers of sums that would multiply out to thousands of terms."""
    for power in expression.atoms(sp.Pow):
        base, exponent = power.as_base_exp()
        if not (base.is_Add and exponent.is_Integer):
            continue
        n, k = abs(int(exponent)), len(base.args)
        digits = sum(len(str(abs(c.p))) for c in base.atoms(sp.Integer)) * n
        too_many = n > _MAX_TERMS or math.comb(n + k - 1, k - 1) > _MAX_TERMS
        if too_many or digits > 100_000:
            msg = f"multiplied out it would have more than {_MAX_TERMS} terms"
            raise CannotCompute(msg)


def _rewriting(function: Callable[[Any], Value], *, expands: bool = False) -> Value:
    def apply(_: Scope, value: Value) -> Value:
        if is_matrix(value):
            return as_matrix(value).applyfunc(function)
        if isinstance(value, sp.logic.boolalg.Boolean):
            return sp.simplify(value)
        expression = as_expression(value)
        if expands:
            _guard_expansion(expression)
        return function(expression)

    return apply


def _simplify(expression: Value) -> Value:
    simple = sp.simplify(expression)
    return simple if sp.count_ops(simple) <= sp.count_ops(expression) else expression


def _factor(_: Scope, value: Value) -> Value:
    expression = as_expression(value)
    if expression.is_Integer:
        return factors_report(int(expression))
    _guard_expansion(expression)
    return sp.factor(expression)


def _evalf(scope: Scope, value: Value, digits: Value = None) -> Value:
    if digits is not None:
        scope.digits = as_integer(digits, "the number of digits", low=1, high=MAX_PRECISION)
    scope.decimals = True
    return value


FUNCTIONS: dict[str, Function] = {
    "simplify": one(_rewriting(_simplify), "simplify((x^2-1)/(x-1))"),
    "expand": one(_rewriting(sp.expand, expands=True), "expand((x+1)^3)"),
    "factor": one(_factor, "factor(x^2-4)"),
    "apart": one(_rewriting(sp.apart, expands=True), "apart(1/(x^2-1))"),
    "together": one(_rewriting(sp.together), "together(1/x+1/y)"),
    "cancel": one(_rewriting(sp.cancel, expands=True), "cancel((x^2-1)/(x-1))"),
    "evalf": Function(_evalf, (1, 2), "evalf(pi, 50)"),
}
