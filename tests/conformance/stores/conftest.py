"""Every adapter of the storage ports, one after the other, each empty but for two users."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.kit.clocks import SteppedClock
from backend.ports.stores import User
from backend.storage.database import Database
from backend.storage.migrate import migrate
from backend.storage.stores import Stores, memory_stores, sql_stores

ANN = User(id="user_ann", username="Ann", password_hash="hash", role="admin", created_at_ms=1)
BOB = User(id="user_bob", username="Bob", password_hash="hash", created_at_ms=2)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """One database file with the schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    migrate(path)
    return path


@pytest.fixture
def clock() -> SteppedClock:
    """The time by which files expire."""
    return SteppedClock()


@pytest.fixture(params=["memory", "sqlite"])
async def stores(request, tmp_path, migrated_file, clock) -> AsyncIterator[Stores]:
    """The stores of one adapter, with the administrator Ann and the user Bob."""
    if request.param == "memory":
        made = memory_stores(clock=clock)
    else:
        shutil.copy(migrated_file, tmp_path / "steward.db")
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/steward.db")
        made = sql_stores(database, clock=clock)
    await made.users.add(ANN)
    await made.users.add(BOB)
    yield made
    await made.aclose()
