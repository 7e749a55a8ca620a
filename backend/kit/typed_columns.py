"""Decides for every column of a table which texts are numbers and which stand for nothing.

Not for: dates, which stay text and sort as text when written year first.
"""

from __future__ import annotations

from collections import Counter

from backend.kit.number_text import decimal_mark, is_missing, read_column
from backend.kit.tables import Cell, Table


def type_columns(table: Table) -> None:
    """Replace texts by numbers where a column holds mostly numbers, and add notes on what was done."""
    texts = {column: _texts(table, column) for column in table.columns}
    marks = set[str]().union(*(decimal_mark(_present(found)) for found in texts.values()))
    hint = (marks == {"comma"}) if len(marks) == 1 else None
    for column, found in texts.items():
        meaning = _meaning(table, column, found, hint=hint)
        if any(meaning[text] != text for text in found):
            for row in table.rows:
                row[column] = [
                    meaning[cell] if isinstance(cell, str) else cell for cell in row[column]
                ]


def _texts(table: Table, column: str) -> Counter[str]:
    return Counter(cell for cell in table.cells(column) if isinstance(cell, str))


def _present(texts: Counter[str]) -> list[str]:
    return [text for text in texts if not is_missing(text)]


def _meaning(
    table: Table, column: str, texts: Counter[str], *, hint: bool | None
) -> dict[str, Cell]:
    """Map every text of a column to what it stands for."""
    present = _present(texts)
    read = read_column(present, hint=hint, weak_hint=table.decimal_comma)
    numeric = sum(texts[text] for text in read.values)
    left = [text for text in present if text not in read.values]
    unclear = sum(texts[text] for text in left)
    usual: dict[str, Cell] = {text: None if is_missing(text) else text for text in texts}
    if numeric < unclear:
        return usual
    notes = list(read.notes)
    if read.values and left:
        notes.append(f"{unclear} values are not numbers, such as {left[0][:40]!r}")
    table.notes.extend(f"{column}: {note}" for note in notes)
    return {**usual, **read.values}
