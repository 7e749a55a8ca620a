"""PostgreSQL behind its own walls: read-only, timed, on a path of open schemas, never a superuser.

A query runs as `DECLARE CURSOR FOR` in the extended protocol: the engine itself takes nothing but
one SELECT or VALUES there, and rows come in small parts.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from backend.query.databases.order import Order

_CONNECT_S = 5
# Types that Python says as JSON does; the others come as PostgreSQL writes them.
_PLAIN_TYPES = frozenset({
    "int2", "int4", "int8", "oid", "float4", "float8", "bool", "text", "varchar", "bpchar", "name",
    "bytea",
})  # fmt: skip
_ROW_COUNTS = text(
    "SELECT c.relname, c.reltuples::bigint FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'm') AND c.reltuples >= 0"
)
_SUPERUSER = text(
    "SELECT rolsuper AND EXISTS (SELECT FROM pg_catalog.pg_roles"
    " WHERE rolname = 'pg_read_all_data') FROM pg_catalog.pg_roles WHERE rolname = current_user"
)
# From version 14 on, the engine looks during a query whether its client still lives.
_END_WITH_CLIENT = text(
    "SELECT set_config(name, '500', false) FROM pg_catalog.pg_settings"
    " WHERE name = 'client_connection_check_interval'"
)
_IS_SUPERUSER = text("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user")


def make_engine(order: Order) -> Engine:
    """Make an engine whose sessions are read-only and timed from their first byte on."""
    url = make_url(order.url).set(drivername="postgresql+psycopg")
    path = ",".join(f'"{_doubled(one)}"' for one in default_schemas(order))
    timeout_ms = int(order.timeout_s * 1000)
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": str(timeout_ms),
        "lock_timeout": str(timeout_ms),
        "idle_in_transaction_session_timeout": str(timeout_ms + 10_000),
        "standard_conforming_strings": "on",
        "search_path": path,
    }
    options = " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())
    given = url.query.get("options", "")
    before = given if isinstance(given, str) else " ".join(given)
    arguments = {
        "options": f"{before} {options}".strip(),
        "connect_timeout": _CONNECT_S,
        "application_name": "steward",
    }
    return create_engine(url, poolclass=NullPool, connect_args=arguments)


def default_schemas(order: Order) -> tuple[str, ...]:
    """Give the schemas that are open."""
    return order.schemas or ("public",)


@contextmanager
def session(engine: Engine, order: Order) -> Generator[Connection]:
    """Open a session that can only read, as nobody who may do more."""
    _ = order
    with engine.connect() as connection:
        bound = connection.execution_options(postgresql_readonly=True)
        bound.execute(_END_WITH_CLIENT)
        if bound.execute(_SUPERUSER).scalar():
            bound.execute(text("SET ROLE pg_read_all_data"))
        _load_as_text(bound.connection.driver_connection)
        yield bound


def account_note(connection: Connection) -> str:
    """Warn of an account that may do more than read."""
    superuser = connection.execute(_IS_SUPERUSER).scalar()
    return "its account is a superuser; better give one that may only read" if superuser else ""


def row_counts(connection: Connection, schema: str) -> dict[str, int]:
    """Give what the planner believes of each table that was ever analysed."""
    found = connection.execute(_ROW_COUNTS, {"schema": schema})
    return {name: int(rows) for name, rows in found}


def close_walls(connection: Connection, order: Order) -> None:
    """Nothing more: this engine's walls stand from the start of the session."""
    _ = connection, order


def type_name(code: Any) -> str:  # noqa: ANN401 - the driver's own code
    """Name a column's type from the code in the cursor's description."""
    import psycopg  # noqa: PLC0415 - an optional driver

    found = psycopg.adapters.types.get(code)
    return found.name if found is not None else ""


def _load_as_text(driver: Any) -> None:  # noqa: ANN401 - the driver's own connection
    """Let numerics, times, JSON and arrays come as text: exact, and never out of Python's range."""
    from psycopg.types.string import TextLoader  # noqa: PLC0415 - an optional driver

    for one in driver.adapters.types:
        if one.name not in _PLAIN_TYPES:
            driver.adapters.register_loader(one.oid, TextLoader)
        if one.array_oid:
            driver.adapters.register_loader(one.array_oid, TextLoader)


def _doubled(name: str) -> str:
    return name.replace('"', '""')


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
