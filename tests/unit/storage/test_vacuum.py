"""Freed space goes back to the disk: in steps in new files, by rewriting older ones."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from backend.ports.stores import Conversation, StoredMessage, User
from backend.storage.sqlite_database import SqliteDatabase
from backend.storage.stores import open_stores, sql_stores

MIB = 1024 * 1024
ANN = User(id="user_ann", username="Ann", password_hash="hash", created_at_ms=1)


@pytest.mark.parametrize("older", [False, True])
async def test_a_file_becomes_small_again_while_others_write(
    tmp_path: Path, *, older: bool
) -> None:
    """Also one of an older version, which cannot shrink in steps at first."""
    path = tmp_path / "steward.db"
    url = f"sqlite+aiosqlite:///{path}"
    await (await open_stores(url)).aclose()
    if older:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA auto_vacuum=NONE")
            connection.execute("VACUUM")
    stores = sql_stores(SqliteDatabase(url))
    await stores.users.add(ANN)
    for at in range(30):
        said = StoredMessage(
            id=f"msg_{at}",
            conversation_id=f"conv_{at}",
            message={"role": "user", "content": "x" * MIB},
        )
        session = Conversation(id=f"conv_{at}", user_id="user_ann", updated_at_ms=at)
        await stores.conversations.create(session, [said])
    assert await stores.conversations.prune(28) == 28
    await stores.forget()
    assert path.stat().st_size > 30 * MIB
    await stores.shrink()
    assert path.stat().st_size < 8 * MIB
    assert len((await stores.conversations.list("user_ann")).items) == 2
    await stores.aclose()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
