"""Derivatives, integrals, limits, series, sums and products, with checks of what the algebra brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.kit.mathematics.cas import FAILURES, Value, mp, sp
from backend.kit.mathematics.errors import CannotCompute, NotUnderstood
from backend.kit.mathematics.patience import OutOfPatience, patience
from backend.kit.mathematics.scope import Report, Scope
from backend.kit.mathematics.statistics import add_up, multiply
from backend.kit.mathematics.syntax import Call, Compare, Items, Name, Node, Number, names_in
from backend.kit.mathematics.values import as_expression, as_integer
from backend.kit.mathematics.variables import main_variable, variable_in

_MAX_ORDER = 30
_MAX_DIRECT_TERMS = 2_000
_SAMPLES = (sp.Rational(37, 100), sp.Rational(113, 100), sp.Rational(271, 100))
_TOLERANCE = 1e-8


def _free(scope: Scope, name: str, part: Node, **assumptions: bool) -> tuple[Any, Any]:
    """Evaluate a part with the name as a free variable; gives the variable and the value."""
    symbol = sp.Symbol(name, **assumptions)
    with scope.bound(**{name: symbol}):
        return symbol, as_expression(scope.value(part))


def _unpacked(scope: Scope, call: Call, least: int) -> tuple[Node, str, tuple[Node, ...]]:
    """Read (f, x, ...) and (f, (x, ...)) alike; x is found when it was left out."""
    if not call.args:
        msg = f"{call.name}() needs a formula; example: {_EXAMPLES[call.name]}"
        raise NotUnderstood(msg)
    formula, rest = call.args[0], call.args[1:]
    if len(rest) == 1 and isinstance(rest[0], Items):
        rest = rest[0].items
    if rest and isinstance(rest[0], Name):
        return formula, rest[0].name, rest[1:]
    if rest and isinstance(rest[0], Compare) and isinstance(rest[0].first, Name):
        return formula, rest[0].first.name, (rest[0].rest[0][1], *rest[1:])
    if len(rest) < least:
        msg = f"{call.name}() needs more arguments; example: {_EXAMPLES[call.name]}"
        raise NotUnderstood(msg)
    return formula, main_variable(scope, formula), rest


def _differentiate(scope: Scope, call: Call) -> Value:
    """diff(f), diff(f, x), diff(f, x, 2), diff(f, x, y)."""
    formula, name, rest = _unpacked(scope, call, 0)
    symbol, result = _free(scope, name, formula)
    steps: list[tuple[Any, int]] = [(symbol, 1)]
    for part in rest:
        if isinstance(part, Name):
            steps.append((scope.symbol(part.name), 1))
        else:
            order = as_integer(
                scope.value(part), "the order of a derivative", low=1, high=_MAX_ORDER
            )
            steps[-1] = (steps[-1][0], order)
    for variable, order in steps:
        result = sp.diff(result, variable, order)
    return _tidy(result)


def _tidy(value: Value) -> Value:
    """Prefer a simpler writing when it is found at once and is not longer."""
    try:
        with patience(0.4):
            simple = sp.simplify(value)
    except (OutOfPatience, *FAILURES):
        return value
    return simple if sp.count_ops(simple) < sp.count_ops(value) else value


def _integrate(scope: Scope, call: Call) -> Value:
    """integrate(f), integrate(f, x), integrate(f, x, a, b), integrate(f, (x, a, b))."""
    formula, name, bounds = _unpacked(scope, call, 0)
    symbol, integrand = _free(scope, name, formula, real=True)
    if len(bounds) == 2:
        low, high = (as_expression(scope.value(bound)) for bound in bounds)
        return _definite(scope, integrand, (symbol, low, high))
    if bounds:
        msg = "an integral needs both bounds; example: integrate(x^2, x, 0, 1)"
        raise NotUnderstood(msg)
    try:
        with patience(2.0):
            found = sp.integrate(integrand, symbol)
    except OutOfPatience:
        msg = "no antiderivative was found in time"
        raise CannotCompute(msg) from None
    if found.has(*_unreadable()):
        msg = "no antiderivative in known functions was found; give bounds for a number"
        raise CannotCompute(msg)
    scope.note("plus an arbitrary constant C")
    if not _is_derivative(found, integrand, symbol):
        scope.note("not confirmed by differentiating")
    return found.subs(symbol, scope.symbol(name))


def _is_derivative(found: Value, integrand: Value, symbol: Value) -> bool:
    """Differentiate and compare at three places, other unknowns set to numbers."""
    gap = sp.diff(found, symbol) - integrand
    others = {
        one: sp.Rational(7, 5) + k
        for k, one in enumerate(sorted(gap.free_symbols - {symbol}, key=str))
    }
    for sample in _SAMPLES:
        value = gap.subs(others).subs(symbol, sample).evalf(20)
        if value.is_number and value.is_finite and abs(value) > _TOLERANCE:
            return False
    return True


def _definite(scope: Scope, integrand: Value, range_: tuple[Any, Any, Any]) -> Value:
    exact = _patiently(lambda: sp.integrate(integrand, range_))
    solved = exact is not None and not exact.has(*_unreadable())
    if not all(part.is_number for part in range_[1:]) or integrand.free_symbols - {range_[0]}:
        if not solved:
            msg = "no closed form was found for this integral"
            raise CannotCompute(msg)
        return exact
    if exact is not None and solved and exact.has(sp.oo, -sp.oo):
        msg = f"the integral diverges (to {'-' if exact is sp.S.NegativeInfinity else ''}infinity)"
        raise CannotCompute(msg)
    number, sure = _quadrature(integrand, range_)
    if solved:
        if number is None or not sure or _close(exact, number):
            return exact
        scope.note(
            "the exact antiderivative and the numeric integral disagree; the numeric value is given"
        )
    if number is None or not sure:
        msg = "the integral has no value that could be found: it may diverge"
        raise CannotCompute(msg)
    scope.inexact = True
    scope.note("computed numerically")
    return number


def _unreadable() -> tuple[Value, ...]:
    """Name what makes a closed form no answer: unsolved parts, undefined ones, hypergeometric series."""
    return (sp.Integral, sp.nan, sp.zoo, sp.hyper, sp.meijerg, sp.exp_polar)


def _patiently(work: Callable[[], Value], seconds: float = 1.4) -> Value:
    """Run the algebra for a while; None when it found nothing."""
    try:
        with patience(seconds):
            return work()
    except (OutOfPatience, *FAILURES):
        return None


def _quadrature(integrand: Value, range_: tuple[Any, Any, Any]) -> tuple[Any, bool]:
    """Integrate numerically; also tell whether the estimate of the error is small."""

    def work() -> tuple[Any, bool]:
        function = sp.lambdify(range_[0], integrand, "mpmath")
        with mp.workdps(20):
            low, high = (
                mp.mpf(str(part.evalf(25))) if part.is_finite else _infinite(part)
                for part in range_[1:]
            )
            value, error = mp.quad(function, _split(low, high), error=True)
            re, im = mp.re(value), mp.im(value)
            if not (mp.isfinite(re) and mp.isfinite(im)):
                return None, False
            number = sp.Float(re, 15) + (sp.I * sp.Float(im, 15) if abs(im) > _TOLERANCE else 0)
            return number, bool(error <= _TOLERANCE * (1 + abs(value)))

    return _patiently(work, 0.8) or (None, False)


def _infinite(bound: Value) -> Value:
    return mp.inf if bound is sp.oo else -mp.inf


def _split(low: Value, high: Value) -> list[Any]:
    finite = mp.isfinite(low) and mp.isfinite(high)
    return [low, (low + high) / 2, high] if finite else [low, high]


def _close(exact: Value, number: Value) -> bool:
    gap = abs(exact.evalf(20) - number)
    return bool(gap <= 1e-6 * (1 + abs(number)))


def _limit(scope: Scope, call: Call) -> Value:
    """limit(f, x, a) and limit(f, x, a, "+" or "-" as the names plus, minus, left, right)."""
    formula, name, rest = _unpacked(scope, call, 1)
    if not rest:
        msg = f"a limit needs the point; example: {_EXAMPLES['limit']}"
        raise NotUnderstood(msg)
    symbol, function = _free(scope, name, formula, real=True)
    point = as_expression(scope.value(rest[0]))
    side = {"plus": "+", "right": "+", "minus": "-", "left": "-"}.get(
        rest[1].name if len(rest) > 1 and isinstance(rest[1], Name) else ""
    )
    try:
        with patience(2.2):
            if side or not point.is_finite:
                return _existing(sp.limit(function, symbol, point, side or "+"))
            right = sp.limit(function, symbol, point, "+")
            left = sp.limit(function, symbol, point, "-")
    except OutOfPatience:
        msg = "no limit was found in time"
        raise CannotCompute(msg) from None
    if right != left and sp.simplify(right - left) != 0:
        msg = (
            f"the limit does not exist: from the left {_said(left)}, from the right {_said(right)}"
        )
        raise CannotCompute(msg)
    return _existing(right)


def _existing(value: Value) -> Value:
    if value.has(sp.AccumBounds, sp.Limit, sp.nan, sp.zoo):
        msg = "the limit does not exist, or was not found"
        raise CannotCompute(msg)
    return value


def _said(value: Value) -> str:
    return str(value).replace("oo", "infinity").replace("**", "^")


def _series(scope: Scope, call: Call) -> Value:
    """series(f, x), series(f, x, a), series(f, x, a, n): the terms below power n (default 6)."""
    formula, name, rest = _unpacked(scope, call, 0)
    symbol, function = _free(scope, name, formula)
    point = as_expression(scope.value(rest[0])) if rest else sp.Integer(0)
    order = (
        as_integer(scope.value(rest[1]), "the order", low=1, high=_MAX_ORDER)
        if len(rest) > 1
        else 6
    )
    found = _patiently(lambda: sp.series(function, symbol, point, order), 2.4)
    if found is None:
        msg = "no series was found"
        raise CannotCompute(msg)
    return found


def _running(kind: str) -> Callable[[Scope, Call], Value]:
    """Make sum(k^2, k, 1, n) and product(...); without an index the arguments themselves are taken."""

    def apply(scope: Scope, call: Call) -> Value:
        indexed = (len(call.args) == 2 and isinstance(call.args[1], Items)) or len(call.args) == 4
        if not indexed or (len(call.args) == 4 and not isinstance(call.args[1], Name)):
            values = [scope.value(part) for part in call.args]
            return (add_up if kind == "sum" else multiply)(scope, *values)
        formula, name, bounds = _unpacked(scope, call, 3)
        if len(bounds) != 2:
            msg = f"{kind}() needs index and bounds; example: {_EXAMPLES[kind]}"
            raise NotUnderstood(msg)
        low, high = (as_expression(scope.value(bound)) for bound in bounds)
        if low.is_Integer and high.is_Integer and high - low < _MAX_DIRECT_TERMS:
            return _term_by_term(scope, kind, (formula, name, range(int(low), int(high) + 1)))
        return _in_closed_form(scope, kind, (formula, name, (low, high)))

    return apply


def _term_by_term(scope: Scope, kind: str, over: tuple[Node, str, range]) -> Value:
    formula, name, numbers = over
    terms: list[Any] = []
    for number in numbers:
        with scope.bound(**{name: sp.Integer(number)}):
            terms.append(as_expression(scope.value(formula)))
    return sp.Add(*terms) if kind == "sum" else sp.Mul(*terms)


def _in_closed_form(scope: Scope, kind: str, over: tuple[Node, str, tuple[Any, Any]]) -> Value:
    formula, name, bounds = over
    symbol, term = _free(scope, name, formula, integer=True)
    function, unsolved = (sp.summation, sp.Sum) if kind == "sum" else (sp.product, sp.Product)
    found = _patiently(lambda: function(term, (symbol, *bounds)))
    if found is not None and not found.has(unsolved):
        if found.has(sp.oo, -sp.oo, sp.zoo, sp.nan):
            msg = f"the {kind} diverges"
            raise CannotCompute(msg)
        return _tidy(found)
    if not all(bound.is_number for bound in bounds) or term.free_symbols - {symbol}:
        msg = f"no closed form was found for this {kind}"
        raise CannotCompute(msg)
    if (
        kind == "sum"
        and sp.oo in bounds
        and _patiently(lambda: sp.Sum(term, (symbol, *bounds)).is_convergent(), 0.5) == sp.false
    ):
        msg = "the sum diverges"
        raise CannotCompute(msg)
    number = _patiently(lambda: unsolved(term, (symbol, *bounds)).evalf(15), 1.0)
    if number is None or not number.is_Float:
        msg = f"the {kind} was not found in time"
        raise CannotCompute(msg)
    scope.inexact = True
    scope.note("computed numerically")
    return number


def _at(scope: Scope, call: Call) -> Value:
    """at(f, x, 3): the value of a formula, derivative or antiderivative at a place."""
    if len(call.args) == 2 and isinstance(call.args[1], Number):
        formula, name, place = call.args[0], variable_in(scope, call.args[0]), call.args[1]
    else:
        formula, name, rest = _unpacked(scope, call, 1)
        if len(rest) != 1:
            msg = f"at() takes a formula, a variable and a value; example: {_EXAMPLES['at']}"
            raise NotUnderstood(msg)
        place = rest[0]
    value = as_expression(scope.value(place))
    if isinstance(formula, Call) and any(one.name == name for one in names_in(formula)):
        result = scope.value(formula)
        if isinstance(result, Report):
            msg = "a value can be set into a formula only"
            raise NotUnderstood(msg)
        return as_expression(result).subs(scope.symbol(name), value)
    with scope.bound(**{name: value}):
        return scope.value(formula)


_EXAMPLES = {
    "diff": "diff(x^3, x)",
    "integrate": "integrate(x^2, x, 0, 1)",
    "limit": "limit(sin(x)/x, x, 0)",
    "series": "series(exp(x), x, 0, 5)",
    "sum": "sum(k^2, k, 1, 10)",
    "product": "product(k, k, 1, 5)",
    "at": "at(x^2, x, 3)",
}

SPECIAL: dict[str, Callable[[Scope, Call], Value]] = {
    "diff": _differentiate,
    "integrate": _integrate,
    "limit": _limit,
    "series": _series,
    "sum": _running("sum"),
    "product": _running("product"),
    "at": _at,
}
