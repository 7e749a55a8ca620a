"""Answers to the questions a table is asked: describe, group, list rows, correlate.

Every answer is JSON-ready; sample standard deviation, interpolated quartiles.
Not for: wording.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from backend.kit.column_stats import (
    aggregate,
    correlation,
    numbers,
    read_aggregate,
    summary,
    to_cell,
    to_number,
)
from backend.kit.row_queries import group_rows, read_conditions, sort_key, split_order
from backend.kit.tables import Cell, Row, Table, TableError, find_column

DEFAULT_COLUMNS = 4


class MemoryTable:
    """A table whose rows are all at hand; asking filters and sorts it in place."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.format = table.format
        self.columns = table.columns
        self.notes = table.notes

    def count(self) -> int:
        """Count the rows that are left."""
        return len(self._table.rows)

    def filter(self, conditions: Sequence[str]) -> None:
        """Keep the rows that fit every condition."""
        filter_rows(self._table, conditions)

    def correlate(self, first: str, second: str) -> dict[str, Any]:
        """Correlate two columns over the rows where both hold one number."""
        return correlate(self._table, first, second)

    def group(
        self, by: Sequence[str], aggregates: Sequence[str], *, order: str, most: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Compute figures per group: the first `most` groups in order, and how many there are."""
        groups = group(self._table, by, aggregates)
        ordered = sort_groups(groups, order) if order else groups
        return ordered[:most], len(groups)

    def totals(self, aggregates: Sequence[str]) -> dict[str, Any]:
        """Compute figures over all rows."""
        return totals(self._table, aggregates)

    def list_rows(self, columns: Sequence[str], *, order: str, most: int) -> list[dict[str, Any]]:
        """List rows, sorted when an order is given."""
        if order:
            sort_rows(self._table, order)
        return list_rows(self._table, columns, most=most)

    def describe(self, names: Sequence[str], *, top: int) -> dict[str, dict[str, Any]]:
        """Summarise columns."""
        return describe(self._table, names, top=top)


def filter_rows(table: Table, conditions: Sequence[str]) -> None:
    """Keep the rows that fit every condition."""
    for condition in read_conditions(conditions):
        column = find_column(condition.column, table.columns)
        fitting = type(condition)(
            column=column,
            operator=condition.operator,
            value=condition.value,
            number=condition.number,
        )
        table.rows = [row for row in table.rows if fitting.holds(row)]


def describe(table: Table, columns: Sequence[str], *, top: int) -> dict[str, dict[str, Any]]:
    """Summarise columns, all when none are named."""
    chosen = [find_column(name, table.columns) for name in columns] or table.columns
    return {column: summary(table.cells(column), top=top) for column in chosen}


def correlate(table: Table, first: str, second: str) -> dict[str, Any]:
    """Correlate two columns over the rows where both hold one number."""
    names = [find_column(name, table.columns) for name in (first, second)]
    both = [[numbers(row.get(name, [])) for name in names] for row in table.rows]
    pairs = [(x[0], y[0]) for x, y in both if len(x) == len(y) == 1]
    r = correlation(pairs)
    return {
        "columns": names,
        "pearson_r": None if r is None else to_number(r),
        "pairs": len(pairs),
        "rows_left_out": len(table.rows) - len(pairs),
    }


def group(table: Table, by: Sequence[str], aggregates: Sequence[str]) -> list[dict[str, Any]]:
    """Compute aggregates per group; without any: count, and sum and mean of numeric columns."""
    columns = [find_column(name, table.columns) for name in by]
    asked = [_resolved(table, text) for text in aggregates] or _usual(table, columns)
    found: list[dict[str, Any]] = []
    for key, rows in group_rows(table.rows, columns).items():
        entry: dict[str, Any] = {
            name: to_cell(cell) for name, cell in zip(columns, key, strict=True)
        }
        for label, name, column in asked:
            figure = _figure(rows, name, column)
            entry[label] = None if figure is None else to_number(figure)
        found.append(entry)
    return found


def totals(table: Table, aggregates: Sequence[str]) -> dict[str, Any]:
    """Compute aggregates over all rows."""
    asked = [_resolved(table, text) for text in aggregates]
    figures = {label: _figure(table.rows, name, column) for label, name, column in asked}
    return {label: None if value is None else to_number(value) for label, value in figures.items()}


def list_rows(table: Table, columns: Sequence[str], *, most: int) -> list[dict[str, Any]]:
    """List rows with their cells; several cells of one row become a list."""
    chosen = [find_column(name, table.columns) for name in columns] or table.columns
    return [{name: _shown(row.get(name, [])) for name in chosen} for row in table.rows[:most]]


def sort_rows(table: Table, order: str) -> None:
    """Sort by a column, missing values last."""
    name, descending = split_order(order)
    column = find_column(name, table.columns)
    known = [row for row in table.rows if _first(row, column) is not None]
    known.sort(key=lambda row: sort_key(_first(row, column)), reverse=descending)
    table.rows = known + [row for row in table.rows if _first(row, column) is None]


def sort_groups(groups: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Sort groups by a column or by an aggregate, missing values last."""
    name, descending = split_order(order)
    labels = list(groups[0]) if groups else []
    if name not in labels and "(" in name:
        function, column = read_aggregate(name)
        ending = f".{column})"
        name = next(
            (
                x
                for x in labels
                if x == f"{function}({column})" or (x.startswith(function) and x.endswith(ending))
            ),
            name,
        )
    label = find_column(name, labels) if labels else name
    known = [entry for entry in groups if entry[label] is not None]
    known.sort(key=lambda entry: _group_key(entry[label]), reverse=descending)
    return known + [entry for entry in groups if entry[label] is None]


def asked_columns(texts: Sequence[str]) -> list[str]:
    """Name the columns in aggregates, for choosing the rows of a JSON document."""
    return [column for text in texts if (column := read_aggregate(text)[1])]


def condition_columns(texts: Sequence[str]) -> list[str]:
    """Name the columns in conditions, for choosing the rows of a JSON document."""
    return [condition.column for condition in read_conditions(texts)]


def _resolved(table: Table, text: str) -> tuple[str, str, str]:
    name, column = read_aggregate(text)
    if not column:
        if name != "count":
            msg = f'"{text}" needs a column, such as "{name}(amount)".'
            raise TableError(msg)
        return "count", "count", ""
    column = find_column(column, table.columns)
    return f"{name}({column})", name, column


def _usual(table: Table, by: list[str]) -> list[tuple[str, str, str]]:
    numeric = [name for name in table.columns if name not in by and numbers(table.cells(name))]
    figures = [
        (f"{name}({column})", name, column)
        for column in numeric[:DEFAULT_COLUMNS]
        for name in ("sum", "mean")
    ]
    return [("count", "count", ""), *figures]


def _figure(rows: list[Row], name: str, column: str) -> Decimal | None:
    if not column:
        return Decimal(len(rows))
    return aggregate(name, [cell for row in rows for cell in row.get(column, [])])


def _first(row: Row, column: str) -> Cell:
    return next((cell for cell in row.get(column, []) if cell is not None), None)


def _shown(cells: list[Cell]) -> Any:  # noqa: ANN401 - a JSON value
    values = [to_cell(cell) for cell in cells]
    return values[0] if len(values) == 1 else (values or None)


def _group_key(value: Any) -> tuple[int, Any]:  # noqa: ANN401 - a JSON value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return (0, value) if number else (1, str(value).casefold())
