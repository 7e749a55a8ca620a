"""Databases by name, through the processes that ask them: answers, bounds, and who may ask."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import asynccontextmanager, closing

import psycopg
import pytest

from backend.kit.clocks import SystemClock
from backend.ports.query import (
    ColumnInfo,
    DatabaseCard,
    QueryFailed,
    QueryRefused,
    Rows,
    TableInfo,
)
from backend.ports.values import Health
from backend.query.databases.service import ConfiguredDatabases, DatabaseEntry, DatabaseLimits
from tests.fakes.sql_databases import as_reader, sqlite_shop

QUICK = DatabaseLimits(timeout_s=1.0, max_rows=50, max_result_bytes=10_000, processes=1)


@asynccontextmanager
async def databases(*entries, limits=QUICK):
    made = ConfiguredDatabases(entries, limits, clock=SystemClock())
    try:
        yield made
    finally:
        await made.aclose()


@asynccontextmanager
async def asking(url, limits=QUICK, **given):
    """One database that anna asks."""
    async with databases(DatabaseEntry(name="shop", url=url, **given), limits=limits) as made:

        async def ask(sql, max_rows=50):
            return await made.query("anna", "user", "shop", sql, max_rows=max_rows)

        yield ask


async def test_postgresql_answers_with_its_own_types(postgres):
    """Decimals and dates keep every digit as text."""
    async with asking(as_reader(postgres)) as ask:
        found = await ask(
            "SELECT customer, sum(amount) AS total, count(*), max(placed) FROM orders"
            " GROUP BY customer ORDER BY 1 -- all"
        )
    assert found == Rows(
        columns=(
            ColumnInfo(name="customer", type="text"),
            ColumnInfo(name="total", type="numeric"),
            ColumnInfo(name="count", type="int8"),
            ColumnInfo(name="max", type="date"),
        ),
        rows=(("Ada", "11.75", 2, "2026-02-01"), ("Bob", "5.25", 1, "2026-01-03")),
        total=2,
    )


async def test_values_that_json_has_not_are_texts(postgres):
    """Bytes only by their number; what Python could not hold is no error."""
    async with asking(postgres) as ask:
        found = await ask(
            "SELECT true, NULL, '\\x0001'::bytea, '[1, {\"a\": null}]'::jsonb, ARRAY[1, 2],"
            " 'NaN'::float8, 'infinity'::timestamp, '10000-01-01'::date, interval '1 day',"
            " 99999999999999999999::numeric, '50%'"
        )
    assert found.rows == (
        (True, None, "<2 bytes>", '[1, {"a": null}]', "{1,2}", "nan", "infinity", "10000-01-01",
         "1 day", "99999999999999999999", "50%"),
    )  # fmt: skip


async def test_sqlite_answers(tmp_path):
    """Its types are those of the first values."""
    async with asking(sqlite_shop(tmp_path / "my shop#1.db")) as ask:
        found = await ask("SELECT id, amount, customer, x'0001' FROM orders WHERE id = 1")
    assert found == Rows(
        columns=(
            ColumnInfo(name="id", type="integer"),
            ColumnInfo(name="amount", type="real"),
            ColumnInfo(name="customer", type="text"),
            ColumnInfo(name="x'0001'", type="text"),
        ),
        rows=((1, 10.5, "Ada", "<2 bytes>"),),
        total=1,
    )


async def test_sqlite_text_that_is_none_is_still_an_answer(tmp_path):
    """Old files hold texts in other encodings."""
    more = ["INSERT INTO customers VALUES (CAST(x'4dfc' AS TEXT), CAST(x'6100' AS TEXT))"]
    async with asking(sqlite_shop(tmp_path / "shop.db", more)) as ask:
        found = await ask("SELECT * FROM customers WHERE city LIKE 'a%'")
    assert found.rows == (("M\ufffd", "a"),)


async def test_the_schema_shows_open_tables_with_rows_and_first_values(postgres):
    """A view has no row count and no samples: both could be dear."""
    entry = DatabaseEntry(name="shop", url=as_reader(postgres))
    async with databases(entry) as made:
        found = await made.schema("anna", "user", "shop")
    assert found == [
        TableInfo(
            name="customers",
            source="public",
            rows=2,
            columns=(
                ColumnInfo(name="name", type="text", samples=("Ada", "Bob")),
                ColumnInfo(name="city", type="text", samples=("London", "Paris")),
            ),
        ),
        TableInfo(
            name="orders",
            source="public",
            rows=3,
            columns=(
                ColumnInfo(name="id", type="integer", samples=("1", "2", "3")),
                ColumnInfo(name="customer", type="text", samples=("Ada", "Bob")),
                ColumnInfo(name="amount", type="numeric(10, 2)", samples=("10.50", "5.25", "1.25")),
                ColumnInfo(
                    name="placed", type="date", samples=("2026-01-02", "2026-01-03", "2026-02-01")
                ),
            ),
        ),
        TableInfo(
            name="spent",
            source="public",
            columns=(
                ColumnInfo(name="customer", type="text"),
                ColumnInfo(name="total", type="numeric"),
            ),
        ),
    ]


async def test_the_schema_of_a_file_counts_its_rows(tmp_path):
    """Names that need quotes are shown with them."""
    more = ['CREATE TABLE "Big Table" ("Some Column" TEXT)']
    entry = DatabaseEntry(name="shop", url=sqlite_shop(tmp_path / "shop.db", more))
    async with databases(entry) as made:
        found = await made.schema("anna", "user", "shop")
    assert [(one.name, one.rows) for one in found] == [
        ('"Big Table"', 0),
        ("customers", 2),
        ("orders", 3),
    ]
    assert found[0].columns == (ColumnInfo(name='"Some Column"', type="text"),)


async def test_other_schemas_are_open_when_an_administrator_opens_them(postgres):
    """Tables of the first are named alone, those of others with their schema."""
    entry = DatabaseEntry(name="shop", url=postgres, schemas=("public", "private"))
    async with databases(entry) as made:
        found = await made.schema("anna", "user", "shop")
        rows = await made.query("anna", "user", "shop", "SELECT wage FROM wages", max_rows=5)
    assert "private.wages" in [one.name for one in found]
    assert rows.rows == ((100,),)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT amuont FROM orders", "no column in orders named amuont. Nearest: amount. There are: id, "),
        ("SELECT o.custmer FROM orders o", "named custmer. Nearest: customer"),
        ("SELECT * FROM order_s", "no table order_s. Nearest: orders. There are: customers, orders"),
    ],
)  # fmt: skip
async def test_a_wrong_name_comes_back_with_the_nearest_ones(postgres, tmp_path, sql, says):
    """So that a small model mends it at once."""
    for url in (as_reader(postgres), sqlite_shop(tmp_path / "shop.db")):
        async with asking(url) as ask:
            with pytest.raises(QueryRefused) as caught:
                await ask(sql)
        assert says in str(caught.value)


async def test_other_mistakes_are_told_in_the_words_of_the_engine(postgres):
    """Without an address or a place in a file."""
    async with asking(as_reader(postgres)) as ask:
        with pytest.raises(QueryRefused, match=r"^The database says: division by zero$"):
            await ask("SELECT 1 / 0")
        with pytest.raises(QueryRefused, match=r"^The database says: function nothing"):
            await ask("SELECT nothing(customer) FROM orders")


async def test_what_the_guard_refuses_never_reaches_the_database(postgres):
    """The refusal says what to write instead."""
    async with asking(postgres) as ask:
        with pytest.raises(QueryRefused, match="DROP is not allowed"):
            await ask("DROP TABLE orders")
        with pytest.raises(QueryRefused, match="schema private is not open"):
            await ask("SELECT * FROM private.wages")


ENDLESS = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(n.i) FROM n, n AS m",
]


@pytest.mark.parametrize("sql", ENDLESS)
async def test_an_endless_query_is_stopped(postgres, tmp_path, sql):
    """By the engine, at the deadline; the next query finds a working process."""
    for url in (as_reader(postgres), sqlite_shop(tmp_path / "shop.db")):
        async with asking(url) as ask:
            with pytest.raises(QueryFailed, match="longer than 1 s and was stopped"):
                await ask(sql)
            assert (await ask("SELECT 1")).rows == ((1,),)


async def test_nothing_of_a_stopped_query_goes_on_in_postgresql(postgres):
    """A cancelled call ends its process, and the engine ends with its client, long before the limit."""
    slow, patient = ENDLESS[0], DatabaseLimits(timeout_s=120, processes=1)
    mine = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'steward'"
        " AND state = 'active'"
    )
    with psycopg.connect(postgres, autocommit=True) as watch:
        async with asking(as_reader(postgres), patient) as ask:
            call = asyncio.ensure_future(ask(slow))
            while watch.execute(mine).fetchone() == (0,):
                await asyncio.wait([call], timeout=0.02)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            assert (await ask("SELECT 1")).rows == ((1,),)
        async with asyncio.timeout(30):
            while watch.execute(mine).fetchone() != (0,):
                await asyncio.wait([asyncio.ensure_future(asyncio.to_thread(int))])


async def test_rows_are_bounded(postgres, tmp_path):
    """By what was asked for and by the server's limit; no more than one row too many is fetched."""
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    for url in (as_reader(postgres), sqlite_shop(tmp_path / "shop.db")):
        async with asking(url) as ask:
            three = await ask(sql, max_rows=3)
            many = await ask(sql, max_rows=1_000_000)
        assert (three.rows, three.total, three.truncated) == (((1,), (2,), (3,)), None, True)
        assert (len(many.rows), many.truncated) == (50, True)


async def test_exactly_as_many_rows_as_asked_for_are_not_cut(postgres):
    """The count is known then."""
    async with asking(as_reader(postgres)) as ask:
        found = await ask("SELECT id FROM orders ORDER BY id", max_rows=3)
    assert (found.rows, found.total, found.truncated) == (((1,), (2,), (3,)), 3, False)


async def test_bytes_are_bounded(postgres):
    """A result of long texts ends early; a single long text is cut."""
    async with asking(as_reader(postgres)) as ask:
        many = await ask("SELECT repeat('x', 3000) FROM generate_series(1, 40)")
    limits = DatabaseLimits(timeout_s=5)
    async with asking(as_reader(postgres), limits) as ask:
        long = await ask("SELECT repeat('x', 1000000)")
    assert (len(many.rows), many.truncated) == (3, True)
    assert len(long.rows[0][0]) < 21_000
    assert long.rows[0][0].endswith("(1000000 characters)")


async def test_a_value_too_large_for_the_process_fails_and_leaves_the_server_alone(postgres):
    """The address space of the process is its wall."""
    limits = DatabaseLimits(timeout_s=20, memory_bytes=320 * 1024 * 1024, processes=1)
    async with asking(as_reader(postgres), limits) as ask:
        with pytest.raises(QueryFailed, match="larger than allowed"):
            await ask("SELECT repeat('x', 400000000)")
        assert (await ask("SELECT 1")).rows == ((1,),)


async def test_a_value_too_large_for_sqlite_fails(tmp_path):
    """SQLite is given a limit of its own."""
    async with asking(sqlite_shop(tmp_path / "shop.db")) as ask:
        with pytest.raises(QueryFailed, match="larger"):
            await ask("SELECT hex(zeroblob(900000000))")


async def test_nothing_of_one_query_meets_the_next(postgres):
    """Each has a connection of its own, whoever asks."""
    async with asking(as_reader(postgres)) as ask:
        backends = [await ask("SELECT to_hex(1), now()") for _ in range(2)]
    assert backends[0].rows != backends[1].rows


def entries(postgres):
    return [
        DatabaseEntry(name="all", url=postgres, description="For everybody."),
        DatabaseEntry(name="annas", url=postgres, users=frozenset({"Anna"})),
        DatabaseEntry(name="admins", url=postgres, roles=frozenset({"admin"})),
    ]


async def test_users_are_offered_what_they_may_ask():
    """By name or by role; without both, everybody."""
    async with databases(*entries("postgresql://db/x")) as made:
        assert [one.name for one in made.offered("anna", "user")] == ["all", "annas"]
        assert [one.name for one in made.offered("bob", "admin")] == ["all", "admins"]
        assert made.offered("eve", "user") == [
            DatabaseCard(name="all", dialect="PostgreSQL", description="For everybody.")
        ]


@pytest.mark.parametrize("method", ["schema", "query"])
async def test_someone_elses_database_answers_like_a_missing_one(method):
    """To the letter: nobody learns that it is there."""
    rest = {"query": {"sql": "SELECT 1", "max_rows": 1}, "schema": {}}[method]
    async with databases(*entries("postgresql://db/x")) as made:
        told = []
        for name in ("annas", "nosuch"):
            with pytest.raises(QueryRefused) as caught:
                await getattr(made, method)("eve", "user", name, **rest)
            told.append(str(caught.value).replace(name, "X"))
    assert told == ["There is no database 'X'. The databases are: all."] * 2


async def test_a_database_that_cannot_be_asked_says_why_without_its_address(tmp_path, caplog):
    """Neither password nor host appear, in the answer, the log or the report."""
    caplog.set_level(logging.DEBUG)
    sqlite_shop(tmp_path / "shop.db")
    (tmp_path / "text.db").write_text("not a database, but longer than a header of one is" * 40)
    away = "postgresql+psycopg://keeper:hush-hush@127.0.0.1:1/x"
    made = {
        "away": (away, "no such database answers at its address"),
        "mine": ("mysql://keeper:hush-hush@127.0.0.1:1/x", "no such database answers at its address"),
        "gone": (f"sqlite:///{tmp_path}/gone.db", "there is no such file"),
        "text": (f"sqlite:///{tmp_path}/text.db", "the file is not an SQLite database"),
        "odd": ("nosuchdb://keeper:hush-hush@h/x", "databases of the kind nosuchdb are not supported"),
        "bare": ("mssql+pyodbc://keeper:hush-hush@h/x", 'so by "account_is_read_only": true'),
        "shop": (f"sqlite:///{tmp_path}/shop.db", ""),
    }  # fmt: skip
    async with databases(
        *(DatabaseEntry(name=name, url=url) for name, (url, _) in made.items())
    ) as found:
        states = await found.look()
        with pytest.raises(QueryFailed, match="away cannot be asked now: no such database") as told:
            await found.query("anna", "user", "away", "SELECT 1", max_rows=1)
    assert {name: one.ok for name, one in states.items()} == {name: name == "shop" for name in made}
    assert [name for name, (_, why) in made.items() if why not in states[name].detail] == []
    everything = f"{states} {told.value!r} {caplog.text}"
    assert "hush" not in everything
    assert "127.0.0.1" not in everything


async def test_a_driver_that_is_not_installed_is_named():
    """Nothing else is wrong with the database."""
    url = "oracle://keeper:hush-hush@h/x"
    entry = DatabaseEntry(name="shop", url=url, account_is_read_only=True)
    async with databases(entry) as made:
        states = await made.look()
    assert states == {
        "shop": Health(
            ok=False,
            detail="its driver is not installed: install the driver it names",
            fix="install the driver it names",
        )
    }


async def test_a_superusers_account_is_reported(postgres):
    """It works, and is more than reading needs."""
    entry = DatabaseEntry(name="shop", url=postgres)
    async with databases(entry) as made:
        await made.look()
        assert made.states()["shop"] == Health(
            ok=True, detail="its account is a superuser; better give one that may only read"
        )


async def test_the_file_of_a_wrong_sqlite_address_is_not_made(tmp_path):
    """Opening read-only never creates."""
    async with asking(f"sqlite:///{tmp_path}/new.db") as ask:
        with pytest.raises(QueryFailed, match="there is no such file"):
            await ask("SELECT 1")
    assert list(tmp_path.iterdir()) == []


async def test_a_database_in_use_is_read_beside_its_writer(tmp_path):
    """Write-ahead logging, as applications keep their files."""
    url = sqlite_shop(tmp_path / "shop.db", ["PRAGMA user_version = 1"])
    with closing(sqlite3.connect(tmp_path / "shop.db")) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO customers VALUES ('Eve', 'Rome')")
        async with asking(url) as ask:
            before = await ask("SELECT count(*) FROM customers")
            writer.commit()
            after = await ask("SELECT count(*) FROM customers")
    assert (before.rows, after.rows) == (((2,),), ((3,),))
