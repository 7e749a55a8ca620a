"""The query port: SQL over tables in the caller's files, and over databases an administrator named.

Not for: which tool offers it (`tools/sql_query`, `tools/data_analysis`) or engines (`backend/query`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from backend.kit import table_files
from backend.kit.plain_text import one_line
from backend.kit.table_answers import Question, Shown
from backend.ports.values import Health, JsonObject

TableKind = table_files.TableKind


class QueryRefused(Exception):
    """The statement is not allowed or not valid; the message tells the model how to mend it."""


class QueryFailed(Exception):
    """It went over a limit or the engine failed; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A file with one or several tables; `name` is the file's name as its owner knows it."""

    name: str
    path: Path
    kind: TableKind
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnInfo:
    """A column: its name as SQL must write it unquoted or quoted, its type, some of its values."""

    name: str
    type: str
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """A table that can be asked; `source` is the file or database schema it comes from.

    `notes` tell what was assumed while reading it.
    """

    name: str
    source: str
    columns: tuple[ColumnInfo, ...]
    rows: int | None = None
    notes: tuple[str, ...] = ()

    def lines(self, most_columns: int) -> list[str]:
        """Describe it for a model, a line for each column."""
        rows = "" if self.rows is None else f", {self.rows} rows"
        found = [f"{self.name} (from {one_line(self.source, max_chars=100)}{rows}):"]
        for column in self.columns[:most_columns]:
            samples = ", ".join(one_line(text, max_chars=40) for text in column.samples)
            such = f", such as {samples}" if samples else ""
            found.append(f"  {column.name} {column.type}{such}")
        if len(self.columns) > most_columns:
            found.append(f"  and {len(self.columns) - most_columns} more columns")
        return found + [f"  Note: {one_line(note, max_chars=200)}." for note in self.notes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The answer of one query: `total` counts all its rows where known, `rows` may be fewer.

    Values are JSON: numbers, texts, booleans, None; decimals, dates and the like are text.
    `notes` tell what was assumed while reading the tables.
    """

    columns: tuple[ColumnInfo, ...]
    rows: tuple[tuple[Any, ...], ...] = field(default=())
    total: int | None = None
    truncated: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The answer to a question about one table, as text for the model and data for the client."""

    text: str
    data: JsonObject


class TableEngine(Protocol):
    """Queries over files. Each call sees the given files and nothing else of the machine."""

    async def schema(self, files: Sequence[TableFile]) -> Sequence[TableInfo]:
        """Describe the tables; raise QueryFailed naming a file that cannot be read as one."""
        ...

    async def query(self, files: Sequence[TableFile], sql: str, *, max_rows: int) -> Rows:
        """Run one SELECT.

        Raises:
            QueryRefused: for anything else than one SELECT, and for errors in it (nearest names).
            QueryFailed: over time, memory or size.
        """
        ...

    async def analyse(self, file: TableFile, question: Question, *, shown: Shown) -> Analysis:
        """Describe, group, correlate or list the rows of a file's table; raises as `query`.

        Of several tables, the first one that has the columns asked for is taken.
        """
        ...

    async def forget_erased(self) -> None:
        """Forget what is known of files that have been erased."""
        ...

    async def aclose(self) -> None:
        """End its processes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCard:
    """A database as its users see it."""

    name: str
    dialect: str
    description: str = ""


class Databases(Protocol):
    """The databases of this server that an administrator configured; read only.

    A database the user may not use answers exactly like one that is not there.
    """

    def states(self) -> Mapping[str, Health]:
        """Tell how each was when it was last asked, by name; for operators, not for users."""
        ...

    async def look(self) -> Mapping[str, Health]:
        """Try each once and tell how it is; for operators, not for users."""
        ...

    def offered(self, username: str, role: str) -> Sequence[DatabaseCard]:
        """List those the user may ask."""
        ...

    async def schema(self, username: str, role: str, database: str) -> Sequence[TableInfo]:
        """Describe the tables in the schemas that are open to queries.

        Raises:
            QueryRefused: when the user has no such database.
            QueryFailed: when it cannot be reached.
        """
        ...

    async def query(
        self, username: str, role: str, database: str, sql: str, *, max_rows: int
    ) -> Rows:
        """Run one query; raises as `schema` and as `TableEngine.query`."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
