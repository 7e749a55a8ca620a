"""Names of tables that SQL can write without quotation marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePath

_MAX_CHARS = 60
# What DuckDB reserves, and `table` with it; such a name would need quotation marks.
_RESERVED = frozenset([
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "default",
    "deferrable",
    "desc",
    "describe",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "glob",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "lambda",
    "lateral",
    "leading",
    "limit",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "pivot",
    "pivot_longer",
    "pivot_wider",
    "placing",
    "primary",
    "qualify",
    "references",
    "returning",
    "select",
    "show",
    "some",
    "summarize",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "unpivot",
    "using",
    "variadic",
    "when",
    "where",
    "window",
    "with",
    "main",
    "temp",
    "system",
    "memory",
    "information_schema",
    "pg_catalog",
])


def plain_name(text: str) -> str:
    """Write a name as SQL can: `Sales 2024 (Q1)` becomes `sales_2024_q1`."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    name = re.sub(r"\W+", "_", folded).strip("_")[:_MAX_CHARS].strip("_") or "table"
    if name[0].isdigit():
        name = f"t_{name}"
    return f"{name}_table" if name in _RESERVED else name


def file_stem(filename: str) -> str:
    """Give a file's name without its ending."""
    return PurePath(filename.replace("\\", "/")).stem


def name_parts(filename: str, part: str) -> tuple[str, ...]:
    """Say of what a table's name is made: its file, and the sheet where there are several."""
    return (file_stem(filename), part) if part else (file_stem(filename),)


def table_names(parts: Iterable[Sequence[str]]) -> list[str]:
    """Name tables by their parts (file, sheet), in order; equal ones are numbered from the second on."""
    taken: set[str] = set()
    names: list[str] = []
    for one in parts:
        base = name = plain_name("_".join(one))
        number = 2
        while name in taken:
            name = f"{base}_{number}"
            number += 1
        taken.add(name)
        names.append(name)
    return names


def quoted(name: str) -> str:
    """Quote an identifier for DuckDB and SQLite."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for DuckDB."""
    return "'" + text.replace("'", "''") + "'"
