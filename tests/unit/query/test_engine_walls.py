"""With the guard left out, the engines themselves still write nothing and reach nothing outside."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg
import pytest

from backend.ports.query import QueryFailed, QueryRefused
from backend.query.databases import mysql
from backend.query.databases.child import run
from backend.query.databases.order import Order
from backend.query.select_guard import Guarded
from tests.fakes.sql_databases import as_reader, sqlite_shop

POSTGRES_WRITES = [
    "DELETE FROM orders",
    "DROP TABLE orders",
    "INSERT INTO customers VALUES ('Eve', 'Rome')",
    "WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d",
    "SELECT 1; DELETE FROM orders",
    "COMMIT; DELETE FROM orders",
    "SELECT * INTO copied FROM orders",
    "SELECT * FROM orders FOR UPDATE",
    "SET TRANSACTION READ WRITE",
    "COPY orders TO PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/tmp/steward-never'",
    "DO $$ BEGIN DELETE FROM orders; END $$",
    "CREATE TABLE x (a int)",
    "CREATE TEMP TABLE x (a int)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT setval(pg_get_serial_sequence('orders', 'id'), 1) FROM nextval('none')",
    "VACUUM",
    "CALL nothing()",
]
SQLITE_WRITES = [
    "DELETE FROM orders",
    "DROP TABLE orders",
    "INSERT INTO customers VALUES ('Eve', 'Rome')",
    "SELECT 1; DELETE FROM orders",
    "ATTACH DATABASE ':memory:' AS x",
    "ATTACH DATABASE '/tmp/steward-never.db' AS x",
    "PRAGMA query_only = OFF",
    "PRAGMA database_list",
    "VACUUM INTO '/tmp/steward-never.db'",
    "CREATE TEMP TABLE x (a)",
    "BEGIN IMMEDIATE",
    "SELECT load_extension('x')",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pragma_table_info('orders')",
]


def unguarded(sql):
    return Guarded(sql=sql, tables=())


@pytest.mark.parametrize("account", ["superuser", "reader"])
@pytest.mark.parametrize("sql", POSTGRES_WRITES)
def test_postgresql_itself_refuses_to_write(postgres, account, sql):
    """A cursor in a read-only transaction of a session that is no superuser's."""
    url = postgres if account == "superuser" else as_reader(postgres)
    order = Order(action="query", url=url, timeout_s=5)
    with pytest.raises((QueryRefused, QueryFailed)):
        run(order, unguarded(sql))
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (2,)


def test_postgresql_keeps_a_transaction_read_only_whatever_is_set_in_it(postgres):
    """set_config inside the statement that writes comes too late."""
    sql = "WITH s AS (SELECT set_config('transaction_read_only', 'off', false)) SELECT * FROM s"
    order = Order(action="query", url=postgres, timeout_s=5)
    with pytest.raises(QueryRefused, match="read-write mode must be set before any query"):
        run(order, unguarded(sql))


@pytest.mark.parametrize("sql", SQLITE_WRITES)
def test_sqlite_itself_refuses_to_write(tmp_path, sql):
    """A file opened read-only, and an authorizer that allows reading tables alone."""
    url = sqlite_shop(tmp_path / "shop.db")
    order = Order(action="query", url=url, timeout_s=5)
    with pytest.raises((QueryRefused, QueryFailed)):
        run(order, unguarded(sql))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (2,)


def test_the_walls_let_a_plain_query_through(postgres, tmp_path):
    """Otherwise the tests above would pass for a database that answers nothing."""
    for url in (postgres, sqlite_shop(tmp_path / "shop.db")):
        order = Order(action="query", url=url, timeout_s=5)
        found = run(order, unguarded("SELECT count(*) FROM orders"))
        assert found["rows"] == [[3]]


def test_sessions_of_mysql_are_read_only_and_timed():
    """No such server is at hand in these tests: what is sent at the start of a session."""
    order = Order(action="query", url="mysql://reader@db/shop", timeout_s=5)
    assert mysql.session_statements(order, mariadb=False) == [
        "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
        "SET SESSION max_execution_time = 5000",
        "SET SESSION TRANSACTION READ ONLY",
    ]
    assert "SET SESSION max_statement_time = 5.000" in mysql.session_statements(order, mariadb=True)
    assert mysql.default_schemas(order) == ("shop",)


def test_an_address_of_mysql_cannot_loosen_the_driver():
    """Local files and several statements stay off, whatever the address asks for."""
    url = "mysql://reader@db/shop?local_infile=1&client_flag=65536&init_command=x&charset=utf8mb4"
    made = mysql.make_engine(Order(action="query", url=url)).url
    assert (made.drivername, dict(made.query)) == ("mysql+pymysql", {"charset": "utf8mb4"})
