"""Counts, groups, compares and draws data that was pasted, or that lies in a file of the caller.

Not for: SQL (`sql_query`), databases, or formulas (`math_calc`).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints

from backend.errors import ToolFailed, ToolRetry
from backend.kit.charts import MOST_POINTS, chart_of, chart_question
from backend.kit.loose_arguments import as_conditions, as_list, as_text
from backend.kit.plain_text import one_line
from backend.kit.table_answers import Question, Shown, answer
from backend.kit.table_questions import MemoryTable
from backend.kit.table_text import read_table
from backend.kit.tables import TableCaps, TableError, UnreadableTable
from backend.ports.documents_within import within
from backend.ports.drawing import draw
from backend.ports.own_tables import tables_of
from backend.ports.query import Analysis, QueryFailed, QueryRefused
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
    "Computes exact statistics of data given as JSON, CSV, TSV or numbers, or of an uploaded file: count, "
    "sum, mean, median, min, max, std, quartiles, groups, filters, top rows, correlation; draws charts. "
    'Use it instead of counting yourself. Examples: {"data": "city,sales\\nOslo,3\\nBonn,5", '
    '"group_by": ["city"], "aggregates": ["sum(sales)"]}, {"data": "3, 5, 8"}, '
    '{"file": "sales.csv", "chart": "bar", "x": "city", "y": ["sales"]}.'
)
TOUCHES: frozenset[Touch] = frozenset({"computes", "reads_user_data"})

_EXAMPLES = 'Examples: [{"a": 1}, {"a": 2}] or "name,price\\nTea,2.5\\nRice,4" or "3, 5, 8".'
_LARGE_CHARS = 20_000


Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Names = Annotated[list[Name], BeforeValidator(as_list)]


class Args(ToolArgs):
    """The data and what to ask of it; without a question every column is described."""

    data: Annotated[str, StringConstraints(strip_whitespace=False), BeforeValidator(as_text)] = (
        Field(
            default="",
            description="JSON, JSON lines, CSV or TSV text with a header row, or numbers.",
            validation_alias=AliasChoices(
                "data", "input", "text", "json", "csv", "values", "numbers", "content", "dataset"
            ),
        )
    )
    file: str = Field(
        default="",
        max_length=300,
        description="Name or id of an uploaded file, instead of data.",
        validation_alias=AliasChoices("file", "filename", "file_id"),
    )
    columns: Names = Field(
        default=[],
        max_length=100,
        description='Only these columns or paths, such as "price" or "orders[].total".',
        validation_alias=AliasChoices("columns", "column", "fields", "field", "path", "paths"),
    )
    where: Annotated[list[Name], BeforeValidator(as_conditions)] = Field(
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
    chart: Literal["", "bar", "line", "scatter", "hist", "box", "pie"] = Field(
        default="", description="Draw a chart of this kind."
    )
    x: str = Field(default="", max_length=500, description="Column along the chart.")
    y: Names = Field(default=[], max_length=10, description="Numeric columns to draw.")


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

    def __init__(self, options: Options, services: Services) -> None:
        self._options = options
        self._services = services
        self._caps = TableCaps(
            max_rows=options.max_rows, max_cells=options.max_cells, max_depth=options.max_depth
        )
        self._shown = Shown(
            rows=options.max_shown_rows,
            top_values=options.max_top_values,
            cell_chars=options.max_cell_chars,
        )

    async def run(self, args: Args, context: ToolContext) -> ToolResult:
        """Analyse; ToolRetry says where the data breaks or which columns there are."""
        try:
            question = Question(**args.model_dump(exclude={"data", "file", "chart", "x", "y"}))
            if not args.chart:
                answered = await self._answered(args, question, self._shown, context)
                return ToolResult(text=answered.text, data=answered.data)
            asked = chart_question(args.chart, args.x, args.y, question)
            shown = replace(self._shown, rows=MOST_POINTS)
            answered = await self._answered(args, asked, shown, context)
            chart = chart_of(args.chart, args.x, asked, answered.data)
        except UnreadableTable as exc:
            msg = f"{one_line(str(exc), max_chars=1_500)} {_EXAMPLES}"
            raise ToolRetry(msg) from exc
        except (TableError, QueryRefused) as exc:
            raise ToolRetry(one_line(str(exc), max_chars=1_500)) from exc
        except QueryFailed as exc:
            raise ToolFailed(str(exc)) from exc
        picture = await draw(self._services.sandbox, chart, owner=context.user_id)
        return ToolResult(text=chart.told(), data=chart.summary(), files=(picture,))

    async def _answered(
        self, args: Args, question: Question, shown: Shown, context: ToolContext
    ) -> Analysis:
        if args.file:
            tables, documents = self._services.tables, self._services.documents
            if tables is None or documents is None:
                raise ToolFailed("this server analyses no files; give the data itself")
            documents = within(documents, context.file_ids)
            file = (await tables_of(documents, context.user_id, [args.file]))[0]
            return await tables.analyse(file, question, shown=shown)
        if not args.data.strip():
            msg = f"The data is empty: give data, or the name of an uploaded file. {_EXAMPLES}"
            raise ToolRetry(msg)
        if len(args.data.encode("utf-8", errors="replace")) > self._options.max_data_bytes:
            msg = f"The data is larger than {self._options.max_data_bytes} bytes; send a part."
            raise ToolRetry(msg)
        if len(args.data) > _LARGE_CHARS:
            return await asyncio.to_thread(self._of_text, args.data, question, shown)
        return self._of_text(args.data, question, shown)

    def _of_text(self, given: str, question: Question, shown: Shown) -> Analysis:
        table = read_table(given, wanted=question.names(), caps=self._caps)
        text, data = answer(MemoryTable(table), question, shown=shown)
        return Analysis(text=text, data=data)


def build(options: Options, services: Services) -> Tool:
    """Make the tool; files and charts are off where the server cannot query or draw."""
    return DataAnalysis(options, services)
