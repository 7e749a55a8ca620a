"""Every adapter of the storage ports, one after the other, each empty but for two users."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from backend.kit.clocks import SteppedClock
from backend.ports.stores import User
from backend.storage.database import Database
from backend.storage.migrate import migrate, migrate_postgres
from backend.storage.postgres_database import PostgresDatabase
from backend.storage.sqlite_database import SqliteDatabase
from backend.storage.stores import Stores, memory_stores, sql_stores
from tests.fakes.sql_databases import empty_postgres, postgres_copy

ANN = User(id="user_ann", username="Ann", password_hash="hash", role="admin", created_at_ms=1)
BOB = User(id="user_bob", username="Bob", password_hash="hash", created_at_ms=2)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """One database file with the schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    migrate(path)
    return path


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """A PostgreSQL whose database "empty" has the schema and nothing in it, to be copied."""
    with empty_postgres() as server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE empty")
        migrate_postgres(server.replace("/postgres?", "/empty?"))
        yield server


@pytest.fixture
def clock() -> SteppedClock:
    """The time by which files expire."""
    return SteppedClock()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def stores(request, clock) -> AsyncIterator[Stores]:
    """The stores of one adapter, with the administrator Ann and the user Bob."""
    if request.param == "memory":
        made = memory_stores(clock=clock)
    else:
        database = request.getfixturevalue(f"{request.param}_database")
        made = sql_stores(database, clock=clock)
    await made.users.add(ANN)
    await made.users.add(BOB)
    yield made
    await made.aclose()


@pytest.fixture
def sqlite_database(tmp_path, migrated_file) -> Database:
    """A file of its own."""
    shutil.copy(migrated_file, tmp_path / "steward.db")
    return SqliteDatabase(f"sqlite+aiosqlite:///{tmp_path}/steward.db")


@pytest.fixture
def postgres_database(migrated_postgres) -> Iterator[Database]:
    """A database of its own."""
    with postgres_copy(migrated_postgres, "empty") as url:
        yield PostgresDatabase(url)
