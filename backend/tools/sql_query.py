"""Asks the tables in the caller's files, or a database an administrator configured, by SQL.

Not for: engines and their walls (`backend/query`), or statistics without SQL (`data_analysis`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from backend.errors import ToolFailed, ToolRetry, ToolUnavailable
from backend.kit.markdown_tables import markdown_table
from backend.kit.meant_files import name_list
from backend.kit.plain_text import one_line
from backend.ports import own_tables
from backend.ports.documents import Documents
from backend.ports.documents_within import within
from backend.ports.query import (
    Databases,
    QueryFailed,
    QueryRefused,
    Rows,
    TableEngine,
    TableFile,
    TableInfo,
)
from backend.ports.tools import (
    Services,
    Tool,
    ToolArgs,
    ToolContext,
    ToolOptions,
    ToolResult,
    Touch,
)

NAME = "sql_query"
DESCRIPTION = (
    "Answers questions about tables in the user's uploaded files (CSV, Excel, JSON, Parquet, SQLite) or in a "
    "configured database by one SQL SELECT (DuckDB's dialect for files). See the tables and columns first: "
    '{"action": "schema"}. Then ask: {"sql": "SELECT region, sum(amount) FROM sales GROUP BY region"}. '
    "A file sales-2024.csv is the table sales_2024; a workbook has one table for each sheet."
)
TOUCHES: frozenset[Touch] = frozenset({"reads_user_data"})


class Args(ToolArgs):
    """One statement, or the wish to see what can be asked."""

    sql: str = Field(
        default="",
        description="One SELECT statement.",
        validation_alias=AliasChoices("sql", "query", "statement"),
    )
    action: Literal["query", "schema"] = Field(
        default="query", description="schema lists tables, columns, types and sample values."
    )
    files: Annotated[list[str], BeforeValidator(name_list)] = Field(
        default=[],
        max_length=50,
        description="Names or ids of the files to ask; by default those the statement speaks of.",
        validation_alias=AliasChoices("files", "file", "filename", "filenames", "file_ids"),
    )
    database: str = Field(
        default="", max_length=200, description="Name of a configured database, instead of files."
    )
    max_rows: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Most rows to bring; 0 for the usual number.",
        validation_alias=AliasChoices("max_rows", "limit"),
    )


class Options(ToolOptions):
    """Bounds of what is read and of what is shown."""

    usual_rows: int = Field(default=100, ge=1, le=10_000)
    max_rows: int = Field(default=1_000, ge=1, le=10_000)
    max_shown_rows: int = Field(default=50, ge=1, le=1_000)
    max_cell_chars: int = Field(default=80, ge=10, le=1_000)
    max_files: int = Field(default=20, ge=1, le=200)
    max_shown_columns: int = Field(default=60, ge=1, le=1_000)


class SqlQuery:
    """Finds what a statement is about, has it run, and words the rows."""

    def __init__(self, options: Options, services: Services) -> None:
        self._options = options
        self._documents: Documents | None = services.documents
        self._tables: TableEngine | None = services.tables
        self._databases: Databases | None = services.databases

    def touched_by(self, args: Args) -> frozenset[Touch]:
        """A configured database is no file of the user's: asking it reaches outside."""
        return frozenset({"reads_outside"}) if args.database else frozenset()

    async def run(self, args: Args, context: ToolContext) -> ToolResult:
        """Answer; ToolRetry names tables and columns that are near to a wrong one."""
        try:
            if args.action == "schema" or not args.sql.strip():
                return await self._schema(args, context)
            most = min(args.max_rows or self._options.usual_rows, self._options.max_rows)
            if args.database:
                rows = await self._base().query(
                    context.username, context.role, args.database, args.sql, max_rows=most
                )
                return self._answer(rows, [])
            engine, files, faults = await self._sound(args, context)
            return self._answer(await engine.query(files, args.sql, max_rows=most), faults)
        except QueryRefused as exc:
            msg = f'{exc} See the tables with {{"action": "schema"}}.'
            raise ToolRetry(msg) from exc
        except QueryFailed as exc:
            raise ToolFailed(str(exc)) from exc

    async def _schema(self, args: Args, context: ToolContext) -> ToolResult:
        if args.database:
            found = await self._base().schema(context.username, context.role, args.database)
            return self._described(found, [])
        cards = self._databases.offered(context.username, context.role) if self._databases else ()
        lines = [
            f'Database "{card.name}" ({card.dialect}): {card.description or "no description"}; '
            f'see its tables with {{"action": "schema", "database": "{card.name}"}}.'
            for card in cards
        ]
        try:
            engine, files, faults = await self._sound(args, context)
            return self._described(await engine.schema(files), [*faults, *lines])
        except (ToolRetry, QueryFailed):
            if not lines or args.files:
                raise
        return self._described([], lines)

    async def _sound(
        self, args: Args, context: ToolContext
    ) -> tuple[TableEngine, list[TableFile], list[str]]:
        """Choose the files, without those that cannot be read when there are others."""
        if self._tables is None or self._documents is None:
            raise ToolFailed("This server queries no files.")
        engine, user = self._tables, context.user_id
        documents = within(self._documents, context.file_ids)
        most = self._options.max_files
        if args.files:
            files = (await own_tables.tables_of(documents, user, args.files))[:most]
        elif args.sql:
            files = await own_tables.tables_for(documents, user, args.sql, most=most)
        else:
            files = await own_tables.every_table(documents, user, most=most)
        sound, faults = await own_tables.sound(engine, files)
        return engine, sound, faults

    def _base(self) -> Databases:
        if self._databases is None:
            raise ToolRetry("No database is configured on this server; ask files instead.")
        return self._databases

    def _described(self, tables: Sequence[TableInfo], more: Sequence[str]) -> ToolResult:
        lines = [line for one in tables for line in one.lines(self._options.max_shown_columns)]
        return ToolResult(
            text="\n".join([*lines, *more]), data={"tables": [asdict(one) for one in tables]}
        )

    def _answer(self, rows: Rows, faults: Sequence[str]) -> ToolResult:
        names = [column.name for column in rows.columns]
        listed = rows.rows[: self._options.max_shown_rows]
        shown = markdown_table(names, listed, cell_chars=self._options.max_cell_chars)
        total = "more than are listed" if rows.total is None else str(rows.total)
        told = total if len(listed) == rows.total else f"{len(listed)} of {total}"
        counted = f"{told} row." if told == "1" else f"{told} rows."
        notes = [f"Note: {one_line(note, max_chars=200)}." for note in rows.notes]
        # Without an empty line Markdown takes what follows for another row.
        table = f"{shown}\n" if listed else f"No rows. Columns: {', '.join(names)}."
        data = {
            "columns": [{"name": one.name, "type": one.type} for one in rows.columns],
            "rows": [list(row) for row in rows.rows],
            "total": rows.total,
            "truncated": rows.truncated,
        }
        return ToolResult(text="\n".join([table, counted, *notes, *faults]), data=data)


def build(options: Options, services: Services) -> Tool:
    """Make the tool; raise ToolUnavailable where there is nothing to ask."""
    if services.databases is None and (services.tables is None or services.documents is None):
        raise ToolUnavailable("no files can be queried here and no database is configured")
    return SqlQuery(options, services)
