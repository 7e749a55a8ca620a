"""Counts, groups and compares data that was pasted as JSON, CSV or plain numbers.

Not for: files and databases, charts, or formulas (`math_calc`).
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated

import orjson
from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints

from backend.errors import ToolRetry
from backend.kit.plain_text import one_line
from backend.kit.table_answers import Question, Shown, answer
from backend.kit.table_questions import MemoryTable
from backend.kit.table_text import read_table
from backend.kit.tables import TableCaps, TableError, UnreadableTable
from backend.ports.tools import (
    Services,
    Tool,
    ToolArgs,
    ToolContext,
    ToolOptions,
    ToolResult,
    Touch,
)

NAME = "data_analysis"
DESCRIPTION = (
    "Computes exact statistics of data given as JSON, CSV, TSV or a list of numbers: count, sum, mean, "
    "median, min, max, std, quartiles, groups, filters, top rows, correlation. Always use it instead of "
    'counting yourself. Example: {"data": "city,sales\\nOslo,3\\nBonn,5", "group_by": ["city"], '
    '"aggregates": ["sum(sales)"]}. Example for numbers: {"data": "3, 5, 8"}.'
)
TOUCHES: frozenset[Touch] = frozenset({"computes"})

_EXAMPLES = 'Examples: [{"a": 1}, {"a": 2}] or "name,price\\nTea,2.5\\nRice,4" or "3, 5, 8".'
_METHOD = "std is the sample standard deviation (n - 1); quartiles are interpolated."
_FIGURES = (
    "count",
    "missing",
    "distinct",
    "min",
    "q1",
    "median",
    "q3",
    "max",
    "mean",
    "std",
    "sum",
)
_LARGE_CHARS = 20_000


def _as_text(value: object) -> object:
    """Take data that was given as JSON instead of as text."""
    try:
        return value if isinstance(value, str) else orjson.dumps(value).decode()
    except orjson.JSONEncodeError as exc:
        raise ValueError(str(exc)) from exc


def _as_list(value: object) -> object:
    """Take "a, b" as two names; commas inside brackets do not separate."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in re.split(r",(?![^(]*\))", value) if part.strip()]


def _as_conditions(value: object) -> object:
    return [value] if isinstance(value, str) and value.strip() else (value or [])


Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Names = Annotated[list[Name], BeforeValidator(_as_list)]


class Args(ToolArgs):
    """The data and what to ask of it; without a question every column is described."""

    data: Annotated[str, StringConstraints(strip_whitespace=False), BeforeValidator(_as_text)] = (
        Field(
            description="JSON, JSON lines, CSV or TSV text with a header row, or numbers.",
            validation_alias=AliasChoices(
                "data", "input", "text", "json", "csv", "values", "numbers", "content", "dataset"
            ),
        )
    )
    columns: Names = Field(
        default=[],
        max_length=100,
        description='Only these columns or paths, such as "price" or "orders[].total".',
        validation_alias=AliasChoices("columns", "column", "fields", "field", "path", "paths"),
    )
    where: Annotated[list[Name], BeforeValidator(_as_conditions)] = Field(
        default=[],
        max_length=20,
        description='Keep rows that fit all conditions, such as "price > 10" or "city == Oslo".',
        validation_alias=AliasChoices("where", "filter", "filters", "condition", "conditions"),
    )
    group_by: Names = Field(
        default=[],
        max_length=5,
        description="Columns to group by.",
        validation_alias=AliasChoices("group_by", "groupby", "group", "by"),
    )
    aggregates: Names = Field(
        default=[],
        max_length=20,
        description='Figures to compute, such as "sum(amount)", "mean(price)", "count".',
        validation_alias=AliasChoices("aggregates", "aggregate", "aggregations", "agg", "metrics"),
    )
    sort_by: str = Field(
        default="",
        max_length=300,
        description='Column or figure to sort by; a minus in front sorts down, such as "-price".',
        validation_alias=AliasChoices("sort_by", "sort", "order_by"),
    )
    top: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="List only the first rows or groups; 0 for no limit.",
        validation_alias=AliasChoices("top", "limit", "top_n", "head"),
    )
    correlate: Names = Field(
        default=[],
        max_length=2,
        description="Two numeric columns to correlate.",
        validation_alias=AliasChoices("correlate", "correlation"),
    )


class Options(ToolOptions):
    """Bounds of what is read and of what is shown."""

    max_data_bytes: int = Field(default=4_000_000, ge=1_000)
    max_rows: int = Field(default=50_000, ge=10)
    max_cells: int = Field(default=500_000, ge=100)
    max_depth: int = Field(default=60, ge=2, le=200)
    max_shown_rows: int = Field(default=50, ge=1, le=1000)
    max_top_values: int = Field(default=5, ge=1, le=50)
    max_cell_chars: int = Field(default=60, ge=10, le=1_000)


class DataAnalysis:
    """Reads the data of one call and answers one question about it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._caps = TableCaps(
            max_rows=options.max_rows, max_cells=options.max_cells, max_depth=options.max_depth
        )
        self._shown = Shown(
            rows=options.max_shown_rows,
            top_values=options.max_top_values,
            cell_chars=options.max_cell_chars,
        )

    async def run(self, args: Args, context: ToolContext) -> ToolResult:  # noqa: ARG002 - the port's signature
        """Analyse; ToolRetry says where the data breaks or which columns there are."""
        if len(args.data.encode("utf-8", errors="replace")) > self._options.max_data_bytes:
            msg = f"The data is larger than {self._options.max_data_bytes} bytes; send a part."
            raise ToolRetry(msg)
        if len(args.data) > _LARGE_CHARS:
            return await asyncio.to_thread(self._analyse, args)
        return self._analyse(args)

    def _analyse(self, args: Args) -> ToolResult:
        try:
            question = Question(**args.model_dump(exclude={"data"}))
            table = read_table(args.data, wanted=question.names(), caps=self._caps)
            text, data = answer(MemoryTable(table), question, shown=self._shown)
        except UnreadableTable as exc:
            msg = f"{one_line(str(exc), max_chars=1_500)} {_EXAMPLES}"
            raise ToolRetry(msg) from exc
        except TableError as exc:
            raise ToolRetry(one_line(str(exc), max_chars=1_500)) from exc
        return ToolResult(text=text, data=data)


def build(options: Options, services: Services) -> Tool:  # noqa: ARG001 - the port's signature
    """Make the tool; it needs nothing that could be missing."""
    return DataAnalysis(options)
