"""Equations, systems and inequalities; solutions are put back into the equations before they are told."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

from backend.kit.mathematics.cas import FAILURES, Value, mp, sp
from backend.kit.mathematics.errors import CannotCompute, NotUnderstood
from backend.kit.mathematics.patience import OutOfPatience, patience
from backend.kit.mathematics.scope import Report, Scope
from backend.kit.mathematics.sets import is_rounded, set_text
from backend.kit.mathematics.syntax import Call, Compare, Items, Name, Node, Several
from backend.kit.mathematics.values import as_expression
from backend.kit.mathematics.variables import ranked
from backend.kit.mathematics.writing import decimal_text, exact_text, latex_text, terminating_text

_MAX_EQUATIONS = 8
_READABLE = 60
_TOLERANCE = 1e-9
_GRID = 500
_HALVINGS = 70
_MAX_LISTED = 20
_NEAR = 1e-6
_STARTS = (1, -1, 5, 0)
_ENOUGH = 8
_MAX_ALL_ROOTS = 20
_SECONDS = 1.5


def _solve(scope: Scope, call: Call) -> Report:
    """solve(equations..., unknowns...): an expression alone is set equal to 0."""
    relations, names = _sorted_out(scope, call.args)
    if not relations:
        msg = "solve needs an equation; example: solve(x^2 = 4, x)"
        raise NotUnderstood(msg)
    if len(relations) > _MAX_EQUATIONS:
        msg = f"at most {_MAX_EQUATIONS} equations are solved together"
        raise CannotCompute(msg)
    scope.variables.update(names)
    values = [_relation(scope.value(part)) for part in relations]
    return solve_relations(scope, values, names)


def _sorted_out(scope: Scope, parts: tuple[Node, ...]) -> tuple[list[Node], list[str]]:
    """Tell equations from unknowns; either may come in a list."""
    flat: list[Node] = []
    for part in parts:
        flat += (
            part.items
            if isinstance(part, Items)
            else part.parts
            if isinstance(part, Several)
            else (part,)
        )
    relations = [part for part in flat if not isinstance(part, Name) or part is flat[0]]
    names = [part.name for part in flat if isinstance(part, Name) and part is not flat[0]]
    return relations, [name for name in names if name not in scope.values]


def _relation(value: Value) -> Value:
    if isinstance(value, sp.logic.boolalg.Boolean):
        return value
    return sp.Eq(as_expression(value), 0, evaluate=False)


def solve_relations(scope: Scope, relations: list[Any], names: list[str]) -> Report:
    """Solve relations for the named unknowns; without names for those that occur.

    Raises:
        CannotCompute: when there is no solution or none was found.
    """
    if any(one is sp.false for one in relations):
        msg = "there is no solution: the statement is false"
        raise CannotCompute(msg)
    relations = [one for one in relations if one is not sp.true]
    if not relations:
        msg = "every value is a solution: the statement is always true"
        raise CannotCompute(msg)
    free = {str(symbol) for one in relations for symbol in one.free_symbols}
    if not free:
        msg = "there is no unknown to solve for; example: solve(x^2 = 4, x)"
        raise NotUnderstood(msg)
    unknowns = [name for name in names if name in free] or _unknowns(free, relations)
    symbols = [sp.Symbol(name) for name in unknowns]
    if any(not isinstance(one, sp.Eq) for one in relations):
        return _inequalities(scope, relations, symbols)
    if len(relations) == 1 and len(symbols) == 1:
        return _one_equation(scope, relations[0], symbols[0])
    return _system(scope, relations, symbols)


def _unknowns(free: set[str], relations: list[Any]) -> list[str]:
    names = ranked(free)
    if len(relations) > 1:
        return names[: len(relations)] if len(names) > len(relations) else names
    lone = str(relations[0].args[0]) if getattr(relations[0], "args", ()) else ""
    return [lone if lone in free else names[0]]


def _one_equation(scope: Scope, equation: Value, x: Value) -> Report:
    left, right = equation.lhs, equation.rhs
    function = left - right
    if sp.simplify(function) == 0:
        msg = f"every value of {x} is a solution"
        raise CannotCompute(msg)
    polynomial = function.is_polynomial(x)
    whole: Value = None
    if polynomial:
        found = _polynomial_roots(scope, function, x)
    else:
        whole = _patiently(lambda: sp.solveset(function, x, sp.S.Reals), 1.1)
        found = _listed(whole, lambda: _patiently(lambda: sp.solve(function, x), 0.7))
    if not polynomial and isinstance(whole, sp.Union | sp.ImageSet):
        return _periodic(whole, x)
    if polynomial and found is None:
        raise CannotCompute("the solutions were not found in time")
    if found is None or (not found and not polynomial and whole is not sp.S.EmptySet):
        return _by_search(scope, function, x)
    checked = [(one, _holds([function], {x: one})) for one in found]
    kept = [(one, good) for one, good in checked if good is not False]
    if not kept:
        raise CannotCompute(
            "there is no real solution" if not found else "no real solution was found"
        )
    if not polynomial and not isinstance(whole, sp.FiniteSet):
        scope.note("there may be further solutions")
    return _solutions(scope, [({x: one}, good) for one, good in kept])


def _polynomial_roots(scope: Scope, function: Value, x: Value) -> Value:
    """Find all roots: in radicals where there are such, otherwise numerically."""
    polynomial = sp.Poly(function, x)
    if polynomial.degree() > _MAX_ALL_ROOTS:
        scope.note("only the real solutions were looked for")
        return _patiently(lambda: list(dict.fromkeys(sp.real_roots(polynomial))))
    exact: dict[Value, int] = _patiently(lambda: sp.roots(polynomial)) or {}
    if sum(exact.values()) == polynomial.degree():
        return list(exact)
    if not all(one.is_Rational for one in polynomial.all_coeffs()):
        return _patiently(lambda: sp.solve(function, x))
    found = _patiently(lambda: polynomial.nroots(n=scope.digits + 5, maxsteps=200))
    if found is not None:
        scope.inexact = True
        scope.note("roots found numerically")
    return found


def _listed(whole: Value, otherwise: Callable[[], Value]) -> Value:
    if isinstance(whole, sp.FiniteSet):
        return list(whole)
    return otherwise()


def _periodic(whole: Value, x: Value) -> Report:
    text = set_text(whole, str(x))
    return Report(kind="solutions", exact=text, latex=latex_text(whole), standalone=True)


def _patiently(work: Callable[[], Value], seconds: float = _SECONDS) -> Value:
    try:
        with patience(seconds):
            return work()
    except (OutOfPatience, *FAILURES):
        return None


def _by_search(scope: Scope, function: Value, x: Value) -> Report:
    """Look for real roots numerically between -100 and 100 where the algebra found none."""
    if function.free_symbols - {x}:
        msg = "no solution in known functions was found"
        raise CannotCompute(msg)
    roots: list[Value] = _patiently(lambda: _real_roots(function, x), 0.7) or []
    if not roots:
        msg = "no solution was found, neither exactly nor numerically between -100 and 100"
        raise CannotCompute(msg)
    scope.note("found numerically between -100 and 100; there may be further solutions")
    return _solutions(scope, [({x: _exactly(function, x, root)}, True) for root in roots])


def _exactly(function: Value, x: Value, root: Value) -> Value:
    """Take the whole number next to a root when it is a solution exactly."""
    whole = sp.Integer(int(mp.nint(root)))
    near = abs(root - int(whole)) < _NEAR
    return whole if near and function.subs(x, whole) == 0 else sp.Float(root, 17)


def _real_roots(function: Value, x: Value) -> list[Value]:
    """Halve every interval of a grid over which the sign changes; a pole is no root."""
    f = sp.lambdify(x, function, "mpmath")
    grid = [mp.mpf(k) / 5 + mp.mpf("0.013") for k in range(-_GRID, _GRID)]
    with mp.workdps(20):
        points = [(place, _real_value(f, place)) for place in grid]
        crossings = [
            (low, high)
            for (low, below), (high, above) in pairwise(points)
            if below is not None and above is not None and below * above <= 0
        ]
        crossings.sort(key=lambda pair: abs(pair[0] + pair[1]))
        found = [_halved(f, low, high) for low, high in crossings[:_MAX_LISTED]]
        return [root for root in found if abs(f(root)) < _TOLERANCE]


def _halved(f: Callable[[Value], Value], low: Value, high: Value) -> Value:
    rising = _real_value(f, low) < 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        value = _real_value(f, middle)
        if value is None or value == 0:
            return middle
        low, high = (middle, high) if (value < 0) is rising else (low, middle)
    return (low + high) / 2


def _real_value(f: Callable[[Any], Value], place: Value) -> Value:
    try:
        value = f(place)
    except FAILURES:
        return None
    return mp.re(value) if mp.im(value) == 0 and mp.isfinite(value) else None


def _system(scope: Scope, relations: list[Value], symbols: list[Value]) -> Report:
    functions = [one.lhs - one.rhs for one in relations]
    found: list[dict[Value, Value]] = (
        _patiently(lambda: sp.solve(functions, symbols, dict=True), 1.4) or []
    )
    kept = [(one, good) for one in found if (good := _holds(functions, one)) is not False]
    if not kept and _contradictory(functions, symbols):
        raise CannotCompute("there is no solution")
    if not kept:
        return _system_by_search(scope, functions, symbols)
    free = {str(symbol) for one in found for symbol in symbols if symbol not in one}
    if free:
        scope.note(f"{', '.join(sorted(free))} can be chosen freely")
    if not all(function.is_polynomial(*symbols) for function in functions):
        scope.note("there may be further solutions")
    return _solutions(scope, kept)


def _contradictory(functions: list[Value], symbols: list[Value]) -> bool:
    """Prove that polynomial equations contradict each other: their Groebner basis is 1."""
    if not all(function.is_polynomial(*symbols) for function in functions):
        return False
    basis = _patiently(lambda: sp.groebner(functions, *symbols), 0.5)
    return basis is not None and list(basis) == [1]


def _system_by_search(scope: Scope, functions: list[Value], symbols: list[Value]) -> Report:
    """Look for real solutions numerically from a few starting points."""
    unknown = {symbol for function in functions for symbol in function.free_symbols}
    if len(functions) != len(symbols) or unknown - set(symbols):
        raise CannotCompute("no solution was found")
    found: dict[str, dict[Value, Value]] = {}
    for start in product(_STARTS, repeat=len(symbols)):
        root = _patiently(lambda at=start: sp.nsolve(functions, symbols, at, prec=20), 0.2)
        if root is not None:
            solution = dict(zip(symbols, root, strict=True))
            found.setdefault(", ".join(str(one.round(8)) for one in root), solution)
        if len(found) >= _ENOUGH:
            break
    kept: list[tuple[dict[Value, Value], bool | None]] = [
        (one, True) for one in found.values() if _holds(functions, one)
    ]
    if not kept:
        raise CannotCompute("no solution was found, neither exactly nor numerically")
    scope.inexact = True
    scope.note("found numerically from a few starting points; there may be further solutions")
    return _solutions(scope, kept)


def _holds(functions: list[Any], solution: dict[Any, Any]) -> bool | None:
    """Put a solution back; None when it cannot be told, for instance because of other unknowns."""
    known = True
    for function in functions:
        gap = _patiently(lambda f=function: f.subs(solution).evalf(20, maxn=60), 0.5)
        if gap is None or not gap.is_number:
            known = False
        elif gap.has(sp.zoo, sp.nan) or abs(gap) > _TOLERANCE * (1 + _size(solution)):
            return False
    return True if known else None


def _size(solution: dict[Any, Any]) -> Value:
    sizes = [abs(one.evalf(15)) for one in solution.values() if one.is_number]
    return max(sizes, default=0) ** 2


def _solutions(scope: Scope, found: list[tuple[dict[Any, Any], bool | None]]) -> Report:
    found = sorted(found, key=lambda pair: [_place(one) for one in pair[0].values()])
    items = tuple(
        {str(x): _told(scope, one) for x, one in solution.items()} for solution, _ in found
    )
    texts = [", ".join(f"{x} {told['text']}" for x, told in item.items()) for item in items]
    latex = [
        r",\; ".join(f"{sp.latex(x)} = {latex_text(one)}" for x, one in solution.items())
        for solution, _ in found
    ]
    shown = tuple(
        {x: {k: v for k, v in told.items() if k != "text"} for x, told in i.items()} for i in items
    )
    if any(told["exact"] is None for item in items for told in item.values()):
        scope.inexact = True
        scope.note("rounded where ≈ stands")
    joint = " or " if len(found[0][0]) == 1 else "; or "
    verified = (
        all(good for _, good in found) if all(good is not None for _, good in found) else None
    )
    return Report(
        kind="solutions",
        exact=joint.join(texts),
        latex=r" \;\lor\; ".join(latex),
        items=shown,
        verified=verified,
        standalone=True,
    )


def _told(scope: Scope, value: Value) -> dict[str, Any]:
    """Write one solution: exactly when that is readable, and as a decimal when that says more."""
    simple = _patiently(lambda: sp.simplify(value), 0.4)
    value = simple if simple is not None and sp.count_ops(simple) < sp.count_ops(value) else value
    exact = exact_text(value)
    decimal = decimal_text(value, scope.digits)
    if value.has(sp.Float) or "CRootOf" in exact or (decimal and len(exact) > _READABLE):
        return {"exact": None, "decimal": decimal, "text": f"≈ {decimal}"}
    sign = "=" if decimal == terminating_text(value) else "≈"
    text = f"= {exact}" + (f" {sign} {decimal}" if decimal and decimal != exact else "")
    return {"exact": exact, "decimal": decimal, "text": text}


def _place(value: Value) -> tuple[float, float, str]:
    if not value.is_number:
        return 0.0, 0.0, str(value)
    re, im = value.evalf(15).as_real_imag()
    return float(re), float(im), ""


def _inequalities(scope: Scope, relations: list[Any], symbols: list[Any]) -> Report:
    if len(symbols) != 1:
        msg = "inequalities are solved in one unknown only"
        raise CannotCompute(msg)
    (x,) = symbols
    real = sp.Symbol(str(x), real=True)
    found = _patiently(lambda: _intersection([one.subs(x, real) for one in relations], real), 2.3)
    if found is None or found.has(sp.ConditionSet):
        msg = "the inequality could not be solved"
        raise CannotCompute(msg)
    if found is sp.S.EmptySet:
        msg = "there is no real solution"
        raise CannotCompute(msg)
    if is_rounded(found):
        scope.inexact = True
        scope.note("bounds are rounded")
    text = set_text(found, str(x))
    return Report(kind="set", exact=text, latex=latex_text(found), verified=None, standalone=True)


def _intersection(relations: list[Any], x: Value) -> Value:
    found: Value = sp.S.Reals
    for relation in relations:
        links = relation.args if isinstance(relation, sp.And) else (relation,)
        for link in links:
            found = sp.Intersection(found, sp.solveset(link, x, sp.S.Reals))
    return found


def _equation(scope: Scope, call: Call) -> Value:
    if len(call.args) != 2:
        raise NotUnderstood(
            "Eq() takes the two sides of an equation; example: solve(Eq(x^2, 4), x)"
        )
    return scope.value(Compare(call.args[0], (("=", call.args[1]),)))


SPECIAL: dict[str, Callable[[Scope, Call], Value]] = {"solve": _solve, "eq": _equation}
