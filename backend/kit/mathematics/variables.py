"""Which unknown a formula is about when nobody said it."""

from __future__ import annotations

from backend.kit.mathematics.errors import NotUnderstood
from backend.kit.mathematics.scope import Scope
from backend.kit.mathematics.syntax import Node
from backend.kit.mathematics.values import as_expression

_PREFERENCE = "xyztnuvwsrabc"


def ranked(names: set[str]) -> list[str]:
    """Order names by how likely they are the unknown: x, y, z, t, n, then the alphabet."""
    return sorted(names, key=lambda n: (_PREFERENCE.find(n) if n in _PREFERENCE else 99, n))


def main_variable(scope: Scope, formula: Node) -> str:
    """Find the variable of a formula; x when it has none.

    Raises:
        NotUnderstood: when there are several and none of them is x.
    """
    free = {str(one) for one in as_expression(scope.value(formula)).free_symbols}
    return _chosen(free)


def variable_in(scope: Scope, formula: Node) -> str:
    """Like main_variable, for a formula that may be a relation."""
    value = scope.value(formula)
    return _chosen({str(one) for one in getattr(value, "free_symbols", set[object]())})


def _chosen(free: set[str]) -> str:
    if not free or "x" in free:
        return "x"
    if len(free) > 1:
        names = ", ".join(sorted(free))
        msg = f"say which variable is meant: {names}"
        raise NotUnderstood(msg)
    return next(iter(free))
