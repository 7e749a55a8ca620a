"""Checks of what a value is, with the words for when it is not."""

from __future__ import annotations

from typing import Any

from backend.kit.mathematics.cas import Value, sp
from backend.kit.mathematics.errors import CannotCompute, NotUnderstood
from backend.kit.mathematics.scope import Report

MAX_ENTRIES = 400


def as_expression(value: Value) -> Value:
    """Require a number or formula."""
    if isinstance(value, Report):
        msg = "the answer of solve, factorint or a base conversion cannot be part of a formula"
        raise NotUnderstood(msg)
    if isinstance(value, list):
        msg = "a list stands where one number is needed"
        raise NotUnderstood(msg)
    if not isinstance(value, sp.Expr):
        msg = "a comparison stands where a number is needed"
        raise NotUnderstood(msg)
    if value in {sp.zoo, sp.nan}:
        msg = "a part of the formula is undefined (division by zero)"
        raise CannotCompute(msg)
    return value


def as_integer(value: Value, role: str, *, low: int | None = None, high: int | None = None) -> int:
    """Require a whole number within bounds; `role` says in the message what it is for."""
    number = as_expression(value)
    if number.is_number and not number.is_Integer and number.is_integer:
        number = sp.simplify(number)
    if number.is_Float and abs(number) > 10**15:
        msg = f"{role} must be exact, but it was rounded because it is too large"
        raise CannotCompute(msg)
    if not number.is_Integer:
        msg = f"{role} must be a whole number, not {str(number)[:40].replace('**', '^')}"
        raise CannotCompute(msg)
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = (
            f"between {_round(low)} and {_round(high)}" if high is not None else f"at least {low}"
        )
        msg = f"{role} must be {bounds}"
        raise CannotCompute(msg)
    return int(number)


def _round(bound: int | None) -> str:
    """Write a bound, powers of ten in short."""
    text = str(bound)
    if len(text) > 12 and text.strip("-").rstrip("0") == "1":
        return f"{'-' if text[0] == '-' else ''}10^{len(text.strip('-')) - 1}"
    return text


def is_matrix(value: Value) -> bool:
    """Tell whether a value is a matrix or a list, which becomes one when it is computed with."""
    return isinstance(value, list | sp.MatrixBase)


def as_matrix(value: Value) -> Value:
    """Require a matrix; a flat list is a column."""
    if isinstance(value, sp.MatrixBase):
        return value
    if not isinstance(value, list) or not value:
        msg = "a matrix is needed, such as [[1, 2], [3, 4]]"
        raise NotUnderstood(msg)
    items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
    nested = [isinstance(row, list) for row in items]
    if all(nested):
        if len({len(row) for row in items}) != 1:
            msg = "the rows of a matrix must have the same length"
            raise NotUnderstood(msg)
        rows = [[as_expression(cell) for cell in row] for row in items]
    elif any(nested):
        msg = "a list holds both numbers and lists"
        raise NotUnderstood(msg)
    else:
        rows = [[as_expression(item)] for item in items]
    if len(rows) * len(rows[0]) > MAX_ENTRIES:
        msg = f"a matrix may have at most {MAX_ENTRIES} entries"
        raise CannotCompute(msg)
    return sp.ImmutableMatrix(rows)


def as_numbers(values: tuple[Any, ...]) -> list[Any]:
    """Require numbers, given as one list or as several arguments."""
    if len(values) == 1 and isinstance(values[0], list | sp.MatrixBase):
        values = tuple(values[0])
    if not values:
        msg = "at least one number is needed"
        raise NotUnderstood(msg)
    return [as_expression(value) for value in values]
