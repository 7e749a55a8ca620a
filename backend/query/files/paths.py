"""The columns of a table as paths: `customer.city` inside a struct, `items[].price` inside a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from backend.kit.number_text import MISSING_WORDS
from backend.kit.table_names import literal, quoted

Kind = Literal["number", "text", "boolean", "date"]
_MAX_DEPTH = 8
_MAX_PATHS = 1_000
_WHOLE = frozenset({
    "tinyint",
    "smallint",
    "integer",
    "bigint",
    "hugeint",
    "utinyint",
    "usmallint",
    "uinteger",
}) | {"ubigint", "uhugeint", "decimal"}
_FLOATING = frozenset({"float", "double"})
_MISSING = ", ".join(literal(word) for word in sorted(MISSING_WORDS))


class ColumnType(Protocol):
    """What is used of a type as DuckDB describes it."""

    @property
    def id(self) -> str:
        """Its kind, such as `struct`."""
        ...

    @property
    def children(self) -> list[tuple[str, Any]]:
        """What it is made of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPath:
    """A path and the SQL that reads it: one value per row, or a list of them when `many`."""

    name: str
    sql: str
    kind: Kind
    many: bool = False
    floating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectList:
    """A list of objects that rows can be taken from: its path, its SQL, the type of an element."""

    name: str
    sql: str
    element: ColumnType


def paths_of(
    columns: list[tuple[str, ColumnType]], *, owner: str = "", prefix: str = ""
) -> tuple[list[ColumnPath], list[ObjectList]]:
    """List the paths below columns, and the lists of objects among them."""
    walk = _Walk([], [])
    for name, kind in columns:
        walk.add(f"{prefix}{name}", f"{owner}{quoted(name)}", kind, many=False, depth=0)
    return walk.paths[:_MAX_PATHS], walk.lists


def element_paths(found: ObjectList, alias: str) -> list[ColumnPath]:
    """List the paths inside one element of a list."""
    fields = cast("list[tuple[str, ColumnType]]", found.element.children)
    return paths_of(fields, owner=f"{quoted(alias)}.", prefix=f"{found.name}.")[0]


@dataclass(slots=True)
class _Walk:
    paths: list[ColumnPath]
    lists: list[ObjectList]

    def add(self, name: str, sql: str, kind: ColumnType, *, many: bool, depth: int) -> None:
        """Add what lies below one column or field."""
        if len(self.paths) >= _MAX_PATHS:
            return
        if kind.id == "struct" and depth < _MAX_DEPTH:
            for field, inner in _fields(kind):
                step = _inside(sql, field, many=many)
                self.add(f"{name}.{field}", step, inner, many=many, depth=depth + 1)
        elif kind.id in {"list", "array"} and depth < _MAX_DEPTH:
            element = cast("ColumnType", kind.children[0][1])
            flat = f"flatten({sql})" if many else sql
            if element.id == "struct":
                self.lists.append(ObjectList(name=f"{name}[]", sql=flat, element=element))
            self.add(f"{name}[]", flat, element, many=True, depth=depth + 1)
        else:
            self.paths.append(_leaf(name, sql, kind, many=many))


def _fields(kind: ColumnType) -> Iterator[tuple[str, ColumnType]]:
    for name, inner in kind.children:
        yield name, cast("ColumnType", inner)


def _inside(sql: str, field: str, *, many: bool) -> str:
    if many:
        return f"list_transform({sql}, lambda e: struct_extract(e, {literal(field)}))"
    return f"struct_extract({sql}, {literal(field)})"


def _leaf(name: str, sql: str, kind: ColumnType, *, many: bool) -> ColumnPath:
    found: Kind = "text"
    plain = "CASE WHEN lower(trim({0}::VARCHAR)) NOT IN (" + _MISSING + ") THEN {0}::VARCHAR END"
    if kind.id in _WHOLE:
        found, plain = "number", "{0}"
    elif kind.id in _FLOATING:
        found, plain = "number", "CASE WHEN isfinite({0}) THEN {0}::DOUBLE END"
    elif kind.id == "boolean":
        found, plain = "boolean", "{0}"
    elif kind.id in {"date", "time"} or kind.id.startswith("timestamp"):
        found, plain = "date", "{0}"
    if plain != "{0}":
        inner = plain.replace("{0}", "e" if many else f"({sql})")
        sql = f"list_transform({sql}, lambda e: {inner})" if many else inner
    return ColumnPath(
        name=name, sql=f"({sql})", kind=found, many=many, floating=kind.id in _FLOATING
    )
