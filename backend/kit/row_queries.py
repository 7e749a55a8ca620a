"""Filters, groups and sorts the rows of a table.

Not for: joins, or anything that needs a query language.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from backend.kit.number_text import read_number
from backend.kit.tables import Cell, Row, TableError

_OPERATORS = (
    r"==|!=|<>|>=|<=|=|>|<|\bnot\s+contains\b|\bcontains\b|\bis\s+not\s+missing\b|\bis\s+missing\b"
)
_CONDITION = re.compile(rf"(.+?)\s*({_OPERATORS})\s*(.*)", re.IGNORECASE | re.DOTALL)
_AND = re.compile(r"\s+(?:and|&&)\s+", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_MAX_CONDITIONS = 20
_MAX_GROUPS_PER_ROW = 100
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison of a column with a value; it holds when any cell of the row fits."""

    column: str
    operator: str
    value: str
    number: Decimal | None

    def holds(self, row: Row) -> bool:
        """Tell whether a row passes; a missing value passes only `is missing`."""
        present = [cell for cell in row.get(self.column, []) if cell is not None]
        if self.operator == "is missing":
            return not present
        if self.operator in {"!=", "not contains"}:
            return bool(present) and not any(self._fits(cell) for cell in present)
        return bool(present) and any(self._fits(cell) for cell in present)

    def _fits(self, cell: Cell) -> bool:
        if self.operator == "is not missing":
            return True
        if self.operator in _COMPARE:
            return self._compares(cell)
        text = str(cell).casefold()
        if self.operator in {"contains", "not contains"}:
            return self.value.casefold() in text
        if isinstance(cell, Decimal):
            return self.number is not None and cell == self.number
        return text == self.value.casefold()

    def _compares(self, cell: Cell) -> bool:
        compare = _COMPARE[self.operator]
        if isinstance(cell, Decimal):
            return self.number is not None and compare(cell, self.number)
        return isinstance(cell, str) and compare(cell.casefold(), self.value.casefold())


def read_conditions(texts: Iterable[str]) -> list[Condition]:
    """Read texts such as "price > 10 and city == Oslo"; column names are still unresolved.

    Raises:
        TableError: when a text is no comparison, or joins with anything but `and`.
    """
    parts = [part for text in texts for part in _split(text) if part]
    if len(parts) > _MAX_CONDITIONS:
        msg = f"More than {_MAX_CONDITIONS} conditions."
        raise TableError(msg)
    return [_condition(part) for part in parts]


def group_rows(rows: list[Row], columns: list[str]) -> dict[tuple[Cell, ...], list[Row]]:
    """Group rows by their values, first seen first; a row with several values is in several groups."""
    groups: dict[tuple[Cell, ...], list[Row]] = {}
    for row in rows:
        choices = [list(dict.fromkeys(row.get(column) or [None])) for column in columns]
        for key in itertools.islice(itertools.product(*choices), _MAX_GROUPS_PER_ROW):
            groups.setdefault(key, []).append(row)
    return groups


def sort_key(cell: Cell) -> tuple[int, Any]:
    """Order numbers before texts; missing ones are to be kept apart by the caller."""
    if isinstance(cell, Decimal):
        return 0, cell
    return 1, str(cell).casefold()


def split_order(text: str) -> tuple[str, bool]:
    """Read "-price", "price desc" or "price" as (column, descending)."""
    name = text.strip()
    words = name.rsplit(maxsplit=1)
    if len(words) > 1 and words[1].casefold() in {"desc", "descending", "asc", "ascending"}:
        return words[0], words[1].casefold().startswith("desc")
    return name.removeprefix("-").strip(), name.startswith("-")


def _split(text: str) -> list[str]:
    """Cut at `and` outside quotes, but only where a comparison follows."""
    hidden = _QUOTED.sub(lambda match: "\x00" * len(match[0]), text)
    cuts = [0]
    for match in _AND.finditer(hidden):
        if _CONDITION.search(hidden[match.end() :].split(" and ")[0]):
            cuts += [match.start(), match.end()]
    cuts.append(len(text))
    return [text[a:b].strip() for a, b in zip(cuts[::2], cuts[1::2], strict=True)]


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        msg = f'"{text[:100]}" is no condition. Write one such as "price > 10" or "city == Oslo".'
        raise TableError(msg)
    sign = {"=": "==", "<>": "!="}.get(match[2], " ".join(match[2].casefold().split()))
    value = match[3].strip()
    if re.search(rf"\s(or|\|\|)\s.*({_OPERATORS})", _QUOTED.sub("", value), re.IGNORECASE):
        msg = 'Conditions can only be joined by "and".'
        raise TableError(msg)
    quoted = _QUOTED.fullmatch(value)
    value = value[1:-1] if quoted else value
    column = match[1].strip().strip("`\"'")
    return Condition(column=column, operator=sign, value=value, number=read_number(value))
