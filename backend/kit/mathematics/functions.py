"""The table of functions: name, number of arguments, example, and what applies it.

PLAIN functions take evaluated arguments. SPECIAL ones take the parts of the formula unevaluated,
because they bind variables.
"""

from __future__ import annotations

from collections.abc import Callable

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
from backend.kit.mathematics.syntax import Call

PLAIN: dict[str, Function] = {
    **elementary.FUNCTIONS,
    **integers.FUNCTIONS,
    **statistics.FUNCTIONS,
    **matrices.FUNCTIONS,
    **algebra.FUNCTIONS,
}

SPECIAL: dict[str, Callable[[Scope, Call], Value]] = {
    **calculus.SPECIAL,
    **solving.SPECIAL,
}
