"""MySQL and MariaDB behind their own walls: read-only transactions, a time limit, one statement."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from backend.query.databases.order import Order

_CONNECT_S = 5
_AFTER_THE_LIMIT_S = 2
# The guard reads strings and names as they are read in this mode.
_SQL_MODE = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
_ROW_COUNTS = text(
    "SELECT table_name, table_rows FROM information_schema.tables"
    " WHERE table_schema = :schema AND table_rows IS NOT NULL"
)


def make_engine(order: Order) -> Engine:
    """Make an engine of the pure Python driver; it sends one statement and never a local file."""
    url = make_url(order.url)
    backend = url.get_backend_name()
    arguments = {
        "connect_timeout": _CONNECT_S,
        "read_timeout": int(order.timeout_s) + _AFTER_THE_LIMIT_S,
        "local_infile": False,
    }
    clean = url.set(drivername=f"{backend}+pymysql").difference_update_query([
        "local_infile", "client_flag", "init_command", "sql_mode", "read_default_file",
    ])  # fmt: skip
    return create_engine(clean, poolclass=NullPool, connect_args=arguments)


def default_schemas(order: Order) -> tuple[str, ...]:
    """Give the schemas that are open: those named, else the database in the address."""
    name = make_url(order.url).database
    return order.schemas or ((name,) if name else ())


@contextmanager
def session(engine: Engine, order: Order) -> Generator[Connection]:
    """Open a session whose every transaction is read-only."""
    with engine.connect() as connection:
        for statement in session_statements(order, mariadb=_is_mariadb(connection)):
            connection.exec_driver_sql(statement)
        connection.rollback()
        connection.exec_driver_sql("START TRANSACTION READ ONLY")
        yield connection


def session_statements(order: Order, *, mariadb: bool) -> list[str]:
    """Give what puts the walls up; the two engines name their time limit differently."""
    limit = (
        f"SET SESSION max_statement_time = {order.timeout_s:.3f}"
        if mariadb
        else f"SET SESSION max_execution_time = {int(order.timeout_s * 1000)}"
    )
    return [
        f"SET SESSION sql_mode = '{_SQL_MODE}'",
        limit,
        "SET SESSION TRANSACTION READ ONLY",
    ]


def close_walls(connection: Connection, order: Order) -> None:
    """Nothing more: this engine's walls stand from the start of the session."""
    _ = connection, order


def account_note(connection: Connection) -> str:
    """Say nothing of the account."""
    _ = connection
    return ""


def row_counts(connection: Connection, schema: str) -> dict[str, int]:
    """Give the engine's estimate for each table."""
    found = connection.execute(_ROW_COUNTS, {"schema": schema})
    return {name: int(rows) for name, rows in found}


def type_name(code: Any) -> str:  # noqa: ANN401 - the driver's own code
    """Name a column's type from the code in the cursor's description."""
    from pymysql.constants import FIELD_TYPE  # noqa: PLC0415 - an optional driver

    names = {number: name for name, number in vars(FIELD_TYPE).items() if isinstance(number, int)}
    return names.get(code, "").lower()


def _is_mariadb(connection: Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))
