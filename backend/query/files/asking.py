"""Answers the questions of `data_analysis` about a table of DuckDB, in SQL, without holding its rows.

The same figures as for pasted data (`kit.table_questions`): sample standard deviation,
interpolated quartiles, groups in the order they are first seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from duckdb import DuckDBPyConnection

from backend.kit.column_stats import read_aggregate, to_number
from backend.kit.row_queries import Condition, read_conditions, split_order
from backend.kit.table_answers import Question, Shown, answer
from backend.kit.table_names import literal, quoted
from backend.kit.table_questions import DEFAULT_COLUMNS, sort_groups
from backend.kit.tables import TableError, find_column
from backend.ports.query import QueryRefused
from backend.query.files.paths import ColumnPath, ColumnType, ObjectList, element_paths, paths_of
from backend.query.files.running import as_json
from backend.query.files.tables import Prepared, Tables

_ELEMENT = "element of the list"
_ROW = "number of the row"
_DIGITS = 15
_MOST_GROUPS_SORTED = 200_000
_OF_NUMBERS = {
    "sum": "sum({0})",
    "mean": "avg({0})",
    "median": "quantile_cont({0}::DOUBLE, 0.5)",
    "min": "min({0})",
    "max": "max({0})",
    "std": "stddev_samp({0}::DOUBLE)",
    "q1": "quantile_cont({0}::DOUBLE, 0.25)",
    "q3": "quantile_cont({0}::DOUBLE, 0.75)",
}
_ORDER = ("min", "q1", "median", "q3", "max", "mean", "std", "sum")


def analyse(connection: DuckDBPyConnection, tables: Tables, call: dict[str, Any]) -> dict[str, Any]:
    """Answer one question about the first table that has the columns it speaks of.

    Raises:
        QueryRefused: naming the columns there are.
    """
    question, shown = Question(**call["question"]), Shown(**call["shown"])
    failure: TableError | None = None
    for one in tables.prepared:
        try:
            table = DuckTable(connection, one, wanted=question.names())
            if len(tables.prepared) > 1:
                others = ", ".join(other.name for other in tables.prepared)
                table.notes.append(f"this is the table {one.name}; the file has {others}")
            text, data = answer(table, question, shown=shown)
        except TableError as exc:
            failure = failure or exc
            continue
        return {"text": text, "data": data}
    raise QueryRefused(str(failure)) from failure


class DuckTable:
    """One table that is asked by SQL; `wanted` columns decide which list its rows come from."""

    def __init__(
        self, connection: DuckDBPyConnection, prepared: Prepared, *, wanted: Sequence[str]
    ) -> None:
        self._connection = connection
        relation = connection.table(quoted(prepared.name))
        kinds = cast("list[ColumnType]", relation.types)
        paths, lists = paths_of(list(zip(relation.columns, kinds, strict=True)))
        rows = quoted(prepared.name)
        base = _common_list([find_column(name, [p.name for p in paths]) for name in wanted], lists)
        if base is not None:
            rows = f"(SELECT *, unnest({base.sql}) AS {quoted(_ELEMENT)} FROM {rows})"
            paths = [one for one in paths if not one.many] + element_paths(base, _ELEMENT)
        rows = f"SELECT *, row_number() OVER () AS {quoted(_ROW)} FROM {rows}"
        self._rows = f"({rows})"
        self._paths = {one.name: one for one in paths}
        self.columns = list(self._paths)
        self.notes: list[str] = list(prepared.plan["notes"])
        self.format = prepared.name
        self._where = "true"

    def count(self) -> int:
        """Count the rows that are left."""
        return int(self._one("count(*)")[0])

    def filter(self, conditions: Sequence[str]) -> None:
        """Keep the rows that fit every condition."""
        parts = [_condition(self._path(one.column), one) for one in read_conditions(conditions)]
        self._where = " AND ".join(["true", *parts])

    def correlate(self, first: str, second: str) -> dict[str, Any]:
        """Correlate two columns over the rows where both hold one number."""
        paths = [self._path(first), self._path(second)]
        x, y = [f"{_only(path)}::DOUBLE" for path in paths]
        usable = f"({x}) IS NOT NULL AND ({y}) IS NOT NULL"
        # Figures far from zero lose their last digits in one pass, so both are centred first.
        means = self._one(f"avg({x}) FILTER ({usable})", f"avg({y}) FILTER ({usable})")
        mx, my = [repr(float(one)) if one is not None else "0" for one in means]
        found = self._one(
            f"count(*) FILTER ({usable})",
            "count(*)",
            f"sum(({x} - {mx}) * ({y} - {my})) FILTER ({usable})",
            f"sum(({x} - {mx}) ** 2) FILTER ({usable})",
            f"sum(({y} - {my}) ** 2) FILTER ({usable})",
        )
        pairs, rows, both, one, other = found
        spread = (one or 0) * (other or 0)
        return {
            "columns": [path.name for path in paths],
            "pearson_r": _tidy(both / spread**0.5) if spread and pairs > 1 else None,
            "pairs": pairs,
            "rows_left_out": rows - pairs,
        }

    def group(
        self, by: Sequence[str], aggregates: Sequence[str], *, order: str, most: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Compute figures per group: the first `most` groups in order, and how many there are."""
        keys = [self._path(name) for name in by]
        asked = [self._resolved(text) for text in aggregates] or self._usual(keys)
        names = [f"key {n}" for n in range(len(keys))]
        made = ", ".join(
            f"{_each(path)} AS {quoted(name)}" for path, name in zip(keys, names, strict=True)
        )
        figures = [_figure(name, path) for _, name, path in asked]
        listed = ", ".join(quoted(name) for name in names)
        rows = f"SELECT *, {made} FROM {self._rows} WHERE {self._where}"
        if any(path.many for path in keys):  # one row may then be in several groups
            rows = f"SELECT * REPLACE (row_number() OVER () AS {quoted(_ROW)}) FROM ({rows})"
        grouped = (
            f"SELECT {', '.join([listed, *figures, f'min({quoted(_ROW)}) AS {quoted(_ROW)}'])} "
            f"FROM ({rows}) GROUP BY {listed}"
        )
        total = int(self._fetch(f"SELECT count(*) FROM ({grouped})")[0][0])
        many = _MOST_GROUPS_SORTED if order else most
        found = self._fetch(f"SELECT * FROM ({grouped}) ORDER BY {quoted(_ROW)} LIMIT {many}")
        labels = [path.name for path in keys] + [label for label, _, _ in asked]
        entries = [
            {label: _value(cell) for label, cell in zip(labels, row[:-1], strict=True)}
            for row in found
        ]
        return (sort_groups(entries, order) if order else entries)[:most], total

    def totals(self, aggregates: Sequence[str]) -> dict[str, Any]:
        """Compute figures over all rows."""
        asked = [self._resolved(text) for text in aggregates]
        found = self._one(*(_figure(name, path) for _, name, path in asked))
        return {label: _value(cell) for (label, _, _), cell in zip(asked, found, strict=True)}

    def list_rows(self, columns: Sequence[str], *, order: str, most: int) -> list[dict[str, Any]]:
        """List rows, missing values of the order last."""
        paths = [self._path(name) for name in columns] or list(self._paths.values())
        by = quoted(_ROW)
        if order:
            name, descending = split_order(order)
            path = self._path(name)
            first = f"{path.sql}[1]" if path.many else path.sql
            first = f"lower({first})" if path.kind == "text" else first
            by = f"{first} {'DESC' if descending else 'ASC'} NULLS LAST, {by}"
        found = self._fetch(
            f"SELECT {', '.join(path.sql for path in paths)} FROM {self._rows} "
            f"WHERE {self._where} ORDER BY {by} LIMIT {most}"
        )
        names = [path.name for path in paths]
        return [{n: _value(cell) for n, cell in zip(names, row, strict=True)} for row in found]

    def describe(self, names: Sequence[str], *, top: int) -> dict[str, dict[str, Any]]:
        """Summarise columns."""
        paths = [self._path(name) for name in names]
        return {path.name: self._summary(path, top=top) for path in paths}

    def _summary(self, path: ColumnPath, *, top: int) -> dict[str, Any]:
        value = f"unnest({path.sql})" if path.many else path.sql
        cells = f"(SELECT {value} AS v, {quoted(_ROW)} AS r FROM {self._rows} WHERE {self._where})"
        asked = ["count(v)", "count(*) - count(v)", "count(DISTINCT v)"]
        names = _ORDER if path.kind == "number" else ("min", "max") if path.kind == "date" else ()
        asked += [_sum_exactly(path, _OF_NUMBERS[name]).format("v") for name in names]
        row = self._fetch(f"SELECT {', '.join(asked)} FROM {cells}")[0]
        count, missing, distinct = row[:3]
        kind = path.kind if count else "empty"
        found = {"type": kind, "count": count, "missing": missing, "distinct": distinct}
        if path.kind == "number" and count:
            found["numbers"] = count
        if count:
            found |= {name: _value(cell) for name, cell in zip(names, row[3:], strict=True)}
        least = 2 if path.kind == "number" else 1
        common = self._fetch(
            f"SELECT v, count(*) AS n FROM {cells} WHERE v IS NOT NULL GROUP BY v "
            f"HAVING n >= {least} ORDER BY n DESC, min(r) LIMIT {top}"
        )
        return found | {"top": [{"value": _value(cell), "count": many} for cell, many in common]}

    def _path(self, name: str) -> ColumnPath:
        return self._paths[find_column(name, self.columns)]

    def _resolved(self, text: str) -> tuple[str, str, ColumnPath | None]:
        name, column = read_aggregate(text)
        if not column:
            if name != "count":
                msg = f'"{text}" needs a column, such as "{name}(amount)".'
                raise TableError(msg)
            return "count", "count", None
        path = self._path(column)
        return f"{name}({path.name})", name, path

    def _usual(self, keys: Sequence[ColumnPath]) -> list[tuple[str, str, ColumnPath | None]]:
        numeric = [one for one in self._paths.values() if one.kind == "number" and one not in keys]
        figures = [
            (f"{name}({one.name})", name, one)
            for one in numeric[:DEFAULT_COLUMNS]
            for name in ("sum", "mean")
        ]
        return [("count", "count", None), *figures]

    def _one(self, *asked: str) -> tuple[Any, ...]:
        return self._fetch(f"SELECT {', '.join(asked)} FROM {self._rows} WHERE {self._where}")[0]

    def _fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()


def _figure(name: str, path: ColumnPath | None) -> str:
    """Write one figure as SQL; that of no column counts rows."""
    if path is None:
        return "count(*)"
    if name in {"count", "distinct"}:
        return _counted(name, path)
    if path.kind != "number":
        return "0" if name == "sum" else "NULL"
    if path.many:
        return _of_list(name, f"flatten(list({path.sql}))")
    figure = _sum_exactly(path, _OF_NUMBERS[name]).format(path.sql)
    return f"coalesce({figure}, 0)" if name == "sum" else figure


def _counted(name: str, path: ColumnPath) -> str:
    if not path.many:
        return f"count({'DISTINCT ' if name == 'distinct' else ''}{path.sql})"
    cells = f"flatten(list({path.sql}))"
    return f"coalesce(list_count({f'list_distinct({cells})' if name == 'distinct' else cells}), 0)"


def _of_list(name: str, cells: str) -> str:
    words = {"sum": "sum", "mean": "avg", "std": "stddev_samp", "min": "min", "max": "max"}
    if name in words:
        found = f"list_aggregate({cells}, '{words[name]}')"
        return f"coalesce({found}, 0)" if name == "sum" else found
    share = {"q1": 0.25, "median": 0.5, "q3": 0.75}[name]
    return f"list_aggregate(list_transform({cells}, lambda e: e::DOUBLE), 'quantile_cont', {share})"


def _sum_exactly(path: ColumnPath, figure: str) -> str:
    return figure.replace("sum({0})", "fsum({0})") if path.floating else figure


def _each(path: ColumnPath) -> str:
    """Give a row's key, or one row for each of its different values."""
    if not path.many:
        return path.sql
    cells = f"coalesce({path.sql}, [])"
    different = f"list_filter({cells}, lambda e, i: list_position({cells}, e) = i)"
    return f"unnest(CASE WHEN len({cells}) > 0 THEN {different} ELSE [NULL] END)"


def _only(path: ColumnPath) -> str:
    if path.kind != "number":
        return "NULL"
    return f"CASE WHEN len({path.sql}) = 1 THEN {path.sql}[1] END" if path.many else path.sql


def _condition(path: ColumnPath, condition: Condition) -> str:
    if condition.operator in {"is missing", "is not missing"}:
        present = (
            f"coalesce(list_count({path.sql}), 0) > 0" if path.many else f"{path.sql} IS NOT NULL"
        )
        return f"NOT ({present})" if condition.operator == "is missing" else f"({present})"
    negated = condition.operator in {"!=", "not contains"}
    cell = "e" if path.many else path.sql
    fits = _fits(path, cell, condition)
    if path.many:
        found = f"coalesce(list_count(list_filter({path.sql}, lambda e: coalesce({fits}, false))), 0) > 0"
        filled = f"coalesce(list_count({path.sql}), 0) > 0"
        return f"({filled} AND NOT ({found}))" if negated else f"({found})"
    present = f"{path.sql} IS NOT NULL"
    return f"({present} AND {'NOT ' if negated else ''}({fits}))"


def _fits(path: ColumnPath, cell: str, condition: Condition) -> str:
    text = f"lower({cell}::VARCHAR)"
    value = f"lower({literal(condition.value)})"
    if condition.operator in {"contains", "not contains"}:
        return f"contains({text}, {value})"
    sign = {"==": "=", "!=": "="}.get(condition.operator, condition.operator)
    if path.kind == "number":
        return "false" if condition.number is None else f"{cell} {sign} {_number(condition.number)}"
    if path.kind == "boolean" and sign != "=":
        return "false"
    return f"{text} {sign} {value}"


def _number(value: Decimal) -> str:
    plain = format(value, "f")
    return plain if len(plain) < 30 else f"{float(value)!r}::DOUBLE"


def _value(cell: object) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(cell, Decimal):
        return to_number(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return to_number(Decimal(cell))
    if isinstance(cell, float):
        return _tidy(cell)
    if isinstance(cell, list):
        cells = [_value(one) for one in cast("list[object]", cell)]
        return cells[0] if len(cells) == 1 else (cells or None)
    return as_json(cell)


def _tidy(number: float) -> float | int | None:
    """Drop the noise of binary fractions behind the 15 digits that are sure."""
    if number != number or number in {float("inf"), float("-inf")}:
        return None
    tidy = float(f"{number:.{_DIGITS}g}")
    return to_number(Decimal(repr(tidy)))


def _common_list(columns: Sequence[str], lists: Sequence[ObjectList]) -> ObjectList | None:
    """Find the innermost list that all columns lie in or above; None when none lies in a list."""
    owners = {
        max((one.name for one in lists if name.startswith(f"{one.name}.")), key=len, default="")
        for name in columns
    }
    inner = max(owners, key=len, default="")
    if not all(inner.startswith(owner) for owner in owners):
        msg = f"These columns lie in different lists: {', '.join(columns)}."
        raise TableError(msg)
    return next((one for one in lists if one.name == inner), None)
