from __future__ import annotations

import contextlib
import math
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.errors import ToolRetry
from tests.fakes.data_calls import ask

ORDERS = {
    "shop": "north",
    "orders": [
        {"city": "Oslo", "total": 1.1, "items": [{"price": 1}, {"price": 2}]},
        {"city": "Bonn", "total": 2.2, "items": [{"price": 5}]},
        {"city": "Oslo", "items": []},
    ],
}


@pytest.mark.parametrize(
    ("data", "total"),
    [
        ("1 2 3", 6),
        ("1,2,3", 6),
        ("1, 2, 3,", 6),
        ("1\n2\n3\n", 6),
        ("1;2;3", 6),
        ("1,5; 2,5; 3", 7),
        ("price\n1\n2.5", 3.5),
        ("[1, 2, 3]", 6),
        ([1, 2, 3], 6),
        ("```json\n[1, 2]\n```", 3),
        ("\ufeff1\n2", 3),
        ("5", 5),
        (5, 5),
        ("-1 +2 1e3", 1001),
    ],
)
def test_plain_numbers_are_read_however_they_are_separated(data, total):
    """Blanks, commas, lines, semicolons, JSON, a fence around it, or real JSON instead of text."""
    (described,) = ask(data=data).data["columns"].values()
    assert described["sum"] == total


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    """Also where cells hold other delimiters in quotes."""
    text = '"a;b,c"'.join(["name|x\n".replace("|", delimiter), f"{delimiter}2\n"])
    assert ask(data=text).data["columns"]["x"]["sum"] == 2


def test_european_numbers_are_understood_and_reported():
    """Decimal comma, points for thousands, the currency behind."""
    answer = ask(data='name;price\nA;"1.234,50 €"\nB;3,10\nC;1.000')
    assert answer.data["columns"]["price"]["sum"] == 2237.6
    assert answer.data["notes"] == [
        "price: € dropped",
        "price: decimal comma",
        "price: thousands separators dropped",
    ]


@pytest.mark.parametrize(
    ("cells", "total"),
    [
        (["$1,200.50", "$300"], 1500.5),
        (["1 000", "2 500,5"], 3500.5),
        (["1'000", "2"], 1002),
        (["(300)", "100"], -200),
        (["12%", "8 %"], 20),
        (["-$5", "$-5"], -10),
        (["1.234", "1.5"], 2.734),
        (["1,234", "1,5"], 2.734),
        (["n/a", "", "7"], 7),
        (["1,00,000", "1.5"], 100001.5),
    ],
)
def test_numbers_written_for_people_are_understood(cells, total):
    """Each column is judged as a whole."""
    rows = "\n".join(f"x|{cell}" for cell in cells)
    assert ask(data=f"k|v\n{rows}").data["columns"]["v"]["sum"] == total


@pytest.mark.parametrize(
    "cells",
    [
        ["007", "008"],
        ["$1", "€2"],
        ["5%", "5"],
        ["1,5", "2.5"],
        ["1.2.3", "4.5.6"],
        ["12 km", "3 km"],
    ],
)
def test_what_is_no_clear_number_stays_text(cells):
    """Ids, mixed currencies, mixed marks, versions and units are never summed."""
    rows = "\n".join(f"x|{cell}" for cell in cells)
    assert ask(data=f"k|v\n{rows}").data["columns"]["v"]["type"] == "text"


def test_a_few_numbers_among_texts_do_not_make_a_numeric_column():
    """Statistics over one of three values would mislead; over two of three they are noted."""
    assert ask(data="k,v\na,x\nb,y\nc,5").data["columns"]["v"]["type"] == "text"
    mostly = ask(data="k,v\na,4\nb,?\nc,5")
    assert mostly.data["columns"]["v"]["sum"] == 9
    assert mostly.data["notes"] == ["v: 1 values are not numbers, such as '?'"]


def test_the_delimiter_tells_what_a_lone_comma_means():
    """Files with ; come from places that write decimal commas."""
    assert ask(data="k;v\na;1,234\nb;2,345").data["columns"]["v"]["sum"] == 3.579


def test_an_assumption_about_thousands_is_reported():
    """ "1,234" alone could be either."""
    answer = ask(data='k,v\na,"1,200"\nb,"3,400"')
    assert answer.data["columns"]["v"]["sum"] == 4600
    assert 'assumed: "1,234" is read as 1234' in answer.text


def test_nested_json_is_described_by_path():
    """Every path with its own count; a key that an element lacks is missing there."""
    columns = ask(data=ORDERS).data["columns"]
    counts = {name: (found["count"], found["missing"]) for name, found in columns.items()}
    assert counts == {
        "shop": (1, 0),
        "orders[].city": (3, 0),
        "orders[].total": (2, 1),
        "orders[].items[].price": (3, 0),
    }
    assert columns["orders[].total"]["sum"] == 3.3


def test_the_rows_of_a_nested_list_are_found_by_the_columns_asked_for():
    """Group by a field of the outer list, sum over the inner one."""
    answer = ask(data=ORDERS, group_by="city", aggregates=["sum(items.price)", "count"])
    assert answer.data["groups"] == [
        {"orders[].city": "Oslo", "sum(orders[].items[].price)": 8 - 5, "count": 2},
        {"orders[].city": "Bonn", "sum(orders[].items[].price)": 5, "count": 1},
    ]


def test_rows_of_the_inner_list_know_the_objects_above():
    """Sorting by the inner price, the city of its order beside it."""
    rows = ask(data=ORDERS, sort_by="-orders[].items[].price", top=1).data["rows"]
    assert rows == [
        {
            "shop": "north",
            "orders[].city": "Bonn",
            "orders[].total": 2.2,
            "orders[].items[].price": 5,
        }
    ]


def test_nested_rows_at_the_top_are_reached_as_well():
    """A list of objects with lists inside."""
    data = [{"n": "a", "t": [{"v": 1}, {"v": 9}]}, {"n": "b", "t": [{"v": 5}]}]
    assert ask(data=data, where="t[].v > 4", columns="n,t[].v", sort_by="v").data["rows"] == [
        {"n": "b", "t[].v": 5},
        {"n": "a", "t[].v": 9},
    ]


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"x": rows}])
def test_a_sparse_table_does_not_fill_the_memory(wrap):
    """20,000 rows with a key of their own each would be 400 million cells."""
    rows = [{f"k{n}": 1} for n in range(20_000)]
    with pytest.raises(ToolRetry, match=r"more than 500000"):
        ask(data=wrap(rows))


def test_json_lines_are_rows():
    """One object per line."""
    assert ask(data='{"a": 1}\n{"a": 2}\n\n{"b": 3}').data["columns"]["a"]["missing"] == 1


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ('[{"a": 1},\n {"a": oops}]', "line 2, column 8"),
        ('{"a": 1}\n{"a": 2,}\n', "Line 2 .* column 8"),
        ("[1, NaN]", "column 5"),
        ('a,b\n1,"2\n', "broken at line"),
        ("hello world", "'hello' is no number"),
        ("hello world, how are you", "'hello' is no number"),
        ("", "empty"),
        ("{}", "no values"),
        ("[]", "no values"),
        ("[" * 100_000, "depth limit"),
        ('{"a":' * 500 + "1" + "}" * 500, "deeper than 60"),
    ],
)
def test_data_that_cannot_be_read_names_the_place_and_an_example(data, where):
    """The model can mend its call from the message."""
    with pytest.raises(ToolRetry, match=f"(?s){where}.*Examples: "):
        ask(data=data)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"max_data_bytes": 1000}, "larger than 1000 bytes"),
        ({"max_rows": 10}, "More than 10 rows"),
        ({"max_cells": 100}, "100 cells|100 values"),
    ],
)
@pytest.mark.parametrize("text", ["csv", "json", "nested"])
def test_data_over_a_cap_is_refused(options, reason, text):
    """Before it can fill the memory, in every format."""
    rows = [{"a": n, "b": n} for n in range(300)]
    data = {
        "csv": "a,b\n" + "\n".join("1,2" for _ in rows),
        "json": orjson.dumps(rows).decode(),
        "nested": orjson.dumps([{"x": rows, "n": n} for n in range(11)]).decode(),
    }
    with pytest.raises(ToolRetry, match=reason):
        ask(data=data[text], options=options)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inside: (
            st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=4), inside, max_size=4)
        ),
        max_leaves=25,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_json_gives_finite_json_or_a_mendable_error(document):
    """No input raises anything but ToolRetry; the data always serialises, without NaN."""
    try:
        answer = ask(data=orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS).decode())
    except (ToolRetry, orjson.JSONEncodeError, ValidationError):
        return
    assert all(
        math.isfinite(number) for number in _numbers(orjson.loads(orjson.dumps(answer.data)))
    )
    assert (
        b"null" in orjson.dumps(answer.data)
        or orjson.loads(orjson.dumps(answer.data)) == answer.data
    )


@given(st.text(alphabet='ab1,;.\n"\t|[]{}: -%$€', max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_an_answer_or_a_mendable_error(text):
    """Broken CSV and near-JSON never crash the tool."""
    with contextlib.suppress(ToolRetry):
        assert ask(data=text).text


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [n for child in value.values() for n in _numbers(child)]
    if isinstance(value, list):
        return [n for child in value for n in _numbers(child)]
    return [value] if isinstance(value, int | float) else []


def test_a_leading_blank_column_keeps_its_place():
    """Whitespace of the data is not stripped: the first header cell may be empty."""
    assert list(ask(data="\ta\n1\t2\n3\t4").data["columns"]) == ["column_1", "a"]
