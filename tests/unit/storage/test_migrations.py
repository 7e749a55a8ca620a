"""Making and upgrading the schema: once, alone, and never at the cost of data."""

from __future__ import annotations

import asyncio
import io
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from backend.storage import migrations
from backend.storage.backups import backup_before_migration, backups_of
from backend.storage.database import UnusableDatabaseUrl
from backend.storage.migrate import main, migrate
from backend.storage.replica_tables import METADATA
from backend.storage.revisions import HEAD, REVISIONS, MigrationFailed, SchemaTooNew, UnusableSchema
from backend.storage.schema import current_revision, prepare_database
from backend.storage.stores import open_stores

NEXT = f'''
"""A later step."""
from alembic import op
import sqlalchemy as sa
revision = "later"
down_revision = "{HEAD}"
def upgrade():
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("email", sa.Text()))
'''
FAULTY = f'''
"""A step that makes half of its changes for good and then fails."""
from alembic import op
revision = "later"
down_revision = "{HEAD}"
def upgrade():
    op.execute("DELETE FROM login_failures")
    op.get_bind().exec_driver_sql("COMMIT")
    op.execute("SELECT * FROM nowhere")
'''


def _scripts(tmp_path, step) -> Path:
    folder = tmp_path / "scripts"
    shutil.copytree(migrations.__path__[0], folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "later_next.py").write_text(step)
    return folder


def _run(path, statement) -> list[tuple]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def _one_failure(path) -> None:
    _run(path, "INSERT INTO login_failures (subject, at_ms) VALUES ('a', 1)")


def test_the_known_revisions_are_those_of_the_scripts():
    """The server compares with a constant; here it is tied to the files."""
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    scripts = ScriptDirectory.from_config(config)
    assert [it.revision for it in scripts.walk_revisions()][::-1] == list(REVISIONS)
    assert scripts.get_heads() == [HEAD]


def test_the_migrated_schema_is_the_one_the_stores_use(path):
    """Tables, columns, keys and indexes are equal, their names included."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        migrated = _outline(connection)
    engine.dispose()
    made = create_engine("sqlite://")
    with made.begin() as connection:
        METADATA.create_all(connection)
        assert _outline(connection) == migrated
    made.dispose()


def _outline(connection) -> dict[str, list]:
    look = inspect(connection)
    return {
        table: [
            [(it["name"], str(it["type"]), it["nullable"]) for it in look.get_columns(table)],
            look.get_pk_constraint(table),
            sorted(look.get_foreign_keys(table), key=lambda it: it["name"]),
            sorted(look.get_unique_constraints(table), key=lambda it: it["name"]),
            sorted((it["name"], it["column_names"]) for it in look.get_indexes(table)),
            sorted(
                (it["name"], str(it["dialect_options"].get("sqlite_where")))
                for it in look.get_indexes(table)
            ),
        ]
        for table in sorted(METADATA.tables)
    }


def test_a_database_of_the_first_version_keeps_its_data(tmp_path):
    """The tables of documents come beside what was there."""
    path = tmp_path / "old.db"
    migrate(path, head="0001")
    _one_failure(path)
    migrate(path)
    assert current_revision(path) == HEAD
    assert _run(path, "SELECT subject FROM login_failures") == [("a",)]
    assert _run(path, "SELECT count(*) FROM documents") == [(0,)]


async def test_messages_of_an_older_version_are_chained_as_they_stood(tmp_path):
    """Each conversation for itself, though they were written in turns; the last one is shown."""
    path = tmp_path / "old.db"
    migrate(path, head="0005")
    _run(path, "INSERT INTO users VALUES ('u', 'u', 'u', 'h', 'user', 0, 0, 1)")
    for name in ("one", "two", "empty"):
        columns = "id, user_id, created_at_ms, updated_at_ms, title, title_key, metadata"
        values = f"'{name}', 'u', 1, 1, '', '', '{{}}'"
        _run(path, f"INSERT INTO conversations ({columns}) VALUES ({values})")
    for message_id in ("b1", "z2", "a1", "y2", "c1"):
        columns = "id, conversation_id, state, created_at_ms, message, search_text"
        conversation = {"1": "one", "2": "two"}[message_id[1]]
        values = f"'{message_id}', '{conversation}', 'completed', 1, '{{}}', ''"
        _run(path, f"INSERT INTO messages ({columns}) VALUES ({values})")
    migrate(path)
    chained = _run(path, "SELECT id, parent_id FROM messages ORDER BY seq")
    assert chained == [
        ("b1", None), ("z2", None), ("a1", "b1"), ("y2", "z2"), ("c1", "a1"),
    ]  # fmt: skip
    heads = _run(path, "SELECT id, head_id FROM conversations ORDER BY id")
    assert heads == [("empty", None), ("one", "c1"), ("two", "y2")]
    stores = await open_stores(f"sqlite+aiosqlite:///{path}")
    shown = {one: await stores.conversations.messages("u", one) for one in ("one", "two", "empty")}
    assert {it: [one.id for one in said] for it, said in shown.items()} == {
        "one": ["b1", "a1", "c1"],
        "two": ["z2", "y2"],
        "empty": [],
    }
    await stores.aclose()


async def test_a_new_database_is_made_once_and_for_its_owner_alone(tmp_path):
    """The folder is made too; the second start does nothing."""
    path = tmp_path / "new folder" / "steward.db"
    url = f"sqlite+aiosqlite:///{path}"
    assert await prepare_database(url) is True
    assert current_revision(path) == HEAD
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await prepare_database(url) is False
    assert backups_of(path) == []


async def test_two_servers_that_start_at_once_take_turns(tmp_path):
    """Both find a complete schema."""
    url = f"sqlite+aiosqlite:///{tmp_path}/steward.db"
    await asyncio.gather(prepare_database(url), prepare_database(url))
    assert current_revision(tmp_path / "steward.db") == HEAD


def test_nobody_migrates_while_another_process_does(tmp_path):
    """The lock is a file beside the database; waiting for it ends with a reason."""
    path = tmp_path / "steward.db"
    with closing(sqlite3.connect(f"{path}.migrating", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(MigrationFailed, match="locked"):
            migrate(path, lock_wait_s=0.01)
        assert current_revision(path) is None
    migrate(path, lock_wait_s=0.01)
    assert current_revision(path) == HEAD


def test_an_upgrade_keeps_the_data_and_a_copy_of_them(path, tmp_path):
    """The copy is named for the revision it holds and readable by its owner alone."""
    _one_failure(path)
    migrate(path, scripts=_scripts(tmp_path, NEXT), head="later")
    assert _run(path, "SELECT email FROM users") == []
    assert _run(path, "SELECT subject FROM login_failures") == [("a",)]
    (copy,) = backups_of(path)
    assert copy.name.startswith(f"steward.db.bak-{HEAD}-")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert current_revision(copy) == HEAD
    assert _run(copy, "SELECT subject FROM login_failures") == [("a",)]


def test_a_failed_upgrade_puts_the_database_back(path, tmp_path):
    """Also what a step had committed already, also while somebody has the file open."""
    _one_failure(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT 1 FROM users").fetchall()
        with pytest.raises(MigrationFailed, match="nowhere"):
            migrate(path, scripts=_scripts(tmp_path, FAULTY), head="later")
        assert other.execute("SELECT subject FROM login_failures").fetchall() == [("a",)]
    assert current_revision(path) == HEAD


def test_the_last_three_copies_are_kept(path):
    """The oldest goes first, whatever revision it holds."""
    made = [backup_before_migration(path, revision=it) for it in ("9", "1", "5", "2", "3")]
    assert backups_of(path) == made[2:]


async def test_a_database_of_a_newer_version_is_refused(path):
    """The message says what to do; nothing is touched."""
    _run(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match=r"newer version.*9999.*upgrade Steward.*backup"):
        await prepare_database(f"sqlite+aiosqlite:///{path}")
    assert _run(path, "SELECT version_num FROM alembic_version") == [("9999",)]


async def test_a_database_of_something_else_is_refused(tmp_path):
    """Its tables stay as they are."""
    _run(tmp_path / "other.db", "CREATE TABLE mine (x)")
    with pytest.raises(UnusableSchema, match="not one of Steward"):
        await prepare_database(f"sqlite+aiosqlite:///{tmp_path}/other.db")


@pytest.mark.parametrize("content", [b"no database at all " * 100, b"x"])
async def test_a_file_that_is_no_database_is_refused(tmp_path, content):
    """It is neither overwritten nor a crash."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(UnusableSchema):
        await prepare_database(f"sqlite+aiosqlite:///{path}")
    assert path.read_bytes() == content


async def test_a_schema_without_its_revision_is_refused(path):
    """An emptied version table is not taken for a new database."""
    _run(path, "DELETE FROM alembic_version")
    with pytest.raises(UnusableSchema, match="restore a backup"):
        await prepare_database(f"sqlite+aiosqlite:///{path}")


async def test_a_place_that_cannot_be_written_is_named(tmp_path):
    """The child's reason reaches the caller in one line."""
    (tmp_path / "file").touch()
    with pytest.raises(UnusableSchema, match=r"file/steward\.db"):
        await prepare_database(f"sqlite+aiosqlite:///{tmp_path}/file/steward.db")


async def test_other_databases_are_refused_before_anything_starts():
    """The address is checked first."""
    with pytest.raises(UnusableDatabaseUrl):
        await prepare_database("mysql://u:p@host/db")


def test_the_command_answers_with_an_exit_status_and_one_line(tmp_path, capsys, monkeypatch):
    """0 done, 1 refused with the reason."""
    _run(tmp_path / "b.db", "CREATE TABLE mine (x)")
    for url, status, lines in (
        (f"sqlite+aiosqlite:///{tmp_path}/a.db", 0, 0),
        (f"sqlite+aiosqlite:///{tmp_path}/b.db", 1, 1),
        ("nothing", 1, 1),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{url}\n"))
        assert main() == status
        assert capsys.readouterr().err.count("\n") == lines
