"""The one place that knows SQLite: transactions, threads and what failures become."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from backend.errors import Conflict, ServerFault, Unavailable
from backend.ports.values import Health
from backend.storage.database import UnusableDatabaseUrl
from backend.storage.sqlite_database import SqliteDatabase, sqlite_path
from backend.storage.tables import login_failures, users


def _note(connection, subject) -> None:
    connection.execute(insert(login_failures), {"subject": subject, "at_ms": 1})


def _noted(connection) -> list[str]:
    return list(connection.execute(select(login_failures.c.subject)).scalars())


def _other_process(path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


async def test_what_was_written_is_read(database):
    """A read after a write sees it."""
    await database.write(_note, "a")
    assert await database.read(_noted) == ["a"]


async def test_a_failed_unit_of_work_leaves_nothing(database):
    """The exception comes through, what was written before it is gone."""

    def fail(connection):
        _note(connection, "a")
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(fail)
    assert await database.read(_noted) == []


async def test_work_runs_in_threads_of_its_own_and_writes_in_a_single_one(database):
    """The event loop's thread never touches the disk."""
    names = await asyncio.gather(
        *(database.write(lambda _: threading.current_thread().name) for _ in range(20))
    )
    assert len(set(names)) == 1
    reader = await database.read(lambda _: threading.current_thread().name)
    assert threading.current_thread().name not in {reader, *names}


async def test_the_event_loop_runs_while_a_write_takes_its_time(database):
    """A writer that waits holds up nobody else."""
    entered, leave = threading.Event(), threading.Event()

    def wait(_connection):
        entered.set()
        return leave.wait(5)

    slow = asyncio.create_task(database.write(wait))
    await asyncio.to_thread(entered.wait, 5)
    assert await database.read(_noted) == []
    leave.set()
    assert await slow is True


async def test_connections_are_set_up_for_safety_and_speed(database):
    """WAL, enforced foreign keys, synchronous NORMAL and a wait for other processes."""

    def pragmas(connection):
        names = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await database.write(pragmas) == ["wal", 1, 1, 50]


async def test_readers_cannot_write(database):
    """A query in the wrong place fails instead of writing outside the queue."""
    with pytest.raises(Unavailable):
        await database.read(_note, "a")


async def test_a_lock_of_another_process_is_reported_as_busy_and_reads_go_on(database, path):
    """The write fails after the wait, and works again when the lock is gone."""
    await database.write(_note, "a")
    with closing(_other_process(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="busy") as refused:
            await database.write(_note, "b")
        assert refused.value.retry_after_s == 1.0
        assert await database.read(_noted) == ["a"]
        other.execute("ROLLBACK")
    await database.write(_note, "c")
    assert await database.read(_noted) == ["a", "c"]


async def test_a_unit_of_work_holds_the_lock_from_its_first_query_on(database, path):
    """What it has read cannot be changed by another process before it writes."""

    def read_then_write(connection):
        _noted(connection)
        with closing(_other_process(path)) as other:
            other.execute("PRAGMA busy_timeout=1")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        _note(connection, "a")

    await database.write(read_then_write)
    assert await database.read(_noted) == ["a"]


async def test_a_full_disk_is_reported_as_such(database):
    """The write is undone and reading still works."""
    await database.write(lambda it: it.exec_driver_sql("PRAGMA max_page_count=1").close())
    with pytest.raises(Unavailable, match="disk is full"):
        await database.write(_note, "x" * 500_000)
    assert await database.read(_noted) == []


async def test_a_violated_key_is_a_conflict(database):
    """Whichever table it is in."""

    def twice(connection):
        for _ in range(2):
            row = dict.fromkeys(users.c.keys(), "1") | {"disabled": False, "token_version": 0}
            connection.execute(insert(users), row)

    with pytest.raises(Conflict):
        await database.write(twice)


async def test_a_faulty_query_is_a_fault_of_ours(database):
    """It is not blamed on the disk."""
    with pytest.raises(ServerFault):
        await database.read(lambda it: it.execute(text("SELECT * FROM nowhere")))


async def test_a_closed_database_is_unavailable(database):
    """Work that comes too late is refused in words."""
    await database.aclose()
    with pytest.raises(Unavailable, match="closed"):
        await database.write(_note, "a")


async def test_health_tells_a_working_database_from_a_missing_one(database, tmp_path):
    """A folder without the file is reported with what to look at."""
    assert await database.health() == Health(ok=True, detail="SQLite")
    gone = SqliteDatabase(f"sqlite+aiosqlite:///{tmp_path}/no/where.db")
    health = await gone.health()
    await gone.aclose()
    assert (health.ok, health.detail) == (False, "The database file cannot be opened.")
    assert "data folder" in health.fix


async def test_health_reports_a_file_that_is_no_database(tmp_path):
    """Damage is told from absence."""
    (tmp_path / "x.db").write_bytes(b"this is not a database, but long enough to look at" * 50)
    broken = SqliteDatabase(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    health = await broken.health()
    await broken.aclose()
    assert (health.ok, health.detail) == (
        False,
        "The database file is not an SQLite database.",
    )


def test_the_address_is_read_in_both_spellings():
    """Relative paths become absolute, signs in names stay."""
    assert sqlite_path("sqlite+aiosqlite:////srv/a b#c.db") == Path("/srv/a b#c.db")
    assert sqlite_path("sqlite:///x.db") == Path("x.db").absolute()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "steward.db",
        "sqlite+aiosqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
        "postgresql+asyncpg://u:p@host/db",
    ],
)
def test_other_addresses_are_refused_without_showing_a_password(url):
    """The message names what is expected."""
    with pytest.raises(UnusableDatabaseUrl, match=r"SQLite|sqlite|no file") as refused:
        sqlite_path(url)
    assert "u:p" not in str(refused.value)


async def test_nul_and_lone_surrogates_never_reach_the_database(database):
    """PostgreSQL would refuse the first, every driver the second."""
    await database.write(_note, "a\x00b\ud800ü")
    assert await database.read(_noted) == ["ab?ü"]
