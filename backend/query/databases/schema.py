"""Describes the tables of the open schemas: columns, types, rough row counts, some first values."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnClause, Connection, column, inspect, select, table
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import Inspector, ObjectKind
from sqlalchemy.exc import SQLAlchemyError

from backend.query.databases.rows import json_value

_MAX_TABLES = 200
_MAX_COLUMNS = 200
_SAMPLED_TABLES = 20
_SAMPLED_COLUMNS = 30
_SAMPLE_ROWS = 3
_SAMPLING_S = 2.0
_SAMPLE_CHARS = 40


@dataclass(frozen=True, slots=True)
class _Found:
    """One table as the engine describes it; `plain` when it is no view."""

    schema: str
    name: str
    columns: Sequence[ReflectedColumn]
    plain: bool


def describe(
    connection: Connection, schemas: Sequence[str], counts: Mapping[str, Mapping[str, int]]
) -> list[dict[str, Any]]:
    """Describe every table and view, up to a bound; first values as far as two seconds go."""
    quote = connection.dialect.identifier_preparer.quote
    end_s = time.monotonic() + _SAMPLING_S
    described: list[dict[str, Any]] = []
    for number, found in enumerate(_tables(connection, schemas)):
        wanted = found.plain and number < _SAMPLED_TABLES and time.monotonic() < end_s
        samples = _samples(connection, found) if wanted else {}
        shown = quote(found.name)
        first = not found.schema or found.schema == next(iter(schemas), "")
        described.append({
            "name": shown if first else f"{quote(found.schema)}.{shown}",
            "source": found.schema,
            "rows": counts.get(found.schema, {}).get(found.name),
            "columns": [
                [quote(one["name"]), str(one["type"]).lower(), samples.get(one["name"], [])]
                for one in found.columns[:_MAX_COLUMNS]
            ],
        })
    return described


def table_names(connection: Connection, schemas: Sequence[str]) -> dict[str, list[str]]:
    """Give all tables with their columns, for hints to a name that does not exist."""
    return {
        found.name: [one["name"] for one in found.columns[:_MAX_COLUMNS]]
        for found in _tables(connection, schemas)
    }


def _tables(connection: Connection, schemas: Sequence[str]) -> Iterable[_Found]:
    looking = inspect(connection)
    left = _MAX_TABLES
    for schema in schemas or ("",):
        plain = set(looking.get_table_names(schema=schema or None))
        columns = _columns(looking, schema)
        for name in sorted(columns)[:left]:
            yield _Found(schema, name, columns[name], name in plain)
        left -= min(left, len(columns))


def _columns(looking: Inspector, schema: str) -> dict[str, Sequence[ReflectedColumn]]:
    found = looking.get_multi_columns(schema=schema or None, kind=ObjectKind.ANY)
    return {name: columns for (_, name), columns in found.items()}


def _samples(connection: Connection, found: _Found) -> dict[str, list[str]]:
    """Read the first rows of a table; a table that may not be read simply shows none."""
    names = [one["name"] for one in found.columns[:_SAMPLED_COLUMNS]]
    columns: list[ColumnClause[Any]] = [column(name) for name in names]
    first = select(*columns).select_from(table(found.name, schema=found.schema or None))
    try:
        with connection.begin_nested():
            rows = connection.execute(first.limit(_SAMPLE_ROWS)).all()
    except SQLAlchemyError:
        return {}
    samples: dict[str, list[str]] = {}
    for number, name in enumerate(names):
        values = (json_value(row[number]) for row in rows if row[number] is not None)
        samples[name] = list(dict.fromkeys(str(value)[:_SAMPLE_CHARS] for value in values))
    return samples
