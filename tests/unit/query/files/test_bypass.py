"""SQL written by strangers gets nothing but the tables it was given."""

from __future__ import annotations

import hashlib
import json

import duckdb
import pytest

from backend.kit import landlock
from backend.ports.query import QueryFailed, QueryRefused
from backend.query.files.connection import Bounds, lock, opened
from tests.fakes.processes import run_program
from tests.fakes.table_files import SALES, open_tables, table_file, workbook
from tests.unit.query.files.corpus import ANSWERED, REFUSED

LOADED = {"view_bytes": 10**9}
VIEWED = {"view_bytes": 0}


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


def test_the_corpus_is_large_enough():
    """A short one would prove little."""
    assert len(REFUSED) >= 60
    assert len(set(REFUSED)) == len(REFUSED)


@pytest.mark.parametrize("options", [LOADED, VIEWED], ids=["loaded", "viewed"])
async def test_every_bypass_is_refused_and_no_original_changes(tmp_path, uploads, options):
    """Whether the tables are loaded or large enough to be views."""
    file = table_file(uploads, "sales.csv", SALES)
    other = table_file(uploads, "other.csv", "secret\nhidden\n")
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in uploads.iterdir()}
    passed: list[str] = []
    async with open_tables(tmp_path, **options) as tables:
        for sql in REFUSED:
            try:
                rows = await tables.query([file], sql.replace("{path}", str(file.path)), max_rows=5)
            except QueryRefused:
                continue
            passed.append(f"{sql[:80]} -> {rows.rows}")
        with pytest.raises(QueryRefused):
            await tables.query([file], f"SELECT * FROM '{other.path}'", max_rows=5)
    assert passed == []
    assert {
        path: hashlib.sha256(path.read_bytes()).digest() for path in uploads.iterdir()
    } == before


@pytest.mark.parametrize("options", [LOADED, VIEWED], ids=["loaded", "viewed"])
async def test_ordinary_questions_are_answered(tmp_path, uploads, options):
    """A guard that refuses everything would pass the test above."""
    file = table_file(uploads, "sales.csv", SALES)
    async with open_tables(tmp_path, **options) as tables:
        for sql in ANSWERED:
            rows = await tables.query([file], sql, max_rows=50)
            assert rows.rows, sql
            assert str(uploads) not in json.dumps(rows.rows)


STRAIGHT_IN = (
    "SELECT * FROM read_text('/etc/passwd')",
    "COPY (SELECT 1) TO '{path}'",
    "COPY (SELECT 1) TO '{folder}/stolen.csv'",
    "COPY sales FROM '/etc/passwd'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "ATTACH '{folder}/x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "EXPORT DATABASE '{folder}/all'",
)


def test_duckdb_holds_without_the_guard(tmp_path, uploads):
    """Its own lock keeps every file shut, the original too once it is loaded."""
    file = table_file(uploads, "sales.csv", SALES)
    bounds = Bounds(memory_bytes=2**27, threads=1, temp_bytes=2**27)
    connection = opened(bounds, tmp_path)
    connection.execute(f"CREATE TABLE sales AS FROM read_csv('{file.path}')")
    lock(connection, readable=[])
    assert connection.execute("SELECT count(*) FROM sales").fetchall() == [(3,)]
    for sql in STRAIGHT_IN:
        with pytest.raises(duckdb.Error):
            connection.execute(
                sql.replace("{path}", str(file.path)).replace("{folder}", str(tmp_path))
            )
    connection.close()
    assert file.path.read_text() == SALES
    assert sorted(one.name for one in tmp_path.iterdir()) == ["uploads"]


@pytest.mark.skipif(not landlock.available(), reason="this kernel has no Landlock")
def test_a_view_cannot_reach_its_original_without_the_guard(tmp_path, uploads):
    """DuckDB may open the path of a view; Landlock lets it read only."""
    file = table_file(uploads, "sales.csv", SALES)
    work = tmp_path / "work"
    work.mkdir()
    code = f"""
from pathlib import Path
import duckdb
from backend.kit import landlock
from backend.query.files.child import _OF_THE_MACHINE
from backend.query.files.connection import Bounds, lock, opened
path, work = Path({str(file.path)!r}), Path({str(work)!r})
landlock.restrict(read=[path, *_OF_THE_MACHINE], work=[work])
connection = opened(Bounds(memory_bytes=2**27, threads=1, temp_bytes=2**27), work)
connection.execute(f"CREATE VIEW sales AS FROM read_csv('{{path}}')")
lock(connection, readable=[path])
print(connection.execute("SELECT count(*) FROM sales").fetchall())
for sql in {STRAIGHT_IN!r}:
    try:
        connection.execute(sql.replace('{{path}}', str(path)).replace('{{folder}}', str(work.parent)))
    except duckdb.Error:
        print('refused')
"""
    ran = run_program("-c", code, folder=tmp_path)
    assert ran.stdout.split() == ["[(3,)]", *["refused"] * len(STRAIGHT_IN)], ran.stderr
    assert file.path.read_text() == SALES


async def test_error_texts_do_not_name_paths(tmp_path, uploads):
    """Where uploads lie is nobody's business; the file's own name is told."""
    broken = table_file(uploads, "broken.parquet", b"PAR1 but not really PAR1")
    damaged = table_file(uploads, "damaged.xlsx", b"PK\x03\x04 nothing")
    async with open_tables(tmp_path) as tables:
        for file in (broken, damaged):
            with pytest.raises(QueryFailed) as failed:
                await tables.schema([file])
            assert str(uploads) not in str(failed.value)
            assert file.name in str(failed.value)


async def test_a_call_sees_nothing_of_the_one_before(tmp_path, uploads):
    """Each has a process and a database of its own, though the worker stays."""
    first = table_file(uploads, "mine.csv", "a\n1\n")
    second = workbook(uploads, "yours.xlsx", {"S": [["b"], [2]]})
    async with open_tables(tmp_path) as tables:
        await tables.query([first], "SELECT * FROM mine", max_rows=5)
        with pytest.raises(QueryRefused, match='no table "mine"'):
            await tables.query([second], "SELECT * FROM mine", max_rows=5)


@pytest.mark.skipif(not landlock.available(), reason="this kernel has no Landlock")
def test_landlock_takes_everything_else_away(tmp_path):
    """A process that restricts itself reads what it named, writes where it may, and nothing else."""
    readable, work = tmp_path / "a", tmp_path / "work"
    readable.write_text("kept")
    work.mkdir()
    code = f"""
import os
from pathlib import Path
from backend.kit import landlock
os.listdir('/')
assert landlock.restrict(read=[Path({str(readable)!r})], work=[Path({str(work)!r})])
print(open({str(readable)!r}).read())
open({str(work / "x")!r}, 'w').close()
for act in (lambda: open('/etc/passwd'), lambda: open({str(readable)!r}, 'w'),
            lambda: os.truncate({str(readable)!r}, 0), lambda: os.remove({str(readable)!r}),
            lambda: os.listdir({str(tmp_path)!r}), lambda: os.symlink('/', {str(work / "y")!r})):
    try:
        act()
    except PermissionError:
        print('denied')
"""
    ran = run_program("-c", code, folder=tmp_path)
    assert ran.stdout.split() == ["kept", *["denied"] * 6], ran.stderr
    assert readable.read_text() == "kept"
