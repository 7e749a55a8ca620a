"""Erasing an account empties every table there is of what was its user's, and of nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from backend.storage.stores import sql_stores
from backend.storage.tables import users
from backend.storage.whole_metadata import METADATA
from tests.fakes.every_table import NOBODYS, fill_every_table


def _fill(connection) -> None:
    fill_every_table(connection, "user_gone", number=1)
    fill_every_table(connection, "user_stays", number=2)


def _rows(connection) -> dict[str, list[tuple]]:
    return {
        table.name: [tuple(row) for row in connection.execute(select(table))]
        for table in METADATA.sorted_tables
    }


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_no_row_of_any_table_is_left(request, kind):
    """A table that keeps one must be named in `NOBODYS`, or be made to lose it."""
    database = request.getfixturevalue(f"{kind}_database")
    stores = sql_stores(database)
    await database.write(_fill)
    before = await database.read(_rows)
    assert {len(rows) for rows in before.values()} == {2}
    assert await stores.users.delete("user_gone")
    after = await database.read(_rows)
    for table, rows in after.items():
        wanted = 2 if table in NOBODYS else 1
        assert len(rows) == wanted, f"{table}: decide what goes with a user"
        assert set(map(str, rows)) <= set(map(str, before[table]))
    left = [row for table in after.keys() - NOBODYS for row in after[table]]
    assert [row for row in left if "user_gone" in str(row)] == []
    await stores.aclose()


async def test_what_hangs_on_nothing_is_seen(sqlite_database):
    """The account's row alone would leave what only names it."""
    await sqlite_database.write(_fill)
    await sqlite_database.write(lambda it: it.execute(delete(users)))
    left = await sqlite_database.read(_rows)
    assert {table for table, rows in left.items() if rows} == NOBODYS | {"login_failures"}
    await sqlite_database.aclose()


async def test_failed_log_ins_go_with_their_account(stores):
    """Those of others stay, also of one whose name begins alike."""
    subjects = ("account:bob|192.0.2.1", "account:bob", "account:bobby|192.0.2.1", "address:x")
    await stores.login_attempts.add_failure(subjects, 5)
    assert await stores.users.delete("user_bob")
    assert [await stores.login_attempts.failures(one, 0) for one in subjects] == [0, 0, 1, 1]
