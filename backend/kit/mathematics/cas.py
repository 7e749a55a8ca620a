"""The boundary to the computer algebra system: SymPy and mpmath, untyped from here on.

Text never reaches SymPy: its `sympify`, `parse_expr` and `S` evaluate Python. Only objects do.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import mpmath
import sympy

sp: Any = sympy
# A number, formula, matrix, relation, list of those, or Report: SymPy has no types to tell them apart.
Value: TypeAlias = Any

mp: Any = mpmath.mp


# What SymPy raises for inputs it does not handle; anything else is a bug and propagates.
FAILURES: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
