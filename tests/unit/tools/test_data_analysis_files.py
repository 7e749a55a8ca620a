"""Files are analysed like pasted data, and both can be drawn."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from backend.errors import ToolFailed, ToolRetry
from backend.kit.http import HttpClient
from backend.ports.sandbox import SandboxReport
from backend.ports.tools import Services
from backend.tools import data_analysis
from tests.fakes.data_calls import CONTEXT
from tests.fakes.data_calls import ask as ask_pasted
from tests.fakes.instant_clock import InstantClock
from tests.fakes.kept_files import SITE, KeptFiles, TrustingSandbox
from tests.fakes.table_files import open_tables

CSV = (
    "city,shop,sales,price,tag\n"
    "Oslo,a,3,0.1,x\nBonn,b,5,0.2,\nOslo,c,4,0.7,x\nRome,d,,0.25,y\nBonn,e,-2,0.15,n/a\nOslo,f,11,0.4,X\n"
)
NESTED = [
    {"id": 1, "who": {"city": "Oslo"}, "items": [{"p": 2.5, "k": "a"}, {"p": 3, "k": "b"}], "tags": ["x", "y"]},
    {"id": 2, "who": {"city": "Bonn"}, "items": [], "tags": []},
    {"id": 3, "who": {"city": "Oslo"}, "items": [{"p": 7, "k": "a"}], "tags": ["x"]},
]  # fmt: skip
QUESTIONS = [
    {},
    {"columns": ["sales", "tag"]},
    {"group_by": ["city"]},
    {"group_by": ["city"], "aggregates": ["sum(sales)", "mean(price)", "median(sales)", "std(sales)", "q1(sales)", "q3(price)", "count", "distinct(tag)", "min(sales)", "max(price)"]},
    {"group_by": ["city", "tag"], "aggregates": ["count"], "sort_by": "-count"},
    {"aggregates": ["sum(sales)", "std(price)", "count(tag)", "sum(city)", "mean(city)"]},
    {"where": ["sales > 3"], "sort_by": "-price", "top": 2},
    {"where": ["city == oslo", "tag contains X"], "columns": ["shop"], "top": 5},
    {"where": ["tag is missing"], "aggregates": ["count"]},
    {"where": ["tag != x"], "aggregates": ["count"]},
    {"where": ["sales is not missing"], "sort_by": "sales"},
    {"correlate": ["sales", "price"]},
    {"correlate": ["sales", "city"]},
]  # fmt: skip
NESTED_QUESTIONS = [
    {},
    {"group_by": ["who.city"]},
    {"aggregates": ["sum(items[].p)", "mean(items[].p)", "count(items[].k)"]},
    {"group_by": ["items[].k"], "aggregates": ["sum(items[].p)", "count"]},
    {"group_by": ["tags"], "aggregates": ["count", "sum(id)"]},
    {"where": ["tags == y"], "columns": ["id"], "top": 5},
    {"where": ["items[].p > 2.9"], "sort_by": "-items[].p"},
]  # fmt: skip


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    kept = KeptFiles(folder=folder)
    kept.keep("u1", "sales.csv", CSV.encode(), kind="csv")
    kept.keep("u1", "orders.json", json.dumps(NESTED).encode(), kind="json")
    return kept


@pytest.fixture
def sandbox():
    return TrustingSandbox()


@pytest.fixture
async def ask(tmp_path, documents, sandbox):
    async with open_tables(tmp_path) as tables:
        services = Services(
            http=HttpClient(),
            clock=InstantClock(),
            documents=documents,
            tables=tables,
            sandbox=sandbox,
        )
        tool = data_analysis.build(data_analysis.Options(), services)

        async def call(within=None, **args):
            context = replace(CONTEXT, file_ids=within)
            return await tool.run(data_analysis.Args.model_validate(args), context)

        yield call


def comparable(data):
    """Leave out what the two ways name differently: the format, and notes on reading."""
    return {name: value for name, value in data.items() if name not in {"format", "notes"}}


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
async def test_a_file_is_answered_like_the_same_text(ask, question):
    """Figure by figure; fractions to the 14th digit."""
    pasted = comparable(await_free(question, CSV))
    assert comparable((await ask(file="sales.csv", **question)).data) == close_to(pasted)


@pytest.mark.parametrize("question", NESTED_QUESTIONS, ids=str)
async def test_nested_paths_are_answered_like_the_same_text(ask, question):
    """Objects and lists, and rows taken from the list that is asked about."""
    pasted = comparable(await_free(question, json.dumps(NESTED)))
    assert comparable((await ask(file="orders.json", **question)).data) == close_to(pasted)


def await_free(question, data):
    """Ask the pasted way, which needs a loop of its own."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only here

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: ask_pasted(data=data, **question)).result().data


def close_to(value):
    """Allow the last digits of fractions to differ."""
    if isinstance(value, dict):
        return {name: close_to(part) for name, part in value.items()}
    if isinstance(value, list):
        return [close_to(part) for part in value]
    return pytest.approx(value, rel=1e-14) if isinstance(value, float) else value


async def test_errors_name_the_columns_of_the_file(ask):
    """As for pasted data."""
    with pytest.raises(ToolRetry, match=r'no column "profit"\. Columns: city, shop'):
        await ask(file="sales.csv", columns=["profit"])
    with pytest.raises(ToolRetry, match="None of the user's files"):
        await ask(file="other.csv")


def test_neither_data_nor_file_is_told():
    """With an example."""
    with pytest.raises(ToolRetry, match="empty: give data, or the name"):
        ask_pasted()


CHARTS = [
    {"chart": "bar", "x": "city", "y": ["sales"]},
    {"chart": "bar", "x": "city"},
    {"chart": "pie", "x": "city", "y": ["price"]},
    {"chart": "line", "x": "sales", "y": ["price"]},
    {"chart": "line", "x": "shop", "y": ["price", "sales"]},
    {"chart": "scatter", "x": "sales", "y": ["price"]},
    {"chart": "hist", "x": "price"},
    {"chart": "box", "y": ["sales", "price"]},
    {"chart": "bar", "group_by": ["city"], "aggregates": ["mean(price)"]},
]


@pytest.mark.skipif(not SITE.is_dir(), reason="no matplotlib for the sandbox; run: make sandbox")
@pytest.mark.parametrize("chart", CHARTS, ids=str)
async def test_every_kind_of_chart_is_drawn(ask, chart):
    """From a file, by the program we write, as a PNG."""
    made = await ask(file="sales.csv", **chart)
    assert [one.name for one in made.files] == ["chart.png"]
    assert made.files[0].data.startswith(b"\x89PNG")


@pytest.mark.skipif(not SITE.is_dir(), reason="no matplotlib for the sandbox; run: make sandbox")
async def test_pasted_data_is_drawn_and_hostile_names_are_only_shown(ask, sandbox):
    """Quotation marks, formulas and code in names stay text."""
    name = "$\\frac{1}'; raise SystemExit(1) #"
    data = json.dumps([{"k": "a\"'\n", name: 1}, {"k": "$x^{$", name: 2}])
    made = await ask(data=data, chart="bar", x="k", y=[f"sum({name})"])
    assert made.files[0].data.startswith(b"\x89PNG")
    assert sandbox.jobs[0].files[0].name == "chart_data.csv"


@pytest.mark.skipif(not SITE.is_dir(), reason="no matplotlib for the sandbox; run: make sandbox")
async def test_bars_of_equal_x_are_summed_and_told(ask, sandbox):
    """What is drawn is in the text, so that the model can speak of it."""
    made = await ask(file="sales.csv", chart="bar", x="city", y=["sales"])
    assert made.text == (
        "A bar chart of sum(sales) by city was drawn: 3 points. Figures: Oslo: 18; Bonn: 3; Rome: 0."
    )
    assert made.data == {"chart": "bar", "x": "city", "y": ["sum(sales)"], "points": 3, "notes": []}


async def test_charts_are_off_where_no_matplotlib_is(ask, sandbox):
    """Said before anything is run, with what would bring them."""
    mend = "run `make sandbox`"
    sandbox.report = SandboxReport(kind="limited", detail=mend)
    with pytest.raises(
        ToolFailed, match=f"charts are off: the sandbox of this server has no matplotlib .{mend}"
    ):
        await ask(file="sales.csv", chart="bar", x="city", y=["sales"])
    assert sandbox.jobs == []


async def test_charts_without_numbers_or_columns_are_refused(ask):
    """With a correct call."""
    with pytest.raises(ToolRetry, match="holds no numbers"):
        await ask(file="sales.csv", chart="hist", x="city")
    with pytest.raises(ToolRetry, match="A pie chart needs x"):
        await ask(file="sales.csv", chart="pie")


@pytest.mark.parametrize("name", ["sales.csv", "sales", "file-u1-0"])
async def test_a_file_outside_of_the_turn_s_scope_is_not_there(ask, name):
    """By name or id; one within is analysed, and the refusal names no other."""
    assert "who.city" in (await ask(within=("file-u1-1",), file="orders.json")).text
    for scope in (("file-u1-1",), ()):
        with pytest.raises(ToolRetry) as refused:
            await ask(within=scope, file=name)
        assert "sales.csv" not in refused.value.message.replace(f'"{name}"', "")
