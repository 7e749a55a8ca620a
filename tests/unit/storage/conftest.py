"""A migrated database of its own for every test."""

from __future__ import annotations

import pytest

from backend.storage.migrate import migrate
from backend.storage.sqlite_database import SqliteDatabase


@pytest.fixture
def path(tmp_path):
    """The file of an empty database at the newest schema."""
    made = tmp_path / "data" / "steward.db"
    migrate(made)
    return made


@pytest.fixture
async def database(path):
    """A database that waits 50 ms at most for other processes."""
    opened = SqliteDatabase(f"sqlite+aiosqlite:///{path}", busy_timeout_s=0.05)
    yield opened
    await opened.aclose()
