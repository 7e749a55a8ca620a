"""A query that takes too much is stopped, told why, and leaves nothing behind."""

from __future__ import annotations

import asyncio

import pytest

from backend.ports.query import QueryFailed, QueryRefused, Rows
from tests.fakes.table_files import open_tables, sqlite_file, table_file, workbook

MIB = 1024 * 1024


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


@pytest.fixture
def numbers(uploads):
    return table_file(uploads, "numbers.csv", "n\n" + "".join(f"{n}\n" for n in range(1000)))


def left_over(root) -> list[str]:
    return [str(path) for path in (root / "queries").rglob("*")]


async def test_two_thousand_million_rows_are_counted_but_not_brought(tmp_path, numbers):
    """The first ones are, and what they are of."""
    async with open_tables(tmp_path) as tables:
        rows = await tables.query([numbers], "SELECT range AS n FROM range(2000000000)", max_rows=3)
    assert rows == Rows(
        columns=rows.columns, rows=((0,), (1,), (2,)), total=2_000_000_000, truncated=True
    )


async def test_rows_that_cannot_be_counted_in_time_are_still_brought(tmp_path, numbers):
    """The number of the others is then unknown."""
    sql = (
        "SELECT a.n FROM numbers a, numbers b, numbers c, numbers d WHERE a.n + b.n + c.n + d.n > 5"
    )
    async with open_tables(tmp_path, timeout_s=3.0) as tables:
        rows = await tables.query([numbers], sql, max_rows=2)
    assert (len(rows.rows), rows.total, rows.truncated) == (2, None, True)


async def test_an_endless_query_is_stopped_and_the_next_one_served(tmp_path, numbers):
    """By the engine's own interrupt, so that the process may stay."""
    endless = (
        "SELECT max(a.n * b.n % (c.n + d.n + 1)) FROM numbers a, numbers b, numbers c, numbers d"
    )
    async with open_tables(tmp_path, timeout_s=1.0) as tables:
        with pytest.raises(QueryFailed, match="too long"):
            await tables.query([numbers], endless, max_rows=2)
        assert left_over(tmp_path) == []
        rows = await tables.query([numbers], "SELECT count(*) FROM numbers", max_rows=2)
    assert rows.rows == ((1000,),)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list(range) FROM range(2000000000)",
        "SELECT repeat('x', 2000000000)",
        "SELECT string_agg(repeat('x', 1000000), '') FROM range(100000)",
        "SELECT list_sort(range(200000000))",
    ],
)
async def test_memory_is_bounded(tmp_path, numbers, sql):
    """However it is asked for; the worker serves on."""
    async with open_tables(tmp_path, memory_bytes=128 * MIB) as tables:
        with pytest.raises((QueryFailed, QueryRefused)):
            await tables.query([numbers], sql, max_rows=2)
        assert (await tables.query([numbers], "SELECT 1", max_rows=2)).rows == ((1,),)


async def test_what_exceeds_memory_spills_within_its_bound(tmp_path, numbers):
    """A sort larger than memory works with disk, and fails where the disk is bounded too."""
    sql = "SELECT count(*) FROM (SELECT DISTINCT md5(range::VARCHAR), sha256(range::VARCHAR) FROM range(1500000))"
    async with open_tables(tmp_path, memory_bytes=96 * MIB) as tables:
        assert (await tables.query([numbers], sql, max_rows=2)).rows == ((1_500_000,),)
        assert left_over(tmp_path) == []
    async with open_tables(tmp_path, memory_bytes=96 * MIB, temp_bytes=4 * MIB) as tables:
        with pytest.raises(QueryFailed):
            await tables.query([numbers], sql, max_rows=2)
    assert left_over(tmp_path) == []


async def test_one_wide_answer_is_cut(tmp_path, numbers):
    """Long texts are shortened, and rows end before an answer is too large to send."""
    async with open_tables(tmp_path) as tables:
        rows = await tables.query(
            [numbers], "SELECT repeat('x', 5000) AS x FROM range(5000)", max_rows=5000
        )
    assert len(rows.rows[0][0]) == 2001
    assert len(rows.rows) < 1000
    assert (rows.total, rows.truncated) == (5000, True)


async def test_a_cancelled_call_leaves_no_process_at_work_and_no_file(tmp_path, numbers):
    """Whoever asked has gone."""
    endless = (
        "SELECT max(a.n * b.n % (c.n + d.n + 1)) FROM numbers a, numbers b, numbers c, numbers d"
    )
    async with open_tables(tmp_path) as tables:
        await tables.query([numbers], "SELECT 1", max_rows=1)
        before = tables.pids
        asking = asyncio.create_task(tables.query([numbers], endless, max_rows=1))
        while not left_over(tmp_path):
            await asyncio.to_thread(lambda: None)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await tables.query([numbers], "SELECT 1", max_rows=1)).rows == ((1,),)
        assert not set(before) & set(tables.pids)
    assert left_over(tmp_path) == []


async def test_what_a_crash_left_is_swept_at_the_start(tmp_path, numbers):
    """Spilled data of a server that was killed."""
    old = tmp_path / "queries" / "old"
    old.mkdir(parents=True)
    (old / "spill.tmp").write_bytes(b"x")
    async with open_tables(tmp_path):
        assert left_over(tmp_path) == []


@pytest.mark.parametrize("kind", ["xlsx", "sqlite", "csv"])
async def test_files_that_unpack_to_more_than_allowed_are_refused(tmp_path, uploads, kind):
    """A workbook, a database, a text in another encoding."""
    lines = [[n, "some words that take room"] for n in range(20_000)]
    if kind == "xlsx":
        file = workbook(uploads, "t.xlsx", {"S": [["n", "w"], *lines]})
    elif kind == "sqlite":
        values = ",".join(f"({n}, '{word}')" for n, word in lines)
        file = sqlite_file(uploads, "t.db", f"CREATE TABLE t(n, w); INSERT INTO t VALUES {values};")
    else:
        text = "n,w\n" + "".join(f"{n},{word}\n" for n, word in lines)
        file = table_file(uploads, "t.csv", text.encode("utf-16"))
    async with open_tables(tmp_path, temp_bytes=100_000) as tables:
        with pytest.raises(QueryFailed, match="larger, once unpacked"):
            await tables.schema([file])
    assert left_over(tmp_path) == []


async def test_what_is_known_of_a_file_is_forgotten_when_its_bytes_change(tmp_path, uploads):
    """The plan belongs to the bytes, not to the path."""
    file = table_file(uploads, "t.csv", "a\n1\n2\n")
    async with open_tables(tmp_path) as tables:
        assert [one.type for one in (await tables.schema([file]))[0].columns] == ["BIGINT"]
        file.path.write_text("a,b\nx,2024-01-01\n")
        assert [one.type for one in (await tables.schema([file]))[0].columns] == ["VARCHAR", "DATE"]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT amout FROM sales", "Nearest: amount"),
        ("SELECT s.regoin FROM sales s", "Nearest: region"),
        ("SELECT * FROM sale", 'Did you mean "sales"'),
        ("SELECT * FROM nothing_like_it", "Tables: sales, sales.csv"),
        ("SELECT summ(amount) FROM sales", "sum"),
        ("SELEC 1", "syntax error"),
        ("SELECT region + 1 FROM sales", "explicit type casts"),
    ],
)
async def test_errors_tell_how_to_mend_the_statement(tmp_path, uploads, sql, words):
    """Near names, and the columns there are."""
    file = table_file(uploads, "sales.csv", "region,amount\nNorth,1.5\n")
    async with open_tables(tmp_path) as tables:
        with pytest.raises(QueryRefused) as refused:
            await tables.query([file], sql, max_rows=1)
    assert words in str(refused.value)


async def test_what_is_known_of_an_erased_file_is_forgotten(tmp_path, uploads, numbers):
    """Samples of its values would else stay in memory for as long as the server runs."""
    erased = table_file(uploads, "erased.csv", "name\nAnn\n")
    async with open_tables(tmp_path) as tables:
        await tables.schema([numbers, erased])
        assert tables.remembered == 2
        erased.path.unlink()
        await tables.forget_erased()
        assert tables.remembered == 1
