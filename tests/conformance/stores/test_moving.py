"""Moving from SQLite to PostgreSQL and back: every row, or nothing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from backend.ports.stores import Conversation, Run, StoredMessage
from backend.storage.moving import CannotMove, move
from backend.storage.opening import open_database
from backend.storage.stores import sql_stores
from tests.conformance.stores.conftest import ANN, BOB
from tests.fakes.papers import add, make_ready
from tests.fakes.sql_databases import postgres_copy


def _url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def filled(tmp_path, migrated_file) -> Path:
    """A file with users, documents, vectors and a conversation, a few of which were removed again."""
    path = tmp_path / "old.db"
    shutil.copy(migrated_file, path)
    stores = sql_stores(open_database(_url(path)))
    await stores.users.add(ANN)
    await stores.users.add(BOB)
    for number in (1, 2, 3):
        await make_ready(stores, number, "some text with ümläuts and \N{GRINNING FACE}", "more")
    await stores.files.delete("user_bob", "file-003")
    await add(stores, 4, user_id="user_ann")
    await stores.conversations.create(
        Conversation(
            id="conv_1", user_id="user_ann", title="Tides", created_at_ms=1, updated_at_ms=1
        )
    )
    run = Run(
        id="run_1",
        user_id="user_ann",
        conversation_id="conv_1",
        model="m",
        route="chat",
        state="running",
    )
    said = StoredMessage(
        id="msg_1", conversation_id="conv_1", message={"role": "user", "content": "hi"}
    )
    await stores.conversations.begin_turn(run, [said], title_if_empty="Tides")
    await stores.aclose()
    return path


@pytest.fixture
def postgres(migrated_postgres) -> Iterator[str]:
    """A database with the schema and nothing in it."""
    with postgres_copy(migrated_postgres, "empty") as url:
        yield url


def _rows(path: Path) -> dict[str, list[tuple]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)
            for name in names
            if not name.startswith("sqlite_stat")
        }


async def test_everything_comes_back_as_it_was(filled, postgres, tmp_path, migrated_file):
    """There and back: no row differs, and the source is not changed."""
    before = _rows(filled)
    moved = move(_url(filled), postgres)
    assert _rows(filled) == before
    assert (moved["users"], moved["files"], moved["messages"]) == (2, 3, 1)
    back = tmp_path / "back.db"
    shutil.copy(migrated_file, back)
    assert move(postgres, _url(back)) == moved
    assert _rows(back) == before


async def test_new_rows_are_numbered_on(filled, postgres):
    """No number is given twice, not even that of a chunk that was removed."""
    with closing(sqlite3.connect(filled)) as connection:
        used = connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = 'chunks'"
        ).fetchone()
    move(_url(filled), postgres)
    stores = sql_stores(open_database(postgres))
    await make_ready(stores, 9, "one more text")
    await stores.aclose()
    with psycopg.connect(postgres) as connection:
        row = connection.execute(
            "SELECT min(id) FROM chunks WHERE document_id = 'doc_009'"
        ).fetchone()
    assert row == (used[0] + 1,)


async def test_a_database_with_rows_is_not_written_over(filled, postgres):
    """Neither by a second move."""
    move(_url(filled), postgres)
    with pytest.raises(CannotMove, match="not empty"):
        move(_url(filled), postgres)


async def test_nothing_is_there_when_a_row_cannot_be_moved(filled, postgres):
    """A text that PostgreSQL cannot hold, put there by other hands, breaks the copy off."""
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("UPDATE users SET username = 'a' || char(0) WHERE id = 'user_bob'")
        connection.commit()
    with pytest.raises(CannotMove, match="broke off"):
        move(_url(filled), postgres)
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


async def test_a_server_on_postgresql_is_noticed(filled, postgres):
    """Its rows would be changed while they are read."""
    stores = sql_stores(open_database(postgres))
    assert await stores.users.count() == 0
    with pytest.raises(CannotMove, match="stop every server and worker"):
        move(_url(filled), postgres)
    await stores.aclose()


async def test_databases_of_one_kind_are_not_for_this(filled, tmp_path):
    """Their own tools copy them."""
    with pytest.raises(CannotMove, match="same kind"):
        move(_url(filled), _url(tmp_path / "other.db"))
