"""Statements that were written down apart from the guards, to judge them, through the whole ports."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from backend.kit.clocks import SystemClock
from backend.ports.query import QueryRefused
from backend.query.databases.service import ConfiguredDatabases, DatabaseEntry, DatabaseLimits
from tests.fakes.sql_databases import as_reader
from tests.fakes.table_files import SALES, open_tables, table_file

HELD_OUT = Path(__file__).with_name("held_out.json")
REFUSED: dict[str, list[str]] = json.loads(HELD_OUT.read_text(encoding="utf-8"))
LIMITS = DatabaseLimits(timeout_s=5, processes=1)
ITEMS = """
    CREATE TABLE items (id serial PRIMARY KEY, name text);
    INSERT INTO items (name) VALUES ('first'), ('second');
    CREATE SCHEMA hidden;
    CREATE TABLE hidden.secrets (secret text);
    INSERT INTO hidden.secrets VALUES ('hush');
    CREATE FUNCTION hidden.leak() RETURNS text LANGUAGE sql AS 'SELECT secret FROM hidden.secrets';
    GRANT USAGE ON SCHEMA hidden TO reader;
    GRANT SELECT ON items, hidden.secrets TO reader;
"""


@pytest.fixture(scope="module")
def items(postgres):
    """The tables that the statements speak of; no right of the account keeps the hidden ones shut."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(ITEMS)
        yield postgres
        connection.execute("DROP SCHEMA hidden CASCADE")
        connection.execute("DROP TABLE items")


def test_there_are_many():
    """A short list would prove little."""
    assert {name: len(set(found)) for name, found in REFUSED.items()} == {
        "duckdb": 94,
        "postgres": 110,
    }


@pytest.mark.parametrize("view_bytes", [10**9, 0], ids=["loaded", "viewed"])
async def test_held_out_statements_over_files_are_refused(tmp_path, view_bytes):
    """Each with a reason that a model can read, and an ordinary one is answered after them."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    file = table_file(uploads, "sales.csv", SALES)
    async with open_tables(tmp_path, view_bytes=view_bytes) as tables:

        async def ask(sql):
            return (await tables.query([file], sql, max_rows=5)).rows

        assert await answered(ask, REFUSED["duckdb"]) == []
        assert await ask("SELECT count(*) FROM sales") == ((3,),)
    assert file.path.read_text(encoding="utf-8") == SALES


@pytest.mark.parametrize("account", ["superuser", "reader"])
async def test_held_out_statements_over_a_database_are_refused(items, account):
    """Whoever the account is, and nothing of what they were to change has changed."""
    url = items if account == "superuser" else as_reader(items)
    shop = DatabaseEntry(name="shop", url=url)
    databases = ConfiguredDatabases([shop], LIMITS, clock=SystemClock())

    async def ask(sql):
        return (await databases.query("anna", "user", "shop", sql, max_rows=5)).rows

    try:
        assert await answered(ask, REFUSED["postgres"]) == []
        assert await ask("SELECT name FROM items ORDER BY id") == (("first",), ("second",))
    finally:
        await databases.aclose()
    with psycopg.connect(items) as connection:
        found = connection.execute("SELECT id, name FROM items ORDER BY id").fetchall()
        made = connection.execute("SELECT last_value FROM items_id_seq").fetchone()
    assert (found, made) == ([(1, "first"), (2, "second")], (2,))


async def answered(ask, statements):
    """Give the statements that were answered, with their rows."""
    found = []
    for sql in statements:
        try:
            found.append((sql, await ask(sql)))
        except QueryRefused:
            continue
    return found
