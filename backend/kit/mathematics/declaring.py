"""How a function of the calculator is declared: what applies it, to how many values, and an example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.kit.mathematics.cas import Value
from backend.kit.mathematics.scope import Scope

MANY = 99_999


@dataclass(frozen=True, slots=True)
class Function:
    """`apply(scope, *values)`, how many values (least, most), and an example for messages."""

    apply: Callable[..., Any]
    arity: tuple[int, int]
    example: str


def one(apply: Callable[[Scope, Any], Value], example: str) -> Function:
    """Declare a function of one value."""
    return Function(apply, (1, 1), example)


def two(apply: Callable[[Scope, Any, Any], Value], example: str) -> Function:
    """Declare a function of two values."""
    return Function(apply, (2, 2), example)


def many(apply: Callable[..., Any], example: str) -> Function:
    """Declare a function of one list or of any number of values."""
    return Function(apply, (1, MANY), example)
