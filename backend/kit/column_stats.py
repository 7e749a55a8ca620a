"""Exact figures about the cells of a column: sums of decimals have no float noise.

Not for: reading data, or wording.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from typing import Any

from backend.kit.plain_text import shorten
from backend.kit.tables import Cell, TableError

Number = int | float
_WORKING_DIGITS = 50
_SHOWN_CHARS = 15
_LONG_FROM = 1_000_000
_MAX_TEXT_CHARS = 1_000
_LARGEST_INT = 2**63
_LARGEST_POWER = 307
_CALL = re.compile(r"([A-Za-z][A-Za-z0-9]*)\s*(?:\(\s*(.*?)\s*\)|:\s*(.+))?")
_WORDS = {
    "avg": "mean",
    "average": "mean",
    "stdev": "std",
    "stddev": "std",
    "total": "sum",
    "minimum": "min",
    "maximum": "max",
    "nunique": "distinct",
    "unique": "distinct",
    "size": "count",
    "n": "count",
}


def to_number(value: Decimal) -> Number:
    """Give a decimal as the nearest JSON number, whole ones as int.

    Raises:
        TableError: beyond what a JSON number holds.
    """
    if value.adjusted() > _LARGEST_POWER:
        msg = "The figures are too large to be written as JSON numbers."
        raise TableError(msg)
    if value == value.to_integral_value() and abs(value) < _LARGEST_INT:
        return int(value)
    return float(value)


def to_text(number: object) -> object:
    """Shorten an endless fraction to 12 digits for reading; leave anything else."""
    if isinstance(number, float) and abs(number) < _LONG_FROM and len(repr(number)) > _SHOWN_CHARS:
        return f"{number:.12g}"
    return number


def numbers(cells: Sequence[Cell]) -> list[Decimal]:
    """Keep the numbers among cells."""
    return [cell for cell in cells if isinstance(cell, Decimal)]


def total(values: Sequence[Decimal]) -> Decimal:
    """Sum exactly to 50 digits; nothing sums to 0."""
    with localcontext() as context:
        context.prec = _WORKING_DIGITS
        return sum(values, Decimal(0))


def mean(values: Sequence[Decimal]) -> Decimal | None:
    """Average; None of nothing."""
    with localcontext() as context:
        context.prec = _WORKING_DIGITS
        return sum(values, Decimal(0)) / len(values) if values else None


def sample_std(values: Sequence[Decimal]) -> Decimal | None:
    """Give the sample standard deviation (divisor n - 1); None below two values."""
    with localcontext() as context:
        context.prec = _WORKING_DIGITS
        middle = mean(values)
        if middle is None or len(values) == 1:
            return None
        squares = sum(((value - middle) ** 2 for value in values), Decimal(0))
        return (squares / (len(values) - 1)).sqrt()


def quantile(values: Sequence[Decimal], share: str) -> Decimal | None:
    """Interpolate between the sorted values, ends included (type 7 of Hyndman and Fan, 1996)."""
    if not values:
        return None
    with localcontext() as context:
        context.prec = _WORKING_DIGITS
        ordered = sorted(values)
        position = Decimal(share) * (len(ordered) - 1)
        low = int(position)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def correlation(pairs: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Pearson's r; None below two pairs or when a column does not vary."""
    with localcontext() as context:
        context.prec = _WORKING_DIGITS
        middle_x, middle_y = mean([x for x, _ in pairs]), mean([y for _, y in pairs])
        if middle_x is None or middle_y is None:
            return None
        away = [(x - middle_x, y - middle_y) for x, y in pairs]
        spread_x = sum((x * x for x, _ in away), Decimal(0))
        spread_y = sum((y * y for _, y in away), Decimal(0))
        if not spread_x or not spread_y:
            return None
        return sum((x * y for x, y in away), Decimal(0)) / (spread_x * spread_y).sqrt()


_AGGREGATES: dict[str, Callable[[Sequence[Decimal]], Decimal | None]] = {
    "sum": total,
    "mean": mean,
    "median": lambda values: quantile(values, "0.5"),
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "std": sample_std,
    "q1": lambda values: quantile(values, "0.25"),
    "q3": lambda values: quantile(values, "0.75"),
}


def aggregate(name: str, cells: Sequence[Cell]) -> Decimal | None:
    """Compute one figure of AGGREGATE_NAMES over cells."""
    present = [cell for cell in cells if cell is not None]
    if name == "count":
        return Decimal(len(present))
    if name == "distinct":
        return Decimal(len(set(map(_key, present))))
    return _AGGREGATES[name](numbers(present))


def read_aggregate(text: str) -> tuple[str, str]:
    """Read "sum(amount)", "avg: price" or "count" as (aggregate, column).

    Raises:
        TableError: on an unknown aggregate, listing the known ones.
    """
    match = _CALL.fullmatch(text.strip())
    word = match[1].casefold() if match else ""
    name = _WORDS.get(word, word)
    if match is None or (name not in _AGGREGATES and name not in {"count", "distinct"}):
        known = ", ".join(["count", "distinct", *_AGGREGATES])
        msg = f'"{text}" is no aggregate. Write one such as "sum(amount)"; known: {known}.'
        raise TableError(msg)
    column = match[2] or match[3] or ""
    return name, "" if column == "*" else column


def summary(cells: Sequence[Cell], *, top: int) -> dict[str, Any]:
    """Describe a column: counts, most frequent values and, when it has numbers, their figures."""
    present = [cell for cell in cells if cell is not None]
    counted = Counter(map(_key, present))
    found: dict[str, Any] = {
        "type": _type(present),
        "count": len(present),
        "missing": len(cells) - len(present),
        "distinct": len(counted),
    }
    values = numbers(present)
    if values:
        found["numbers"] = len(values)
        order = ("min", "q1", "median", "q3", "max", "mean", "std", "sum")
        for name in order:
            figure = _AGGREGATES[name](values)
            found[name] = None if figure is None else to_number(figure)
    common = [(key, count) for key, count in counted.most_common(top) if count > 1 or not values]
    return found | {"top": [{"value": to_cell(key[1]), "count": count} for key, count in common]}


def to_cell(cell: Cell) -> str | bool | Number | None:
    """Give a cell as a JSON value; long text is cut."""
    if isinstance(cell, str):
        return shorten(cell, _MAX_TEXT_CHARS)
    return to_number(cell) if isinstance(cell, Decimal) else cell


def _key(cell: Cell) -> tuple[str, Cell]:
    """Keep True and 1 apart, which Python holds for equal."""
    return type(cell).__name__, cell


def _type(present: Sequence[Cell]) -> str:
    kinds = {"number" if isinstance(cell, Decimal) else type(cell).__name__ for cell in present}
    names = {"str": "text", "bool": "boolean", "number": "number"}
    return names[kinds.pop()] if len(kinds) == 1 else ("mixed" if kinds else "empty")
