"""The inside of a process that asks databases: one order in, JSON out, one connection per order.

A connection is never used twice, so nothing that one user's query left behind meets the next.
Started by `service`. Not for: importing in the server, which would load drivers there.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from backend.ports.query import QueryFailed
from backend.query.databases import mysql, other, postgres, rows, schema, sqlite
from backend.query.databases.failures import failure_of, unreachable
from backend.query.databases.order import DriverMissing, Kind, Order, Unreachable, kind_of
from backend.query.select_guard import Guarded, check

_ADAPTERS: dict[str, ModuleType] = {
    "postgresql": postgres,
    "mysql": mysql,
    "mariadb": mysql,
    "sqlite": sqlite,
}


def answer(call: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """Carry out one order.

    Raises:
        QueryRefused: the statement is not one query, or the engine found an error in it.
        QueryFailed: it went over a limit, or the connection broke.
        Unreachable: there is no connection; DriverMissing when no driver is installed.
    """
    order = Order.of(call)
    kind = kind_of(order.url)
    if order.action == "query":
        schemas = frozenset(_adapter(kind).default_schemas(order))
        return run(order, check(order.sql, dialect=kind.dialect, schemas=schemas))
    with connected(order) as connection:
        if order.action == "schema":
            return _described(order, connection)
        return {"note": _adapter(kind).account_note(connection)}


def run(order: Order, guarded: Guarded) -> dict[str, Any]:
    """Run a checked statement behind the engine's own walls."""
    adapter = _adapter(kind_of(order.url))
    with connected(order) as connection:
        adapter.close_walls(connection, order)
        try:
            return rows.fetch(connection, guarded.sql, order, type_name=adapter.type_name)
        except DBAPIError as exc:
            tables = [one.name for one in guarded.tables]
            failure = failure_of(exc, order, tables=tables, names=lambda: _names(order))
            raise failure from exc
        except SQLAlchemyError as exc:
            raise QueryFailed("The database gave an answer that cannot be read.") from exc


@contextmanager
def connected(order: Order) -> Generator[Connection]:
    """Open the one connection of an order; what it did is rolled back."""
    kind = kind_of(order.url)
    adapter = _adapter(kind)
    try:
        engine = adapter.make_engine(order)
    except (ImportError, NoSuchModuleError) as exc:
        raise DriverMissing(_install(kind)) from exc
    except (ArgumentError, ValueError, TypeError) as exc:
        raise Unreachable("its address cannot be used") from exc
    with ExitStack() as stack:
        try:
            connection: Connection = stack.enter_context(adapter.session(engine, order))
        except ImportError as exc:
            raise DriverMissing(_install(kind)) from exc
        except (SQLAlchemyError, OSError, ValueError, TypeError) as exc:
            raise unreachable(exc) from exc
        yield connection


def _described(order: Order, connection: Connection) -> list[dict[str, Any]]:
    adapter = _adapter(kind_of(order.url))
    schemas = adapter.default_schemas(order)
    try:
        counts = {one: adapter.row_counts(connection, one) for one in schemas}
        return schema.describe(connection, schemas, counts)
    except SQLAlchemyError as exc:
        raise QueryFailed("The tables of the database cannot be described.") from exc


def _names(order: Order) -> dict[str, list[str]]:
    """Look up the names there are, on a connection that did not fail."""
    schemas: Sequence[str] = _adapter(kind_of(order.url)).default_schemas(order)
    try:
        with connected(order) as connection:
            return schema.table_names(connection, schemas)
    except (SQLAlchemyError, Unreachable):
        return {}


def _adapter(kind: Kind) -> ModuleType:
    return _ADAPTERS.get(kind.backend, other)


def _install(kind: Kind) -> str:
    mend = f"pip install '{kind.package}'" if kind.package else "install the driver it names"
    return f"its driver is not installed: {mend}"
