"""What a model hears when it asks files and databases by SQL."""

from __future__ import annotations

import pytest

from backend.errors import ToolFailed, ToolRetry, ToolUnavailable
from backend.kit.http import HttpClient
from backend.ports.query import ColumnInfo, DatabaseCard, QueryRefused, Rows, TableInfo
from backend.ports.tools import Services, ToolContext
from backend.tools import sql_query
from tests.fakes.instant_clock import InstantClock
from tests.fakes.kept_files import KeptFiles
from tests.fakes.table_files import SALES, open_tables

ANN = ToolContext(user_id="ann", username="ann", role="user")


class OneDatabase:
    """A configured database that only Ann may ask."""

    def offered(self, username, role):
        return (
            [DatabaseCard(name="shop", dialect="postgresql", description="orders")]
            if username == "ann"
            else []
        )

    async def schema(self, username, role, database):
        if database != "shop" or username != "ann":
            msg = f'There is no database "{database}".'
            raise QueryRefused(msg)
        columns = (ColumnInfo(name="id", type="INTEGER", samples=("1",)),)
        return [TableInfo(name="orders", source="public", columns=columns, rows=None)]

    async def query(self, username, role, database, sql, *, max_rows):
        await self.schema(username, role, database)
        return Rows(columns=(ColumnInfo(name="id", type="INTEGER"),), rows=((1,),), total=1)

    async def aclose(self):
        return None


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    kept = KeptFiles(folder=folder)
    kept.keep("ann", "sales.csv", SALES.encode(), kind="csv")
    kept.keep("ann", "notes.txt", b"words", kind="text")
    kept.keep("ann", "towns.json", b'[{"town": "Oslo"}]', kind="json")
    kept.keep("bob", "secret.csv", b"a\n1\n", kind="csv")
    return kept


@pytest.fixture
async def ask(tmp_path, documents):
    async with open_tables(tmp_path) as tables:
        services = Services(
            http=HttpClient(),
            clock=InstantClock(),
            documents=documents,
            tables=tables,
            databases=OneDatabase(),
        )
        tool = sql_query.build(sql_query.Options(max_shown_rows=2), services)

        async def call(context=ANN, **args):
            return await tool.run(sql_query.Args.model_validate(args), context)

        yield call


async def test_an_answer_is_a_table_for_the_model_and_json_for_the_client(ask):
    """Whole, with the number of rows."""
    found = await ask(
        query="SELECT region, sum(amount) AS total FROM sales GROUP BY region ORDER BY region"
    )
    assert (
        found.text
        == "| region | total |\n| --- | --- |\n| North | 1.50 |\n| South | 2.25 |\n\n2 rows."
    )
    assert found.data == {
        "columns": [
            {"name": "region", "type": "VARCHAR"},
            {"name": "total", "type": "DECIMAL(38,2)"},
        ],
        "rows": [["North", "1.50"], ["South", "2.25"]],
        "total": 2,
        "truncated": False,
    }


async def test_long_answers_say_how_many_rows_there_are(ask):
    """The client gets more than the model is shown, and both know the whole number."""
    found = await ask(sql="SELECT * FROM range(10), sales", max_rows=5)
    assert "2 of 30 rows." in found.text
    assert (len(found.data["rows"]), found.data["total"], found.data["truncated"]) == (5, 30, True)
    assert (await ask(sql="SELECT count(*) AS n FROM sales")).text.endswith("\n\n1 row.")


@pytest.mark.parametrize("args", [{"action": "schema"}, {}])
async def test_the_schema_lists_files_and_databases(ask, args):
    """Also when a model forgets the statement."""
    found = await ask(**args)
    assert found.text.splitlines() == [
        "towns (from towns.json, 1 rows):",
        "  town VARCHAR, such as Oslo",
        "sales (from sales.csv, 3 rows):",
        "  region VARCHAR, such as North, South",
        "  amount DECIMAL(18,2), such as 1.50, 2.25",
        'Database "shop" (postgresql): orders; see its tables with {"action": "schema", "database": "shop"}.',
    ]


async def test_a_database_is_asked_by_name(ask):
    """Its schema and its rows; for others it is not there."""
    assert "orders (from public)" in (await ask(action="schema", database="shop")).text
    assert (await ask(sql="SELECT id FROM orders", database="shop")).data["rows"] == [[1]]
    with pytest.raises(ToolRetry, match="no database"):
        await ask(ToolContext(user_id="bob", username="bob"), sql="SELECT 1", database="shop")


async def test_only_ones_own_files_can_be_asked(ask):
    """A foreign file is one that is not there."""
    with pytest.raises(ToolRetry, match='no table "secret"'):
        await ask(sql="SELECT * FROM secret")
    with pytest.raises(ToolRetry, match="None of the user's files"):
        await ask(sql="SELECT * FROM secret", files=["secret.csv"])
    with pytest.raises(ToolRetry, match="no files with tables"):
        await ask(ToolContext(user_id="eve"), sql="SELECT 1")


async def test_a_turn_limited_to_some_files_asks_no_others(ask):
    """Neither by name nor in SQL; without one that holds tables there is nothing to ask."""
    some = ToolContext(user_id="ann", file_ids=("file-ann-2",))
    assert (await ask(some, sql="SELECT town FROM towns")).data["rows"] == [["Oslo"]]
    with pytest.raises(ToolRetry, match='no table "sales"'):
        await ask(some, sql="SELECT * FROM sales")
    with pytest.raises(ToolRetry, match="Their files: towns"):
        await ask(some, sql="SELECT * FROM sales", files=["sales.csv"])
    with pytest.raises(ToolRetry, match="no files with tables"):
        await ask(ToolContext(user_id="ann", file_ids=()), sql="SELECT 1")


async def test_mistakes_tell_the_nearest_names(ask):
    """And where to look."""
    with pytest.raises(ToolRetry, match=r"Nearest: region\..*schema"):
        await ask(sql="SELECT regio FROM sales")
    with pytest.raises(ToolRetry, match="holds no tables"):
        await ask(sql="SELECT 1", files=["notes.txt"])


async def test_a_broken_file_does_not_hide_the_others(ask, documents):
    """It is named with the reason; alone it is a failure."""
    documents.keep("ann", "broken.parquet", b"PAR1 no", kind="")
    found = await ask(action="schema")
    assert "sales (from sales.csv" in found.text
    assert "Left out: broken.parquet" in found.text
    with pytest.raises(ToolFailed, match=r"broken\.parquet"):
        await ask(action="schema", files=["broken.parquet"])


async def test_a_table_too_large_to_be_read_as_a_document_can_be_asked(ask, documents):
    """Its document has failed and has no kind; its name and bytes tell."""
    documents.keep("ann", "huge.csv", b"n\n1\n2\n", kind="")
    assert (await ask(sql="SELECT sum(n) FROM huge")).data["rows"] == [[3]]


def test_without_files_and_databases_the_tool_is_off():
    """And says why."""
    with pytest.raises(ToolUnavailable, match="no database"):
        sql_query.build(sql_query.Options(), Services(http=HttpClient(), clock=InstantClock()))


def test_only_a_call_that_names_a_database_reaches_outside():
    """Rules about what reads outside are about such calls."""
    services = Services(http=HttpClient(), clock=InstantClock(), databases=OneDatabase())
    tool = sql_query.build(sql_query.Options(), services)
    assert tool.touched_by(sql_query.Args(sql="SELECT 1")) == frozenset()
    assert tool.touched_by(sql_query.Args(sql="SELECT 1", database="shop")) == {"reads_outside"}
