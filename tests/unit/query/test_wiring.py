"""From the setting to databases, and what is told of them to people who may know less."""

from __future__ import annotations

import json

import pytest

from backend.bootstrap.query_databases import database_report, make_databases
from backend.config.errors import SettingsError
from backend.config.report import given_settings
from backend.config.settings import Settings, load_settings
from backend.kit.clocks import SystemClock
from tests.fakes.processes import run_program
from tests.fakes.sql_databases import sqlite_shop

SECRET = "hush-hush"
URL = f"postgresql+psycopg://keeper:{SECRET}@db.internal/shop"


def settings_of(tmp_path, value) -> Settings:
    text = value if isinstance(value, str) else json.dumps(value)
    return load_settings(env_file=tmp_path / ".env", environ={"QUERY__DATABASES": text})


async def test_databases_come_from_one_setting(tmp_path):
    """With who may ask them and which schemas are open."""
    shop = {"url": sqlite_shop(tmp_path / "shop.db"), "users": ["anna"], "description": "The shop."}
    settings = settings_of(tmp_path, {"shop": shop, "away": {"url": URL, "roles": ["admin"]}})
    made = make_databases(settings.query, SystemClock())
    try:
        assert [one.name for one in made.offered("anna", "user")] == ["shop"]
        assert [one.name for one in made.offered("bob", "admin")] == ["away"]
        rows = await made.query("anna", "user", "shop", "SELECT count(*) FROM orders", max_rows=1)
    finally:
        await made.aclose()
    assert rows.rows == ((3,),)


async def test_the_report_for_everybody_has_no_names(tmp_path):
    """Whoever asks /health may not know which databases there are."""
    shop = {"url": sqlite_shop(tmp_path / "shop.db")}
    settings = settings_of(tmp_path, {"shop": shop, "gone": {"url": "sqlite:////no/such.db"}})
    made = make_databases(settings.query, SystemClock())
    try:
        before = database_report(made)
        await made.look()
        assert before == {"on": 0, "off": ["not tried yet"]}
        assert database_report(made) == {"on": 1, "off": ["there is no such file"]}
    finally:
        await made.aclose()


def test_the_server_loads_no_parser_and_no_driver(tmp_path):
    """They live in child processes; LangChain only where a tool of it is asked for."""
    heavy = ["sqlglot", "psycopg", "pymysql", "langchain_core", "backend.query.databases.child"]
    code = f"import sys, backend.bootstrap.composition; print([m for m in {heavy} if m in sys.modules])"
    done = run_program("-c", code, folder=tmp_path)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_without_databases_there_is_nothing_to_ask():
    """No process, no port."""
    assert make_databases(Settings().query, SystemClock()) is None
    assert database_report(None) == {"on": 0, "off": []}


def test_the_addresses_are_never_shown(tmp_path):
    """Neither by doctor nor in what Python prints."""
    settings = settings_of(tmp_path, {"shop": {"url": URL}})
    shown = "\n".join(given_settings(settings)) + repr(settings)
    assert "QUERY__DATABASES = given" in shown
    assert SECRET not in shown
    made = make_databases(settings.query, SystemClock())
    assert SECRET not in repr(vars(made))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (f'{{"shop": {{"url": "{URL}"}}', "it is not JSON"),
        ([URL], "it is not a JSON object by name"),
        ({"Shop": {"url": URL}}, "not 1 to 40 small letters, digits, _ or -"),
        ({"shop": URL}, "database shop: it is not an object with a url"),
        ({"shop": {}}, "database shop, url: Field required"),
        ({"shop": {"url": "hush-hush"}}, "database shop, url: Value error, it is not an address"),
        ({"shop": {"url": URL, "roles": ["hush-hush"]}}, "database shop, roles.0: Input should be"),
        ({"shop": {"url": URL, "user": ["anna"]}}, "database shop, user: Extra inputs"),
    ],
)
def test_a_wrong_entry_is_one_line_that_names_it(tmp_path, value, says):
    """And holds no value, which could be a password."""
    with pytest.raises(SettingsError) as caught:
        settings_of(tmp_path, value)
    assert str(caught.value).startswith("QUERY__DATABASES: ")
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("spelling", ["postgres://", "postgresql://", "postgresql+psycopg2://"])
async def test_postgresql_is_understood_however_its_address_is_spelt(tmp_path, postgres, spelling):
    """Hosts and other tools write it in ways of their own."""
    url = spelling + postgres.partition("://")[2]
    made = make_databases(settings_of(tmp_path, {"shop": {"url": url}}).query, SystemClock())
    found = await made.query("anna", "user", "shop", "SELECT 1 AS one", max_rows=5)
    await made.aclose()
    assert found.rows == ((1,),)
