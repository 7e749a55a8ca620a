"""Wording a question about pasted data, and telling the figures that come back."""

from __future__ import annotations

from typing import Any

import pytest

from backend.kit.extraction.data_questions import data_arguments
from backend.kit.extraction.figures_told import figures_told
from backend.kit.extraction.own_figures import own_figures

SALES = "city,shop,sales\nOslo,A,3\nBonn,B,5\nOslo,C,4"
PEOPLE = "name,age\nAnn,31\nBob,25\nCid,47"
NESTED = '{"orders": [{"id": 1, "line": {"total": 20}}, {"id": 2, "line": {"total": 30}}]}'

WORDED: list[tuple[str, str, dict[str, Any]]] = [
    ("sum of sales per city", SALES, {"group_by": ["city"], "aggregates": ["sum(sales)"]}),
    ("How many rows for each city?", SALES, {"group_by": ["city"], "aggregates": ["count"]}),
    ("How many different cities?", SALES, {"aggregates": ["distinct(city)"]}),
    (
        "What is the total of sales in Oslo?",
        SALES,
        {"aggregates": ["sum(sales)"], "where": ['city == "Oslo"']},
    ),
    (
        "Which city has the highest total sales?",
        SALES,
        {"sort_by": "-sum(sales)", "top": 1, "group_by": ["city"], "aggregates": ["sum(sales)"]},
    ),
    ("top 2 by sales", SALES, {"sort_by": "-sales", "top": 2}),
    ("Who is the youngest?", PEOPLE, {"sort_by": "age", "top": 1}),
    (
        "How many people are older than 30?",
        PEOPLE,
        {"aggregates": ["count"], "where": ["age > 30"]},
    ),
    ("mean and median of 3, 5", "3, 5", {"aggregates": ["mean(value)", "median(value)"]}),
    ("What is the sum of orders total?", NESTED, {"aggregates": ["sum(total)"]}),
    ("Is there a correlation between a and b?", "a,b\n1,2\n2,5", {"correlate": ["a", "b"]}),
    ("Describe this data", PEOPLE, {}),
    ("What is the sum?", '{"broken": ', {}),
]


@pytest.mark.parametrize(("ask", "data", "arguments"), WORDED)
def test_a_question_becomes_the_arguments_of_a_data_tool(
    ask: str, data: str, arguments: dict[str, Any]
) -> None:
    """Whole arguments are compared; what is not recognised asks for nothing."""
    assert data_arguments(ask, data) == arguments


TOLD: list[tuple[str, str, str | None]] = [
    (
        "mean and median",
        "numbers: 2 rows.\n| mean(value) | median(value) |\n| --- | --- |\n| 4 | 4 |",
        "The mean is 4 and the median is 4.",
    ),
    (
        "sum of sales per city",
        "| city | sum(sales) |\n| --- | --- |\n| Oslo | 7 |\n| Bonn |  |",
        "Sum of sales per city: Oslo 7, Bonn none.",
    ),
    ("oldest", "| name | age |\n| --- | --- |\n| A \\| B | 47 |", "name: A | B, age: 47"),
    (
        "what is the mean age",
        "| column | min | mean |\n| --- | --- | --- |\n| age | 1 | 2 |\n| size | 3 | 4 |",
        "The mean of age is 2.",
    ),
    (
        "what is the mean age",
        "| column | min | mean |\n| --- | --- | --- |\n| age | 1 | 2 |\n| column | top |\n| --- | --- |\n| age | A |",
        "The mean of age is 2.",
    ),
    ("describe it", "| column | min | mean |\n| --- | --- | --- |\n| age | 1 | 2 |", None),
    ("the mean", "no table here", None),
]


@pytest.mark.parametrize(("question", "text", "told"), TOLD)
def test_a_table_of_figures_becomes_a_sentence(question: str, text: str, told: str | None) -> None:
    """A table that does not hold what was asked is left as it is."""
    assert figures_told(question, text) == told


def test_figures_are_worked_out_where_no_tool_is_on_offer() -> None:
    """A question that asks for no figure gives nothing."""
    asked = ["average age", "what is this about?"]
    assert [own_figures(ask, PEOPLE) for ask in asked] == [
        "The mean of age is 34.3333333333.",
        None,
    ]
