"""What the built-in model says of what code, queries, pages and tables brought."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.builtin_asking import ask, hear
from tests.fakes.table_tools import ORDERS, PEOPLE, SALES, TOOLS
from tests.unit.llm.tool_questions.corpus import data, look

Result = tuple[str, dict[str, Any], str]
PAGE = (
    "[1] Pets at home - https://example.com/a\nCats need food. Dogs need walks every day. "
    "Prices rose in 2023."
)
TRACE = 'Traceback (most recent call last):\n  File "code.py", line 1, in <module>\nZeroDivisionError: division by zero'
RUN = "Run this:\n```python\nx\n```"
SUMS = data("sales.csv", group_by=["city"], aggregates=["sum(sales)"])[0]
SUMMED = "sales.csv: 3 rows, 4 columns.\n| city | sum(sales) |\n| --- | --- |\n| Oslo | 7 |\n| Bonn | 5 |"
SHOWN = "\nFiles made, shown to the user with your answer: chart.png."


def ran(text: str) -> list[Result]:
    """Play one run of RUN's code."""
    return [("python_code", {"code": "x"}, text)]


def queried(text: str) -> list[Result]:
    """Play one query."""
    return [("sql_query", {"sql": "SELECT city FROM sales"}, text)]


def read(text: str) -> list[Result]:
    """Play the reading of one page."""
    return [("web_fetch", {"url": "https://example.com/a"}, text)]


def worked_out(text: str, *, columns: str = SALES) -> list[Result]:
    """Play a look at the columns and the sums."""
    return [(*look("sales.csv")[0], columns), (*SUMS, text)]


ANSWERS: list[tuple[str, list[Result], str]] = [
    (RUN, ran("1\n2"), "```\n1\n2\n```"),
    (RUN, ran("stdout:\n2"), "```\n2\n```"),
    (RUN, ran("1\nValue: 2\n"), "```\n1\n```\n\nThe value of the last line is `2`."),
    (RUN, ran("Value: 'a'"), "The value is `'a'`."),
    (RUN, ran("Value: a\nb"), "The value is:\n\n```\na\nb\n```"),
    (RUN, ran("Value:\n   a\n0  1"), "The value is:\n\n```\n   a\n0  1\n```"),
    (RUN, ran(""), "The code ran and printed nothing."),
    (RUN, ran(f"1{SHOWN}"), "```\n1\n```"),
    (RUN, ran("no files found"), "```\nno files found\n```"),
    (RUN, ran("Error: no such user"), "The tool python_code could not answer: no such user"),
    (RUN, ran("a ``` b"), "````\na ``` b\n````"),
    (RUN, ran(f"Error (exception):\n{TRACE}"), f"The code raised an exception:\n\n```\n{TRACE}\n```"),
    (RUN, ran(f"1\n{TRACE}"), f"```\n1\n```\n\nThe code raised an exception:\n\n```\n{TRACE}\n```"),
    (RUN, ran("Error (time): stopped after 10 s"), "The code did not end by itself (time):\n\n```\nstopped after 10 s\n```"),
    (RUN, ran("Error: this cannot be done: the sandbox is busy"), "The tool python_code could not answer: the sandbox is busy"),
    ("SELECT city FROM sales", queried("| city |\n| --- |\n| Oslo |\n\n1 rows."), "| city |\n| --- |\n| Oslo |\n\n1 rows."),
    ("SELECT city FROM sales", queried(""), "The query gave no rows."),
    ("SELECT city FROM sales", queried('Error: There is no column "ctiy". Nearest: city.'), 'The tool sql_query could not answer: There is no column "ctiy". Nearest: city.'),
    ("what does https://example.com/a say about dogs?", read(PAGE), "Dogs need walks every day. [1]"),
    ("summarise https://example.com/a", read(PAGE), "Cats need food. [1] Dogs need walks every day. [1] Prices rose in 2023. [1]"),
    ("https://example.com/a", read("Error: this cannot be done: the address is private."), "The tool web_fetch could not answer: the address is private."),
    ("how many rows does data.xlsx have?", [(*data("data.xlsx", aggregates=["count"])[0], "data.xlsx: 42 rows.\n| count |\n| --- |\n| 42 |")], "data.xlsx has 42 rows."),
    ("What sheets are in a.xlsx?", [(*look("a.xlsx")[0], "a_x (from a.xlsx, X, 2 rows):\n  city VARCHAR, such as Oslo\na_y (from a.xlsx, Y, 1 row):\n  rent BIGINT, such as 9")], "a_x has 2 rows and 1 column: city.\na_y has 1 row and 1 column: rent (number)."),
    ("which columns are in sales.csv?", [(*look("sales.csv")[0], SALES)], "sales.csv has 120 rows and 4 columns: city, product, month, sales (number)."),
    ("sum of sales by city in sales.csv", worked_out(SUMMED), "Sum of sales per city: Oslo 7, Bonn 5."),
    ("sum of sales by city in sales.csv", worked_out(SUMMED + SHOWN), "Sum of sales per city: Oslo 7, Bonn 5."),
    (
        "sum of turnover by town in sales.csv",
        worked_out(SUMMED),
        "Sum of sales per city: Oslo 7, Bonn 5.\n\nI took “sales” for “turnover”, as the closest column. "
        "I took “city” for “town”, as the closest column.",
    ),
    (
        "total sales in Paris from sales.csv",
        [(*look("sales.csv")[0], SALES), (*data("sales.csv", aggregates=["sum(sales)"], where=['city == "Paris"'])[0], "| sum(sales) |\n| --- |\n| 7 |")],
        "The sum of sales is 7.\n\nI took “Paris” as a value of city.",
    ),
    (
        "average salary by department in people.xlsx",
        [(*look("people.xlsx")[0], PEOPLE), (*data("people.xlsx", group_by=["department"], aggregates=["mean(age)", "mean(height)"])[0], "| department | mean(age) |\n| --- | --- |\n| A | 7 |")],
        "Mean of age per department: A 7.\n\nNo column is called as you say, so I took age, height; there are: name, age, height, department, hired in.",
    ),
    (
        "sum of revenue by category in my orders file",
        [(*look("orders")[0], ORDERS), (*data("orders.csv", group_by=["category"], aggregates=["sum(revenue)"])[0], "| category | sum(revenue) |\n| --- | --- |\n| Food | 7 |")],
        "Sum of revenue per category: Food 7.\n\nThis is from orders.csv.",
    ),
    (
        "sum of sales by city in sales.csv",
        [(*look("sales.csv")[0], 'Error: None of the user\'s files is called "sales.csv". Their files: a.pdf.')],
        "The tool sql_query could not answer: None of your files is called \"sales.csv\". Your files: a.pdf.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("question", "results", "answer"), ANSWERS)
async def test_results_are_told_in_words_and_blocks(
    question: str, results: list[Result], answer: str
) -> None:
    """Whole answers are compared, with what was assumed on the way."""
    heard = await ask(question, *results, tools=TOOLS)
    assert (heard.text, heard.calls, heard.finish) == (answer, [], "stop")


async def test_what_was_worked_out_is_told_when_no_tool_is_offered_any_more() -> None:
    """The list of columns, which came first, is not the answer."""
    results = worked_out(SUMMED)
    heard = await ask("sum of sales by city in sales.csv", *results)
    assert heard.text.startswith("Sum of sales per city: Oslo 7, Bonn 5.")


async def test_long_results_are_cut_at_the_end_of_a_line() -> None:
    """A query's table keeps whole rows and its count."""
    rows = "\n".join(f"| {at} | {'x' * 50} |" for at in range(400))
    heard = await ask("SELECT city FROM sales", *queried(f"| a | b |\n| --- | --- |\n{rows}\n\n400 rows."), tools=TOOLS)  # fmt: skip
    lines = heard.text.splitlines()
    assert len(heard.text) < 7_000
    assert lines[-1] == "(shortened) 400 rows."
    assert all(line.endswith("|") for line in lines[:-2])


async def test_a_plan_looks_at_the_columns_and_then_words_the_figures() -> None:
    """The second step is written once the first has brought the columns."""
    question = "sum of sales by city in sales.csv and what is 2 * 3?"
    text = {"type": "string"}
    variants = [
        {
            "type": "object",
            "properties": {
                "id": text,
                "purpose": text,
                "tool": {"const": tool["function"]["name"]},
                "input": tool["function"]["parameters"],
                "depends_on": {"type": "array", "items": text},
            },
            "required": ["id", "purpose", "tool", "input", "depends_on"],
        }
        for tool in TOOLS
    ]
    steps = {"type": "array", "items": {"anyOf": variants}}
    plan = {"title": "Plan", "type": "object", "properties": {"steps": steps}, "required": ["steps"]}  # fmt: skip
    made = await ask(f"<question>\n{question}\n</question>", response_schema=plan)
    assert made.text == (
        '{"steps": [{"id": "s1c", "purpose": "Read the columns for: sum of sales by city in sales.csv", "tool": "sql_query", '
        '"input": {"action": "schema", "files": ["sales.csv"]}, "depends_on": []}, '
        '{"id": "s1", "purpose": "Work out the figures for: sum of sales by city in sales.csv", "tool": "data_analysis", '
        '"input": {"file": "sales.csv", "group_by": ["{s1c}"]}, "depends_on": ["s1c"]}, '
        '{"id": "s2", "purpose": "Calculate: what is 2 * 3?", "tool": "math_calc", "input": {"expression": "2 * 3"}, "depends_on": []}]}'
    )
    block = f'<result id="s1c" purpose="Read the columns for: sum of sales by city in sales.csv" state="ok">\n{SALES}\n</result>'
    wanted = (
        f"<question>\n{question}\n</question>\n{block}\n<purpose>\nWork out the figures for: sum of sales by city in sales.csv\n"
        '</purpose>\nThe input so far: {"group_by": ["{s1c}"]}'
    )
    schema = {**TOOLS[1]["function"]["parameters"], "title": "ToolInput"}
    filled = await ask(wanted, response_schema=schema)
    assert filled.text == '{"file": "sales.csv", "group_by": ["city"], "aggregates": ["sum(sales)"]}'  # fmt: skip
    done = f'<result id="s1" purpose="Work out the figures for: sum of sales by city in sales.csv" state="ok">\n{SUMMED}\n</result>'
    told = await hear([{"role": "user", "content": f"{question}\n\n{block}\n{done}"}])
    assert told.text.startswith("Sum of sales per city: Oslo 7, Bonn 5.")


PART = "The Page\nhttps://example.com/a, dated 2024-01-02\n\n[1] The page opens here. It is about cats.\n[2] Cats sleep a lot.\n(characters 0 to 8000 of 9000; 1000 left out. To read on, call again with start 8000.)"
REST = "The Page\nhttps://example.com/a\n\n[3] Dogs need walks every day.\n(characters 8000 to 9000, the end of the page)"


async def test_a_page_is_quoted_by_its_passages_and_read_on_where_the_answer_is_missing() -> None:
    """The headline and the address are no sentences, and no part is read twice."""
    url = {"url": "https://example.com/a"}
    whole = await ask("summarise https://example.com/a", ("web_fetch", url, PART), tools=TOOLS)
    assert whole.text == "The page opens here. [1] It is about cats. [1] Cats sleep a lot. [2]"
    question = "what does https://example.com/a say about dogs?"
    more = await ask(question, ("web_fetch", url, PART), tools=TOOLS)
    assert more.calls == [("web_fetch", {**url, "start": 8000})]
    parts = [("web_fetch", url, PART), ("web_fetch", {**url, "start": 8000}, REST)]
    assert (await ask(question, *parts, tools=TOOLS)).text == "Dogs need walks every day. [3]"


OUTCOMES = [
    ("It ran and showed nothing. Print what you want to see.", "The code ran and printed nothing."),
    ("It ran and made files.\nFiles made, shown to the user with your answer: a.png.", "The code ran and printed nothing. It made files."),
    ("1\nstderr:\ncareful", "```\n1\n```\n\nIt also wrote as warnings:\n\n```\ncareful\n```"),
    ("1\nNote: the output was cut.", "```\n1\n```\n\nthe output was cut."),
    (
        f"Error (exception):\n{TRACE}\nPackages at hand: numpy; none can be installed.",
        f"The code raised an exception:\n\n```\n{TRACE}\n```\n\nPackages at hand: numpy; none can be installed.",
    ),
    (f'Error (exception):\n{TRACE}\nEvery call starts anew; "keep": true goes on with what earlier calls defined.', f"The code raised an exception:\n\n```\n{TRACE}\n```"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "answer"), OUTCOMES)
async def test_what_a_tool_says_beside_the_output_stays_out_of_the_block(
    text: str, answer: str
) -> None:
    """Hints to the model are dropped, those that help a person are kept."""
    assert (await ask(RUN, *ran(text), tools=TOOLS)).text == answer
