"""Words the answer to one question about a table, as compact Markdown beside JSON-ready data.

Not for: computing (`table_questions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.kit import table_questions as questions
from backend.kit.column_stats import to_text
from backend.kit.markdown_tables import markdown_table
from backend.kit.plain_text import one_line
from backend.kit.row_queries import split_order
from backend.kit.tables import Table, TableError

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


@dataclass(slots=True)
class _Answer:
    """Text and data that grow together."""

    lines: list[str] = field(default_factory=list[str])
    data: dict[str, Any] = field(default_factory=dict[str, Any])


def answer(table: Table, question: Question, *, shown: Shown) -> tuple[str, dict[str, Any]]:
    """Answer as (text, data); the table is filtered and sorted in place.

    Raises:
        TableError: on unknown columns, listing those there are.
    """
    notes = [one_line(note, max_chars=200) for note in table.notes[:_MAX_NOTES]]
    rows = len(table.rows)
    questions.filter_rows(table, question.where)
    given = _Answer([f"{table.format}: {rows} rows, {len(table.columns)} columns."])
    given.data = {"format": table.format, "row_count": rows, "rows_matched": len(table.rows)}
    given.data["notes"] = notes
    if question.where:
        given.lines.append(f"{len(table.rows)} rows fit: {' and '.join(question.where)}.")
    given.lines += [f"Note: {note}." for note in notes]
    if question.correlate:
        _correlate(given, table, question)
    elif question.group_by:
        _group(given, table, question, shown)
    elif question.aggregates:
        figures = questions.totals(table, question.aggregates)
        given.lines.append(_table([figures], shown))
        given.data["figures"] = figures
    elif question.sort_by or question.top:
        _list(given, table, question, shown)
    else:
        _describe(given, table, question, shown)
    return "\n".join(given.lines), given.data


def _correlate(given: _Answer, table: Table, question: Question) -> None:
    if len(question.correlate) == 1:
        msg = 'correlate needs two columns, such as ["price", "sales"].'
        raise TableError(msg)
    found = questions.correlate(table, question.correlate[0], question.correlate[1])
    r = found["pearson_r"]
    told = f"is {to_text(r)}" if r is not None else "does not exist (too few rows, or no variation)"
    given.lines.append(
        f"Pearson correlation of {' and '.join(found['columns'])} {told}; "
        f"{found['pairs']} rows used, {found['rows_left_out']} left out."
    )
    given.data["correlation"] = found


def _group(given: _Answer, table: Table, question: Question, shown: Shown) -> None:
    groups = questions.group(table, question.group_by, question.aggregates)
    groups = questions.sort_groups(groups, question.sort_by) if question.sort_by else groups
    listed = groups[: min(question.top or shown.rows, shown.rows)]
    given.lines.append(_table(listed, shown))
    if len(listed) < len(groups):
        given.lines.append(f"{len(groups) - len(listed)} more groups.")
    given.data |= {"groups": listed, "groups_total": len(groups)}


def _list(given: _Answer, table: Table, question: Question, shown: Shown) -> None:
    if question.sort_by:
        questions.sort_rows(table, question.sort_by)
    most = min(question.top or shown.rows, shown.rows)
    rows = questions.list_rows(table, question.columns, most=most)
    given.lines.append(_table(rows, shown))
    given.data["rows"] = rows


def _describe(given: _Answer, table: Table, question: Question, shown: Shown) -> None:
    names = list(question.columns or table.columns)
    found = questions.describe(table, names[: shown.rows], top=shown.top_values)
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
    return "; ".join(
        f"{one_line(str(top['value']), max_chars=40)} ({top['count']})" for top in column["top"]
    )


def _table(entries: list[dict[str, Any]], shown: Shown) -> str:
    if not entries:
        return "No rows."
    rows = [list(map(to_text, entry.values())) for entry in entries]
    return markdown_table(list(entries[0]), rows, cell_chars=shown.cell_chars)
