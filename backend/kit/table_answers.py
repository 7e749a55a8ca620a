"""Words the answer to one question about a table, as compact Markdown beside JSON-ready data.

Not for: computing (`table_questions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.kit import table_questions as questions
from backend.kit.column_stats import to_text
from backend.kit.markdown_tables import markdown_table
from backend.kit.plain_text import one_line
from backend.kit.row_queries import split_order
from backend.kit.tables import TableError

_METHOD = "std is the sample standard deviation (n - 1); quartiles are interpolated."
_COUNTS = ("count", "missing", "distinct")
_FIGURES = (*_COUNTS, "min", "q1", "median", "q3", "max", "mean", "std", "sum")
_MAX_NOTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask: the first of correlate, group_by, aggregates and rows that is given; else describe."""

    columns: Sequence[str] = ()
    where: Sequence[str] = ()
    group_by: Sequence[str] = ()
    aggregates: Sequence[str] = ()
    sort_by: str = ""
    top: int = 0
    correlate: Sequence[str] = ()

    def names(self) -> list[str]:
        """List the columns it speaks of; raise TableError when a condition or figure is malformed."""
        ordered = [split_order(self.sort_by)[0]] if self.sort_by and not self.group_by else []
        filtered = questions.condition_columns(self.where)
        figures = questions.asked_columns(self.aggregates)
        named = [*self.columns, *self.group_by, *self.correlate]
        return [*named, *filtered, *figures, *ordered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How much is shown."""

    rows: int = 50
    top_values: int = 5
    cell_chars: int = 60


class Asked(Protocol):
    """A table that can be asked, wherever its rows are; every answer is JSON-ready."""

    @property
    def format(self) -> str:
        """What it was read from, for people."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """Its columns, nested ones as paths."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What was assumed while reading it."""
        ...

    def count(self) -> int:
        """Count the rows that are left."""
        ...

    def filter(self, conditions: Sequence[str]) -> None:
        """Keep the rows that fit every condition."""
        ...

    def correlate(self, first: str, second: str) -> dict[str, Any]:
        """Correlate two columns over the rows where both hold one number."""
        ...

    def group(
        self, by: Sequence[str], aggregates: Sequence[str], *, order: str, most: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Compute figures per group: the first `most` groups in order, and how many there are."""
        ...

    def totals(self, aggregates: Sequence[str]) -> dict[str, Any]:
        """Compute figures over all rows."""
        ...

    def list_rows(self, columns: Sequence[str], *, order: str, most: int) -> list[dict[str, Any]]:
        """List rows."""
        ...

    def describe(self, names: Sequence[str], *, top: int) -> dict[str, dict[str, Any]]:
        """Summarise columns."""
        ...


@dataclass(slots=True)
class _Answer:
    """Text and data that grow together."""

    lines: list[str] = field(default_factory=list[str])
    data: dict[str, Any] = field(default_factory=dict[str, Any])


def answer(table: Asked, question: Question, *, shown: Shown) -> tuple[str, dict[str, Any]]:
    """Answer as (text, data); the table keeps only the rows that were asked for.

    Raises:
        TableError: on unknown columns, listing those there are.
    """
    notes = [one_line(note, max_chars=200) for note in table.notes[:_MAX_NOTES]]
    rows = matched = table.count()
    if question.where:
        table.filter(question.where)
        matched = table.count()
    given = _Answer([f"{table.format}: {rows} rows, {len(table.columns)} columns."])
    given.data = {"format": table.format, "row_count": rows, "rows_matched": matched}
    given.data["notes"] = notes
    if question.where:
        given.lines.append(f"{matched} rows fit: {' and '.join(question.where)}.")
    given.lines += [f"Note: {note}." for note in notes]
    if question.correlate:
        _correlate(given, table, question)
    elif question.group_by:
        _group(given, table, question, shown)
    elif question.aggregates:
        figures = table.totals(question.aggregates)
        given.lines.append(_table([figures], shown))
        given.data["figures"] = figures
    elif question.sort_by or question.top:
        _list(given, table, question, shown)
    else:
        _describe(given, table, question, shown)
    return "\n".join(given.lines), given.data


def _correlate(given: _Answer, table: Asked, question: Question) -> None:
    if len(question.correlate) == 1:
        msg = 'correlate needs two columns, such as ["price", "sales"].'
        raise TableError(msg)
    found = table.correlate(question.correlate[0], question.correlate[1])
    r = found["pearson_r"]
    told = f"is {to_text(r)}" if r is not None else "does not exist (too few rows, or no variation)"
    given.lines.append(
        f"Pearson correlation of {' and '.join(found['columns'])} {told}; "
        f"{found['pairs']} rows used, {found['rows_left_out']} left out."
    )
    given.data["correlation"] = found


def _group(given: _Answer, table: Asked, question: Question, shown: Shown) -> None:
    most = min(question.top or shown.rows, shown.rows)
    listed, total = table.group(
        question.group_by, question.aggregates, order=question.sort_by, most=most
    )
    given.lines.append(_table(listed, shown))
    if len(listed) < total:
        given.lines.append(f"{total - len(listed)} more groups.")
    given.data |= {"groups": listed, "groups_total": total}


def _list(given: _Answer, table: Asked, question: Question, shown: Shown) -> None:
    most = min(question.top or shown.rows, shown.rows)
    rows = table.list_rows(question.columns, order=question.sort_by, most=most)
    given.lines.append(_table(rows, shown))
    given.data["rows"] = rows


def _describe(given: _Answer, table: Asked, question: Question, shown: Shown) -> None:
    names = list(question.columns or table.columns)
    found = table.describe(names[: shown.rows], top=shown.top_values)
    if len(names) > shown.rows:
        given.lines.append(f"{len(names) - shown.rows} more columns; name them to see them.")
    numeric = {name: column for name, column in found.items() if "sum" in column}
    if numeric:
        given.lines += [
            f"Note: {name}: {column['numbers']} of {column['count']} values are numbers."
            for name, column in numeric.items()
            if column["type"] == "mixed"
        ]
        rows = [[name, *(to_text(column[f]) for f in _FIGURES)] for name, column in numeric.items()]
        head = ["column", *_FIGURES]
        given.lines += [_METHOD, markdown_table(head, rows, cell_chars=shown.cell_chars)]
    others = {name: column for name, column in found.items() if name not in numeric}
    if others:
        rows = [
            [name, *map(column.get, _COUNTS), _frequent(column)] for name, column in others.items()
        ]
        head = ["column", *_COUNTS, "most frequent"]
        given.lines.append(markdown_table(head, rows, cell_chars=shown.cell_chars * 3))
    given.data["columns"] = found


def _frequent(column: dict[str, Any]) -> str:
    common = [
        f"{one_line(str(top['value']), max_chars=40)} ({top['count']})" for top in column["top"]
    ]
    span = [f"from {column['min']} to {column['max']}"] if "min" in column else []
    return "; ".join([*span, *common])


def _table(entries: list[dict[str, Any]], shown: Shown) -> str:
    if not entries:
        return "No rows."
    rows = [list(map(to_text, entry.values())) for entry in entries]
    return markdown_table(list(entries[0]), rows, cell_chars=shown.cell_chars)
