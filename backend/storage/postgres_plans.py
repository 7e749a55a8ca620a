"""How PostgreSQL plans the statements of a search.

Its statistics may be of a time when one user had everything: then it would walk through the rows of all users
to find those of one. Not for: the statements themselves.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection


@contextmanager
def by_index(connection: Connection) -> Generator[None]:
    """Read by index whatever the planner believes, in a transaction that changes nothing."""
    connection.exec_driver_sql("BEGIN; SET LOCAL enable_seqscan = off")
    try:
        yield
    finally:
        connection.exec_driver_sql("ROLLBACK")


@contextmanager
def planned(connection: Connection, settings: Sequence[str]) -> Generator[None]:
    """Read with more settings, inside `by_index`."""
    first = ["SAVEPOINT planned", *(f"SET LOCAL {one}" for one in settings)]
    connection.exec_driver_sql("; ".join(first))
    yield
    connection.exec_driver_sql("ROLLBACK TO planned")
