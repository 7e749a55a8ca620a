"""A user goes from one installation to another, or beside themselves, with all that is theirs."""

from __future__ import annotations

import io
import tarfile

import orjson
import pytest

from backend.bootstrap.arriving_users import import_user
from backend.bootstrap.moving_users import export_user
from backend.errors import Conflict, InvalidRequest
from backend.kit.archives import ArchiveDamaged, writing_archive
from backend.storage.sqlite_database import SqliteDatabase
from backend.storage.stores import open_stores, sql_stores
from backend.storage.user_copies import RULES, moved_tables
from backend.storage.whole_metadata import METADATA
from tests.fakes.every_table import fill_every_table
from tests.fakes.operated import all_rows, sqlite_of
from tests.unit.bootstrap.test_restoring import settings_of

USER = "user_" + "01a2" * 8


def test_every_table_has_its_rule():
    """A new table is moved with its user, told of, or left behind: somebody has to say which."""
    assert RULES.keys() == METADATA.tables.keys()


@pytest.fixture
async def old(tmp_path):
    """An installation with a row in every table of one user, and of another."""
    folder = tmp_path / "old"
    folder.mkdir()
    settings = settings_of(folder)
    url = settings.database_url.get_secret_value()
    await (await open_stores(url)).aclose()
    database = SqliteDatabase(url)
    await database.write(lambda it: fill_every_table(it, "user_" + "02b3" * 8, number=2))
    await database.write(lambda it: fill_every_table(it, USER, number=1))
    await database.aclose()
    return settings


async def exported(settings, **options) -> bytes:
    out, database = io.BytesIO(), SqliteDatabase(settings.database_url.get_secret_value())
    user = await sql_stores(database).users.get(USER)
    await database.aclose()
    export_user(settings, user, out, with_password=options.get("with_password", False))
    return out.getvalue()


@pytest.fixture
async def new(tmp_path):
    """An installation with nothing in it."""
    folder = tmp_path / "new"
    folder.mkdir()
    settings = settings_of(folder)
    await (await open_stores(settings.database_url.get_secret_value())).aclose()
    return settings


async def taken(settings, archive, name=None):
    return await import_user(settings, io.BytesIO(archive), name=name, role="user")


def keys_of(rows) -> dict[str, set]:
    return {one.name: {row.get("id") for row in rows[one.name]} for one in moved_tables()}


async def test_everything_comes_along_under_its_own_ids(tmp_path, old, new):
    """Nothing of anybody else; secrets stay, unless the hash of the password is asked for."""
    archive = await exported(old)
    assert b"users_password_hash" not in _members(archive)["user.json"]
    assert b"api_keys_hash" not in _members(archive)["rows/api_keys.jsonl"]
    made = await taken(new, archive)
    assert (made.user_id, made.new_ids, bool(made.password)) == (USER, False, True)
    rows, before = all_rows(sqlite_of(tmp_path / "new")), all_rows(sqlite_of(tmp_path / "old"))
    for table in moved_tables():
        assert len(rows[table.name]) == 1, table.name
    mine = next(one for one in before["messages"] if USER in str(one))
    assert rows["messages"][0]["message"] == mine["message"]
    assert [one["kind"] for one in rows["document_jobs"]] == ["ingest"]
    assert "02b3" * 8 not in str(rows)


async def test_beside_themselves_every_id_is_new(tmp_path, old):
    """Wherever one stands, so that nothing leads to the other account."""
    before = all_rows(sqlite_of(tmp_path / "old"))
    with pytest.raises(Conflict, match="is taken"):
        await taken(old, await exported(old))
    assert all_rows(sqlite_of(tmp_path / "old")) == before
    made = await taken(old, await exported(old), name="Twin")
    assert made.new_ids
    after = all_rows(sqlite_of(tmp_path / "old"))
    came = {
        table: [row for row in rows if row not in before[table]] for table, rows in after.items()
    }
    assert {len(came[one.name]) for one in moved_tables()} == {1}
    assert all(row in after[table] for table, rows in before.items() for row in rows)
    assert USER not in str([
        came[one.name] for one in moved_tables() if one.name != "login_failures"
    ]).replace(f"_{USER}", "").replace(f'"of":"{USER}"', "")


def _members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {one.name: opened.extractfile(one).read() for one in opened}


def _repacked(archive: bytes, **changes: bytes) -> bytes:
    members = _members(archive)
    manifest = orjson.loads(members.pop("manifest.json"))
    manifest.pop("members")
    out = io.BytesIO()
    with writing_archive(out, about=manifest) as writer:
        for name, data in members.items():
            writer.add_bytes(name, changes.pop(name, data))
        for name, data in changes.items():
            writer.add_bytes(name, data)
    return out.getvalue()


async def test_rows_that_hang_on_somebody_elses_are_refused(tmp_path, old, new):
    """An archive is anybody's to write: it gets nobody into another's conversation."""
    archive = await exported(old)
    lines = _members(archive)["rows/messages.jsonl"]
    row = orjson.loads(lines)
    row["conversation_id"] = "conversations_" + "9" * 32
    changes = {"rows/messages.jsonl": orjson.dumps(row)}
    with pytest.raises(InvalidRequest, match="not in the archive"):
        await taken(new, _repacked(archive, **changes))
    odd = orjson.dumps({**orjson.loads(lines), "more": 1})
    with pytest.raises(InvalidRequest, match="another version"):
        await taken(new, _repacked(archive, **{"rows/messages.jsonl": odd}))
    assert all_rows(sqlite_of(tmp_path / "new"))["users"] == []


@pytest.mark.parametrize("name", ["uploads/x", "uploads/../../x", "rows/nothing/x.jsonl", "evil"])
async def test_files_that_no_row_tells_of_are_refused(old, new, name):
    """Nothing of them is left."""
    with pytest.raises(ArchiveDamaged):
        await taken(new, _repacked(await exported(old), **{name: b"x"}))
    assert [one.name for one in new.data_dir.iterdir() if "steward.db" not in one.name] == []


async def test_an_archive_brings_nothing_that_a_run_would_begin_again_from(tmp_path, old, new):
    """It would run for whom the archive names, with the role and the tools it names."""
    archive = await exported(old)
    row = orjson.loads(_members(archive)["rows/runs.jsonl"])
    again = {"request": {"user_id": "user_" + "02b3" * 8, "role": "admin"}, "attempts": 0}
    row |= {"state": "running", "trace": {"route": "react", "resume": again}}
    await taken(new, _repacked(archive, **{"rows/runs.jsonl": orjson.dumps(row)}))
    [came] = all_rows(sqlite_of(tmp_path / "new"))["runs"]
    assert (came["state"], orjson.loads(came["trace"])) == ("interrupted", {"route": "react"})


@pytest.mark.parametrize(
    ("state", "revision", "left"),
    [
        ("ready", 3, ("queued", 0, 1)),
        ("embedding", 0, ("queued", 0, 1)),
        ("failed", 2, ("queued", 0, 1)),  # it was found by the reading before
        ("failed", 0, ("failed", 0, 0)),
        ("ready", 0, ("ready", 0, 0)),  # kept as it came
    ],
)
async def test_whatever_was_found_is_queued_to_be_read(tmp_path, old, new, state, revision, left):
    """And nothing that was kept unread, or never could be read."""
    archive = await exported(old)
    row = orjson.loads(_members(archive)["rows/documents.jsonl"])
    row |= {"state": state, "revision": revision, "next_revision": None}
    await taken(new, _repacked(archive, **{"rows/documents.jsonl": orjson.dumps(row)}))
    rows = all_rows(sqlite_of(tmp_path / "new"))
    [came] = rows["documents"]
    assert (came["state"], came["revision"], len(rows["document_jobs"])) == left


@pytest.mark.parametrize(
    ("outcome", "told"), [("asked", "denied"), ("started", "unknown"), ("ok", "ok")]
)
async def test_a_call_that_waited_was_never_made(tmp_path, old, new, outcome, told):
    """One that had begun may have been; one that had ended is as it ended."""
    archive = await exported(old)
    row = orjson.loads(_members(archive)["rows/tool_audit.jsonl"]) | {"outcome": outcome}
    await taken(new, _repacked(archive, **{"rows/tool_audit.jsonl": orjson.dumps(row)}))
    [came] = all_rows(sqlite_of(tmp_path / "new"))["tool_audit"]
    assert came["outcome"] == told


@pytest.mark.parametrize(
    ("cost", "used"), [("03", False), ("12", True), ("17", False), ("31", False)]
)
async def test_a_hash_that_would_take_days_is_not_taken_in(old, new, cost, used):
    """Somebody who may log in with it would keep everybody else from it."""
    archive = await exported(old)
    user = orjson.loads(_members(archive)["user.json"])
    user["password_hash"] = f"$2b${cost}${'a' * 53}"
    made = await taken(new, _repacked(archive, **{"user.json": orjson.dumps(user)}))
    assert (made.password == "") is used
