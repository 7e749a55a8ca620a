"""The table of functions: name, number of arguments, example, and what applies it.

PLAIN functions take evaluated arguments. SPECIAL ones take the parts of the formula unevaluated,
because they bind variables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backend.kit.mathematics import (
    algebra,
    calculus,
    elementary,
    integers,
    matrices,
    solving,
    statistics,
)
from backend.kit.mathematics.cas import Value
from backend.kit.mathematics.declaring import Function
from backend.kit.mathematics.scope import Scope
from backend.kit.mathematics.syntax import Call, names_in

PLAIN: dict[str, Function] = {
    **elementary.FUNCTIONS,
    **integers.FUNCTIONS,
    **statistics.FUNCTIONS,
    **matrices.FUNCTIONS,
    **algebra.FUNCTIONS,
}


def _int(scope: Scope, call: Call) -> Value:
    """Read int(3.7) as a whole number, as Python does, and int(x^2, x) as an integral."""
    if len(call.args) == 1 and not names_in(call):
        return PLAIN["trunc"].apply(scope, scope.value(call.args[0]))
    return calculus.SPECIAL["integrate"](scope, replace(call, name="integrate"))


SPECIAL: dict[str, Callable[[Scope, Call], Value]] = {
    **calculus.SPECIAL,
    **solving.SPECIAL,
    "int": _int,
}
