"""Databases of other kinds: what any engine understands. Their account must be one that only reads."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from backend.query.databases.order import Order


def make_engine(order: Order) -> Engine:
    """Make an engine of whatever driver the address names."""
    return create_engine(order.url, poolclass=NullPool)


def default_schemas(order: Order) -> tuple[str, ...]:
    """Give the schemas that are open; empty stands for the account's own."""
    return order.schemas


@contextmanager
def session(engine: Engine, order: Order) -> Generator[Connection]:
    """Open a session; it is rolled back at its end."""
    _ = order
    with engine.connect() as connection:
        yield connection


def close_walls(connection: Connection, order: Order) -> None:
    """No wall that every engine has."""
    _ = connection, order


def account_note(connection: Connection) -> str:
    """Say nothing of the account."""
    _ = connection
    return ""


def row_counts(connection: Connection, schema: str) -> dict[str, int]:
    """No engine-neutral estimate is cheap."""
    _ = connection, schema
    return {}


def type_name(code: object) -> str:
    """The codes differ from driver to driver."""
    _ = code
    return ""
