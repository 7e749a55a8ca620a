from __future__ import annotations

import asyncio
import statistics
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import ToolRetry
from backend.kit.http import HttpClient
from backend.ports.tools import Services, ToolResult
from backend.tools import data_analysis
from tests.fakes.data_calls import CONTEXT, ask
from tests.fakes.instant_clock import InstantClock

SALES = "city,shop,sales,price\nOslo,a,3,0.1\nBonn,b,5,0.2\nOslo,c,4,0.7\nRome,d,,\n"


def column(data: object, name: str = "value") -> dict[str, Any]:
    return ask(data=data).data["columns"][name]


def test_numbers_are_described_whole():
    """The whole result of the plain case: no float noise in sum, mean or deviation."""
    figures = {
        "min": 0.1,
        "q1": 0.15,
        "median": 0.2,
        "q3": 0.25,
        "max": 0.3,
        "mean": 0.2,
        "std": 0.1,
    }
    described = {
        "type": "number", "count": 3, "missing": 0, "distinct": 3, "numbers": 3,
        **figures, "sum": 0.6, "top": [],
    }  # fmt: skip
    assert ask(data="0.1, 0.2, 0.3") == ToolResult(
        text="numbers: 3 rows, 1 columns.\n"
        "std is the sample standard deviation (n - 1); quartiles are interpolated.\n"
        "| column | count | missing | distinct | min | q1 | median | q3 | max | mean | std | sum |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| value | 3 | 0 | 3 | 0.1 | 0.15 | 0.2 | 0.25 | 0.3 | 0.2 | 0.1 | 0.6 |",
        data={
            "format": "numbers",
            "row_count": 3,
            "rows_matched": 3,
            "notes": [],
            "columns": {"value": described},
        },
    )


@given(st.lists(st.decimals(-10_000, 10_000, places=3), min_size=2, max_size=40))
@settings(max_examples=60, deadline=None)
def test_figures_agree_with_the_standard_library(values):
    """Median, mean, deviation and quartiles are those of `statistics`, to the last digit or nearly."""
    found = column(" ".join(map(str, values)))
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    assert found["sum"] == float(sum(values))
    assert found["median"] == float(statistics.median(values))
    assert [found["q1"], found["q3"]] == [float(quartiles[0]), float(quartiles[2])]
    assert found["mean"] == pytest.approx(float(statistics.mean(values)), rel=1e-15)
    assert found["std"] == pytest.approx(float(statistics.stdev(values)), rel=1e-12, abs=1e-12)


def test_large_offsets_do_not_swallow_the_deviation():
    """A one-pass float formula gives 0 or nonsense here."""
    assert column("1000000000000000.1 1000000000000000.2 1000000000000000.3")["std"] == 0.1


def test_a_table_is_described_column_by_column():
    """Missing cells are counted, texts get their most frequent values."""
    columns = ask(data=SALES).data["columns"]
    assert columns["city"] == {
        "type": "text", "count": 4, "missing": 0, "distinct": 3,
        "top": [{"value": "Oslo", "count": 2}, {"value": "Bonn", "count": 1}, {"value": "Rome", "count": 1}],
    }  # fmt: skip
    assert (columns["price"]["sum"], columns["price"]["missing"]) == (1, 1)


def test_groups_are_aggregated_and_sorted():
    """Aggregates by name, groups sorted by one of them."""
    answer = ask(
        data=SALES,
        group_by="city",
        aggregates="sum(sales), avg(price), count",
        sort_by="-sum(sales)",
    )
    assert answer.data["groups"] == [
        {"city": "Oslo", "sum(sales)": 7, "mean(price)": 0.4, "count": 2},
        {"city": "Bonn", "sum(sales)": 5, "mean(price)": 0.2, "count": 1},
        {"city": "Rome", "sum(sales)": 0, "mean(price)": None, "count": 1},
    ]
    assert "| Oslo | 7 | 0.4 | 2 |" in answer.text


def test_groups_without_aggregates_get_the_usual_ones():
    """Count, and sum and mean of the numeric columns; the first groups only when asked."""
    answer = ask(data=SALES, group_by=["city"], top=1)
    assert answer.data["groups"] == [
        {
            "city": "Oslo", "count": 2, "sum(sales)": 7, "mean(sales)": 3.5,
            "sum(price)": 0.8, "mean(price)": 0.4,
        }
    ]  # fmt: skip
    assert answer.data["groups_total"] == 3


@pytest.mark.parametrize(
    ("where", "shops"),
    [
        ("sales > 3", "bc"),
        ("sales >= 3 and city == oslo", "ac"),
        (["price<0.7", "city != Bonn"], "a"),
        ("city contains o", "abcd"),
        ("city not contains o", ""),
        ("sales is missing", "d"),
        ("sales is not missing", "abc"),
        ('city = "Oslo" and shop <> a', "c"),
        ("shop == 'b'", "b"),
    ],
)
def test_rows_are_filtered(where, shops):
    """Comparisons by number or text, joined by and; case does not matter."""
    rows = ask(data=SALES, where=where, columns="shop", sort_by="shop").data["rows"]
    assert "".join(row["shop"] for row in rows) == shops


def test_a_value_with_and_in_it_is_not_cut():
    """Only an `and` before another comparison joins."""
    data = "k,v\nTrinidad and Tobago,1\nTrinidad,2"
    assert ask(data=data, where="k == Trinidad and Tobago and v < 5").data["rows_matched"] == 1


@pytest.mark.parametrize("where", ["sales > 3 or sales < 1", "sales", "> 3", "sales ~ 3"])
def test_conditions_that_would_be_misread_are_refused(where):
    """An `or` taken for a part of the value would give a wrong answer in silence."""
    with pytest.raises(ToolRetry, match=r"joined by|is no condition"):
        ask(data=SALES, where=where)


def test_the_first_rows_of_an_order_are_listed():
    """Missing values come last in both directions."""
    assert ask(data=SALES, sort_by="sales desc", top=2, columns=["shop", "sales"]).data["rows"] == [
        {"shop": "b", "sales": 5},
        {"shop": "c", "sales": 4},
    ]
    shops = [row["shop"] for row in ask(data=SALES, sort_by="-sales").data["rows"]]
    assert shops == ["b", "c", "a", "d"]


def test_two_columns_are_correlated():
    """Pearson's r over the rows where both are numbers."""
    answer = ask(data={"x": [1, 2, 3, None], "y": [2, 4, 6.5, 1]}, correlate="x,y")
    assert answer.data["correlation"] == {
        "columns": ["x", "y"],
        "pearson_r": pytest.approx(statistics.correlation([1, 2, 3], [2, 4, 6.5]), rel=1e-14),
        "pairs": 3,
        "rows_left_out": 1,
    }


def test_a_column_that_does_not_vary_has_no_correlation():
    """null and words, not NaN or a division by zero."""
    answer = ask(data="a,b\n1,5\n2,5", correlate=["a", "b"])
    assert answer.data["correlation"]["pearson_r"] is None
    assert "does not exist" in answer.text


@pytest.mark.parametrize(
    "question",
    [{"columns": "zzz"}, {"group_by": "zzz"}, {"aggregates": "sum(zzz)"}, {"sort_by": "zzz"},
     {"where": "zzz > 1"}, {"correlate": "sales,zzz"}],
)  # fmt: skip
def test_an_unknown_column_lists_the_columns(question):
    """In every place where a column can be named."""
    with pytest.raises(ToolRetry, match=r'"zzz"\. Columns: city, shop, sales, price'):
        ask(data=SALES, **question)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ({"aggregates": "mode(sales)"}, "known: count, distinct, sum"),
        ({"aggregates": "sum"}, "needs a column"),
        ({"correlate": "sales"}, "needs two columns"),
    ],
)
def test_a_malformed_question_is_explained(question, reason):
    """Words for the model, not a stack trace."""
    with pytest.raises(ToolRetry, match=reason):
        ask(data=SALES, **question)


def test_large_data_leaves_the_event_loop_free():
    """Other work goes on while a large table is read in a thread."""

    async def both() -> tuple[int, int]:
        done = asyncio.Event()
        turns = 0

        async def others() -> None:
            nonlocal turns
            while not done.is_set():
                turns += 1
                await asyncio.to_thread(lambda: None)

        busy = asyncio.create_task(others())
        services = Services(http=HttpClient(), clock=InstantClock())
        tool = data_analysis.build(data_analysis.Options(), services)
        data = "a,b\n" + "\n".join(f"{n},{n / 10}" for n in range(9_000))
        found = await tool.run(data_analysis.Args(data=data), CONTEXT)
        done.set()
        await busy
        return turns, found.data["row_count"]

    turns, rows = asyncio.run(both())
    assert (turns > 0, rows) == (True, 9_000)


def test_hostile_cells_cannot_break_the_table():
    """Bars, line breaks, escapes and length."""
    data = [{"a": "x | y\n| z |\x1b[2J\u202e" + "w" * 5000}]
    answer = ask(data=data, top=1)
    assert answer.text.splitlines()[-1] == "| x \\| y \\| z \\|[2J" + "w" * 45 + "… |"
    assert len(answer.data["rows"][0]["a"]) <= 1000


@pytest.mark.parametrize("name", ["data", "csv", "json", "values", "numbers", "text", "input"])
def test_names_that_small_models_write_are_understood(name):
    """Aliases are tolerated though the schema shows one name."""
    assert data_analysis.Args.model_validate({name: "1 2"}).data == "1 2"
