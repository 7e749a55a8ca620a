"""What is copied from either database can be put into either, row by row."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from backend.storage.postgres_database import make_engine
from backend.storage.row_copies import copying_engine
from backend.storage.snapshots import fill_postgres, ready_file, take_snapshot
from backend.storage.sqlite_database import migrating_engine
from tests.fakes.every_table import fill_every_table
from tests.fakes.operated import all_rows
from tests.fakes.sql_databases import postgres_copy


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
@pytest.mark.parametrize("source", ["sqlite", "postgres"])
def test_a_copy_is_the_same_row_by_row(request, tmp_path, migrated_file, source, target):
    """Every table there is, and numbers of rows go on behind those that came."""
    server = request.getfixturevalue("migrated_postgres")
    with ExitStack() as stack:
        if source == "sqlite":
            path = tmp_path / "source.db"
            path.write_bytes(migrated_file.read_bytes())
            url, engine = f"sqlite:///{path}", migrating_engine(path)
        else:
            url = stack.enter_context(postgres_copy(server, "empty"))
            engine = make_engine(url, connections=1)
        with engine.begin() as connection:
            fill_every_table(connection, "user_a", number=7)
            fill_every_table(connection, "user_b", number=9)
        engine.dispose()
        folder = tmp_path / "copy"
        folder.mkdir()
        taken = take_snapshot(url, folder)
        assert set(taken.counts.values()) == {2}
        assert len(taken.uploads) == len(taken.artifacts) == 2
        if target == "sqlite":
            put = f"sqlite:///{ready_file(folder, form=taken.form, revision=taken.revision)}"
        else:
            put = stack.enter_context(postgres_copy(server, "template1"))
            fill_postgres(put, folder, form=taken.form, revision=taken.revision, replace=False)
            fill_postgres(put, folder, form=taken.form, revision=taken.revision, replace=True)
        assert all_rows(put) == all_rows(url)
        assert _next_number(put) == 10


def _next_number(url: str) -> int:
    """Give the number that the database gives the next message."""
    columns = "id, conversation_id, state, created_at_ms, message, search_text"
    rows = "SELECT 'new', conversation_id, state, 1, message, '' FROM messages LIMIT 1"
    with copying_engine(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO messages ({columns}) {rows}")
        newest = connection.exec_driver_sql("SELECT seq FROM messages WHERE id = 'new'")
        return int(newest.scalar_one())
