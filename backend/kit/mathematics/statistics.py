"""Statistics of short lists, exact for exact numbers.

Not for: data sets (the data tool reads those).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.declaring import Function, many
from backend.kit.mathematics.errors import CannotCompute
from backend.kit.mathematics.scope import Scope
from backend.kit.mathematics.values import as_numbers


def _mean(_: Scope, *values: Value) -> Value:
    numbers = as_numbers(values)
    return sp.Add(*numbers) / len(numbers)


def _ordered(values: tuple[Any, ...]) -> list[Any]:
    numbers = as_numbers(values)
    if not all(one.is_number and one.is_real for one in numbers):
        msg = "only real numbers can be put in order"
        raise CannotCompute(msg)
    return sorted(numbers)


def _median(_: Scope, *values: Value) -> Value:
    numbers = _ordered(values)
    half = len(numbers) // 2
    return numbers[half] if len(numbers) % 2 else (numbers[half - 1] + numbers[half]) / 2


def _mode(_: Scope, *values: Value) -> Value:
    counts = Counter(_ordered(values))
    most = max(counts.values())
    modes = [value for value, count in counts.items() if count == most]
    return modes[0] if len(modes) == 1 else modes


def _variance(lost: int, *, root: bool = False) -> Value:
    """Variance or its root, divided by n - lost: 1 for a sample, 0 for a whole population."""

    def apply(scope: Scope, *values: Value) -> Value:
        numbers = as_numbers(values)
        if len(numbers) <= lost:
            msg = "a sample needs at least two numbers"
            raise CannotCompute(msg)
        mean = sp.Add(*numbers) / len(numbers)
        spread = sp.Add(*[(one - mean) ** 2 for one in numbers]) / (len(numbers) - lost)
        kind = "sample (n - 1)" if lost else "population (n)"
        scope.note(f"of a {kind}; stdev and variance divide by n - 1, pstdev and pvariance by n")
        return sp.sqrt(spread) if root else spread

    return apply


def _count(_: Scope, *values: Value) -> Value:
    return sp.Integer(len(as_numbers(values)))


def add_up(_: Scope, *values: Value) -> Value:
    """Add the numbers of a list."""
    return sp.Add(*as_numbers(values))


def multiply(_: Scope, *values: Value) -> Value:
    """Multiply the numbers of a list."""
    return sp.Mul(*as_numbers(values))


FUNCTIONS: dict[str, Function] = {
    "mean": many(_mean, "mean(1, 2, 3)"),
    "median": many(_median, "median(1, 2, 3)"),
    "mode": many(_mode, "mode(1, 2, 2)"),
    "stdev": many(_variance(1, root=True), "stdev(1, 2, 3)"),
    "pstdev": many(_variance(0, root=True), "pstdev(1, 2, 3)"),
    "variance": many(_variance(1), "variance(1, 2, 3)"),
    "pvariance": many(_variance(0), "pvariance(1, 2, 3)"),
    "count": many(_count, "count(1, 2)"),
}
