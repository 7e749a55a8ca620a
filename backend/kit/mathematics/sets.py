"""Writes sets of real numbers as a reader would: -2 < x < 2, x = n*pi for every whole n."""

from __future__ import annotations

from collections.abc import Callable

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.writing import decimal_text, exact_text

_READABLE = 60
_DIGITS = 15


def set_text(found: Value, name: str) -> str:
    """Say which values of the unknown are in the set."""
    if found == sp.Interval(-sp.oo, sp.oo):
        return f"every real {name}"
    for kind, write in _WRITERS.items():
        if isinstance(found, getattr(sp, kind)):
            return write(found, name)
    return f"{name} in {exact_text(found)}"


def _union(found: Value, name: str) -> str:
    return " or ".join(set_text(part, name) for part in sorted(found.args, key=_start))


def _finite(found: Value, name: str) -> str:
    return " or ".join(f"{name} = {_edge(one)}" for one in sorted(found, key=float))


def _complement(found: Value, name: str) -> str:
    rest = ", ".join(exact_text(one) for one in found.args[1])
    return f"{set_text(found.args[0], name)} except {rest}"


def _start(part: Value) -> float:
    edge = getattr(part, "inf", None) if isinstance(part, sp.Interval | sp.FiniteSet) else None
    return float(edge) if edge is not None else 0.0


def is_rounded(found: Value) -> bool:
    """Tell whether `set_text` has to round a bound of the set, which has no short exact form."""
    return any(_long(edge) for edge in found.boundary) if found.boundary.is_FiniteSet else False


def _long(edge: Value) -> bool:
    return edge.has(sp.polys.rootoftools.ComplexRootOf) or len(exact_text(edge)) > _READABLE


def _edge(edge: Value) -> str:
    return str(decimal_text(edge, _DIGITS)) if _long(edge) else exact_text(edge)


def _interval(found: Value, name: str) -> str:
    low, high = found.start, found.end
    left = "<" if found.left_open else "<="
    right = "<" if found.right_open else "<="
    if low == -sp.oo:
        return f"{name} {right} {_edge(high)}"
    if high == sp.oo:
        return f"{name} {'>' if found.left_open else '>='} {_edge(low)}"
    return f"{_edge(low)} {left} {name} {right} {_edge(high)}"


def _image(found: Value, name: str) -> str:
    variable = found.lamda.variables[0]
    body = found.lamda.expr.subs(variable, sp.Symbol("n"))
    return f"{name} = {exact_text(sp.expand(body))} for every whole number n"


_WRITERS: dict[str, Callable[[Value, str], str]] = {
    "Union": _union,
    "Interval": _interval,
    "FiniteSet": _finite,
    "ImageSet": _image,
    "Complement": _complement,
}
