"""Lets one SELECT over known tables through, by DuckDB's own reading of the statement.

What runs is what was judged: the tree comes from the parser that will execute it. Files are out of
reach by the engine's settings as well; this is the first of several walls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Protocol, cast

from duckdb import DuckDBPyConnection, Error, StatementType

from backend.ports.query import QueryRefused
from backend.query.near_names import nearest_names

MAX_SQL_CHARS = 20_000
_MAX_DEPTH = 400
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree"})
_SCHEMAS = frozenset({"", "main"})
_CATALOGUE = frozenset({"tables", "columns"})
# Of the machine, the engine or other connections, or with an effect; whatever else reads files is a
# table function and not on the list above.
_DENIED = re.compile(
    r"read_.*|.*_scan(_dumb)?|duckdb_.*|pragma_.*|pg_(?!typeof).*|inet_.*|has_\w+_privilege"
    r"|glob|getenv|getvariable|current_setting|set_config|setval|nextval|currval|setseed|write_log"
    r"|sleep_ms|query|query_table|sniff_csv|which_secret|version|user|session_user|current_\w*user"
    r"|current_role|current_query\w*|current_connection_id|current_transaction_id|txid_current"
    r"|current_catalog|current_database|current_schemas?|in_search_path|get_block_size"
    r"|json_execute_serialized_sql|json_(de)?serialize_\w+|parse_duckdb_log_message|nextafter_state"
    r"|from_substrait\w*|get_substrait\w*|load_aws_credentials|st_read\w*|col_description"
    r"|obj_description|shobj_description|(de)?register_\w+"
)
_WHAT = "Only one SELECT is allowed (WITH ... SELECT too): nothing that changes data, settings or files."


class Statement(Protocol):
    """What is used of a statement as DuckDB cuts it out of a text."""

    @property
    def type(self) -> StatementType:
        """Its kind."""
        ...

    @property
    def query(self) -> str:
        """Its own text."""
        ...


def one_select(connection: DuckDBPyConnection, sql: str, *, tables: Collection[str]) -> str:
    """Give the statement without what stands around it.

    `tables` are the names that can be asked.

    Raises:
        QueryRefused: for anything else than one SELECT over those tables, in words for the model.
    """
    if len(sql) > MAX_SQL_CHARS:
        msg = f"The statement is longer than {MAX_SQL_CHARS} characters."
        raise QueryRefused(msg)
    statement = _single(connection, sql)
    tree = _tree(connection, statement)
    nodes = [cast("dict[str, Any]", one) for one in _nodes(tree, 0)]
    known = {name.casefold() for name in tables} | _common_tables(nodes)
    for node in nodes:
        _check(node, known, tables)
    return statement


def _single(connection: DuckDBPyConnection, sql: str) -> str:
    if "\0" in sql:
        raise QueryRefused("The statement holds a NUL character.")
    try:
        found = cast("list[Statement]", connection.extract_statements(sql))
    except Error as exc:
        raise QueryRefused(_first_lines(str(exc))) from exc
    if len(found) != 1:
        msg = f"These are {len(found)} statements. {_WHAT}"
        raise QueryRefused(msg)
    if found[0].type != StatementType.SELECT:
        hint = " PIVOT is written as sums with FILTER here." if "pivot" in sql.casefold() else ""
        raise QueryRefused(_WHAT + hint)
    return found[0].query.strip().rstrip(";")


def _tree(connection: DuckDBPyConnection, statement: str) -> object:
    try:
        row = connection.execute("SELECT json_serialize_sql(?)", [statement]).fetchone()
    except Error as exc:
        raise QueryRefused(_first_lines(str(exc))) from exc
    read: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if read["error"] or len(read["statements"]) != 1:
        raise QueryRefused(f"{_WHAT} {read.get('error_message', '')}".strip())
    return read["statements"]


def _nodes(value: object, depth: int) -> Iterator[object]:
    """Yield every object of the tree."""
    if depth > _MAX_DEPTH:
        raise QueryRefused("The statement is nested too deeply.")
    if isinstance(value, dict):
        yield cast("object", value)
        for child in cast("dict[str, object]", value).values():
            yield from _nodes(child, depth + 1)
    elif isinstance(value, list):
        for child in cast("list[object]", value):
            yield from _nodes(child, depth + 1)


def _common_tables(nodes: list[dict[str, Any]]) -> set[str]:
    """Collect the names that WITH defines."""
    found: set[str] = set()
    for node in nodes:
        defined = cast("dict[str, list[dict[str, Any]]]", node.get("cte_map") or {})
        found |= {str(entry.get("key", "")).casefold() for entry in defined.get("map", [])}
        if node.get("type") == "RECURSIVE_CTE_NODE":
            found.add(str(node.get("cte_name", "")).casefold())
    return found


def _check(node: dict[str, Any], known: set[str], tables: Collection[str]) -> None:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        _check_table(node, known, tables)
    elif kind == "TABLE_FUNCTION":
        function = cast("dict[str, Any]", node.get("function") or {})
        name = str(function.get("function_name", "")).casefold()
        if name not in _TABLE_FUNCTIONS:
            raise QueryRefused(_no_function(name, tables))
    elif kind in {"SHOW_REF", "SHOWREF"}:
        raise QueryRefused('Tables are described by {"action": "schema"}, not by SQL.')
    elif node.get("class") in {"FUNCTION", "WINDOW"}:
        name = str(node.get("function_name", "")).casefold()
        if _DENIED.fullmatch(name):
            raise QueryRefused(_no_function(name, tables))
    elif node.get("class") == "PARAMETER":
        raise QueryRefused("Write values into the statement: there are no parameters here.")


def _check_table(node: dict[str, Any], known: set[str], tables: Collection[str]) -> None:
    catalog = str(node.get("catalog_name", "")).casefold()
    schema = str(node.get("schema_name", "")).casefold()
    name = str(node.get("table_name", ""))
    written = f"{schema}.{name}".casefold() if schema else name.casefold()
    if catalog in {"", "memory"}:
        if schema in _SCHEMAS and name.casefold() in known:
            return
        if (schema == "information_schema" and name.casefold() in _CATALOGUE) or written in known:
            return
    raise QueryRefused(no_table(name if schema in _SCHEMAS else written, tables))


def no_table(name: str, tables: Collection[str]) -> str:
    """Say that a table is missing, with the nearest ones and those there are."""
    near = nearest_names(name, tables)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return f'There is no table "{name[:100]}".{hint} Tables: {", ".join(sorted(tables)[:40])}.'


def _no_function(name: str, tables: Collection[str]) -> str:
    shown = ", ".join(sorted(tables)[:20])
    return f'The function "{name[:60]}" is not allowed here. The files are the tables {shown}.'


def _first_lines(message: str) -> str:
    return " ".join(message.split())[:500]
