"""Decides for every column of a table which texts are numbers and which stand for nothing.

Not for: dates, which stay text and sort as text when written year first.
"""

from __future__ import annotations

from backend.kit.number_text import decimal_mark, is_missing, read_column
from backend.kit.tables import Cell, Table

_MOSTLY = 0.5


def type_columns(table: Table) -> None:
    """Replace texts by numbers where a column holds mostly numbers, and add notes on what was done."""
    texts = {column: _texts(table.cells(column)) for column in table.columns}
    marks = set[str]().union(*(decimal_mark(found) for found in texts.values()))
    hint = (marks == {"comma"}) if len(marks) == 1 else None
    for column in table.columns:
        values, notes = {}, ()
        if texts[column]:
            read = read_column(texts[column], hint=hint, weak_hint=table.decimal_comma)
            values, notes = read.values, read.notes
        numeric = sum(cell in values for cell in table.cells(column) if isinstance(cell, str))
        if values and numeric < len(texts[column]) * _MOSTLY:
            values, notes = {}, ()
        left = [text for text in texts[column] if text not in values]
        if values and left:
            notes = (*notes, f"{len(left)} values are not numbers, such as {left[0][:40]!r}")
        table.notes.extend(f"{column}: {note}" for note in notes)
        _replace(table, column, values=dict[str, Cell](values))


def _texts(cells: list[Cell]) -> list[str]:
    return [cell for cell in cells if isinstance(cell, str) and not is_missing(cell)]


def _replace(table: Table, column: str, *, values: dict[str, Cell]) -> None:
    for row in table.rows:
        row[column] = [
            (None if is_missing(cell) else values.get(cell, cell))
            if isinstance(cell, str)
            else cell
            for cell in row.get(column, [])
        ]
