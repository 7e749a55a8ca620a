"""Turns the files of one call into tables of a DuckDB connection, and says what they hold.

What was found out about a file (which reader, which types) is a plan: plain JSON that the server
remembers, so that the next call need not look at every row again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from duckdb import DuckDBPyConnection, Error

from backend.kit import landlock
from backend.kit.plain_text import one_line
from backend.kit.table_names import file_stem, name_parts, plain_name, quoted, table_names
from backend.ports.query import QueryFailed, TableKind
from backend.query.files.column_types import typed_columns
from backend.query.files.delimited import delimited
from backend.query.files.json_tables import json_tables, parquet_table
from backend.query.files.sources import Given, Source, Workshop
from backend.query.files.sqlite_tables import sqlite_tables
from backend.query.files.workbooks import workbook

Plan = dict[str, Any]
_READERS: dict[TableKind, Callable[[Given, Workshop], list[Source]]] = {
    "csv": delimited,
    "tsv": delimited,
    "json": json_tables,
    "jsonl": json_tables,
    "parquet": parquet_table,
    "xlsx": workbook,
    "sqlite": sqlite_tables,
}
_SAMPLE_ROWS = 3
_SAMPLE_CHARS = 40
_MOST_NEWLINES = 500
_MAX_NOTES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A table that can be made: where its rows are read, and its plan."""

    name: str
    source: Source
    plan: Plan
    also: tuple[str, ...] = ()

    def select(self) -> str:
        """Read its rows with their types."""
        relation = self.source.relations[int(self.plan["relation"])]
        return _select(self.plan["columns"], relation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The tables of one call; `plans` belong to the files, in their order."""

    prepared: Sequence[Prepared]
    plans: Sequence[Plan] = ()


def prepare(connection: DuckDBPyConnection, files: Sequence[Given], shop: Workshop) -> Tables:
    """Find the tables of files, and types of columns where no plan tells them.

    Raises:
        QueryFailed: naming the file that cannot be read.
    """
    found: list[tuple[Given, Source, Plan]] = []
    plans: list[Plan] = []
    for given in files:
        sources = _READERS[given.kind](given, shop)
        known: list[Plan] = (given.plan or {}).get("tables", [])
        if len(known) != len(sources):
            known = [_planned(connection, given, source) for source in sources]
        plans.append({"tables": known})
        found += [(given, source, plan) for source, plan in zip(sources, known, strict=True)]
    names = table_names(name_parts(given.name, plan["part"]) for given, _, plan in found)
    prepared = [
        Prepared(name=name, source=source, plan=plan, also=_other_names(given, source))
        for name, (given, source, plan) in zip(names, found, strict=True)
    ]
    return Tables(prepared=prepared, plans=plans)


def _other_names(given: Given, source: Source) -> tuple[str, ...]:
    """Say what else people call a table: the file, or the sheet as it is written."""
    if source.part:
        return (source.part, plain_name(source.part))
    return (given.name, file_stem(given.name))


def make(
    connection: DuckDBPyConnection, tables: Tables, *, view_bytes: int
) -> tuple[frozenset[str], bool]:
    """Load small tables and put views over large ones; give all names, and whether there are views.

    Views need a system that keeps the originals from being written, else everything is loaded.
    """
    names: set[str] = set()
    viewed = False
    for one in tables.prepared:
        as_view = one.source.size_bytes > view_bytes and landlock.available()
        viewed = viewed or as_view
        try:
            connection.execute(
                f"CREATE {'VIEW' if as_view else 'TABLE'} {quoted(one.name)} AS {one.select()}"
            )
        except Error as exc:
            raise _unreadable(one.name, exc) from exc
        names.add(one.name)
    for one in tables.prepared:
        for other in dict.fromkeys(one.also):
            if other.casefold() not in {name.casefold() for name in names}:
                connection.execute(f"CREATE VIEW {quoted(other)} AS FROM {quoted(one.name)}")
                names.add(other)
                _dotted(connection, other, one.name)
    return frozenset(names), viewed


def _dotted(connection: DuckDBPyConnection, other: str, name: str) -> None:
    """Let `FROM sales.csv` mean the file, which SQL reads as a schema with a table."""
    stem, _, ending = other.rpartition(".")
    if stem.isidentifier() and ending.isidentifier() and plain_name(stem) == stem.casefold():
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(stem)}")
        connection.execute(
            f"CREATE VIEW {quoted(stem)}.{quoted(ending)} AS FROM main.{quoted(name)}"
        )


def _planned(connection: DuckDBPyConnection, given: Given, source: Source) -> Plan:
    """Try the ways to read a table, the strictest first."""
    failure: Exception | None = None
    for number, relation in enumerate(source.relations):
        try:
            plan = _plan(connection, source, relation)
        except Error as exc:
            failure = exc
            continue
        last = number + 1 == len(source.relations)
        if source.texts is not None and not last and _swallows(connection, source, relation):
            continue
        notes = [*source.notes, *plan["notes"]]
        if number and source.texts is not None:
            notes.append(
                "rows differ in their number of cells: missing cells are NULL, extra ones left out"
            )
        found = {"part": source.part, "relation": number, "notes": notes[:_MAX_NOTES]}
        return {**plan, **found}
    raise _unreadable(given.name, failure)


def _plan(connection: DuckDBPyConnection, source: Source, relation: str) -> Plan:
    notes: list[str] = []
    if source.texts is not None:
        typed, rows = typed_columns(
            connection, relation, source.texts, weak_comma=source.weak_comma
        )
        columns: list[Plan] = [{"name": one.name, "sql": one.sql} for one in typed]
        notes = [f"{one.name}: {note}" for one in typed for note in one.notes]
    else:
        described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        columns = [{"name": str(row[0]), "sql": quoted(str(row[0]))} for row in described]
        counted = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
        rows = int(cast("tuple[Any, ...]", counted)[0])
    select = _select(columns, relation)
    kinds = connection.execute(f"DESCRIBE {select}").fetchall()
    samples = connection.execute(f"{select} LIMIT {_SAMPLE_ROWS}").fetchall()
    for at, one in enumerate(columns):
        one["type"] = str(kinds[at][1])
        shown = [
            one_line(str(row[at]), max_chars=_SAMPLE_CHARS)
            for row in samples
            if row[at] is not None
        ]
        one["samples"] = list(dict.fromkeys(shown))
    return {"columns": columns, "rows": rows, "notes": notes}


def _select(columns: Sequence[Plan], relation: str) -> str:
    made = ", ".join(f"{one['sql']} AS {quoted(one['name'])}" for one in columns)
    return f"SELECT {made} FROM {relation}"


def _swallows(connection: DuckDBPyConnection, source: Source, relation: str) -> bool:
    """Tell a quotation mark that is never closed by a cell with very many lines."""
    longest = ", ".join(f"max(length({quoted(name)}))" for name in source.texts or ())
    row = connection.execute(f"SELECT greatest({longest}, 0) FROM {relation}").fetchone()
    if row is None or (row[0] or 0) < _MOST_NEWLINES:
        return False
    lines = ", ".join(
        f"max(length({quoted(name)}) - length(replace({quoted(name)}, chr(10), '')))"
        for name in source.texts or ()
    )
    row = connection.execute(f"SELECT greatest({lines}, 0) FROM {relation}").fetchone()
    return row is not None and (row[0] or 0) > _MOST_NEWLINES


def _unreadable(name: str, exc: Exception | None) -> QueryFailed:
    reason = one_line(str(exc).split("Possible fixes")[0], max_chars=300)
    return QueryFailed(f"{name} cannot be read as a table: {reason}")
