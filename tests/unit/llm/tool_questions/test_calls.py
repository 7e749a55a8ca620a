"""Which call a question of code, queries, pages and tables becomes, and which questions become none."""

from __future__ import annotations

import pytest

from tests.fakes.builtin_asking import MATH, SERVER, WIKI, ask, hear
from tests.fakes.table_tools import ORDERS, PEOPLE, SALES, TOOLS, UMSATZ
from tests.unit.llm.tool_questions.corpus import (
    CODE_GIVEN,
    NO_CALL,
    OTHER_CALLS,
    PAGES_GIVEN,
    SQL_GIVEN,
    TABLES_ASKED,
    Call,
    code,
    data,
    look,
)

ASKED = [*CODE_GIVEN, *SQL_GIVEN, *PAGES_GIVEN, *TABLES_ASKED]
NO_SUCH_FILE = 'Error: None of the user\'s files is called "orders". Their files: {files}.'


@pytest.mark.parametrize(("question", "calls"), ASKED, ids=[question for question, _ in ASKED])
async def test_what_is_handed_over_goes_to_its_tool_unchanged(
    question: str, calls: list[Call]
) -> None:
    """Names and arguments are compared whole."""
    assert (await ask(question, tools=TOOLS)).calls == calls


@pytest.mark.parametrize("question", NO_CALL)
async def test_code_and_pages_that_are_only_spoken_of_call_nothing(question: str) -> None:
    """Explaining, reviewing, writing and other languages."""
    assert (await ask(question, tools=TOOLS)).calls == []


@pytest.mark.parametrize(("question", "tool"), OTHER_CALLS)
async def test_questions_that_look_alike_keep_their_own_tool(question: str, tool: str) -> None:
    """A file that is spoken of is not yet a table to be counted."""
    assert [name for name, _ in (await ask(question, tools=TOOLS)).calls] == [tool]


SECOND: list[tuple[str, str, list[Call]]] = [
    ("sum of sales by city in sales.csv", SALES, data("sales.csv", group_by=["city"], aggregates=["sum(sales)"])),
    ("sales by city and product in sales.csv", SALES, data("sales.csv", group_by=["city", "product"], aggregates=["sum(sales)"])),
    ("sales by city in sales.csv, highest first", SALES, data("sales.csv", group_by=["city"], aggregates=["sum(sales)"], sort_by="-sum(sales)")),
    ("total sales in Oslo from sales.csv", SALES, data("sales.csv", aggregates=["sum(sales)"], where=['city == "Oslo"'])),
    ("Which product has the highest total sales in sales.csv?", SALES, data("sales.csv", sort_by="-sum(sales)", top=1, group_by=["product"], aggregates=["sum(sales)"])),
    ("top 5 customers by revenue in orders.csv", ORDERS, data("orders.csv", sort_by="-sum(revenue)", top=5, group_by=["customer"], aggregates=["sum(revenue)"])),
    ("What is the most common product in sales.csv?", SALES, data("sales.csv", group_by=["product"], aggregates=["count"], sort_by="-count", top=1)),
    ("How many people are older than 30 in people.xlsx?", PEOPLE, data("people.xlsx", aggregates=["count"], where=["age > 30"])),
    ("how many different customers are in orders.csv", ORDERS, data("orders.csv", aggregates=["distinct(customer)"])),
    ("median unit price in orders.csv where category is Food", ORDERS, data("orders.csv", aggregates=["median(unit price)"], where=['category == "Food"'])),
    ("Sort orders.csv by revenue descending", ORDERS, data("orders.csv", sort_by="-revenue")),
    ("Is there a correlation between age and height in people.xlsx?", PEOPLE, data("people.xlsx", correlate=["age", "height"])),
    ("plot sales over month from sales.csv", SALES, data("sales.csv", group_by=["month"], aggregates=["sum(sales)"], chart="line", x="month", y=["sum(sales)"], sort_by="month")),
    ("line chart of monthly sales in sales.csv", SALES, data("sales.csv", group_by=["month"], aggregates=["sum(sales)"], chart="line", x="month", y=["sum(sales)"], sort_by="month")),
    ("pie chart of revenue by category from orders.csv", ORDERS, data("orders.csv", group_by=["category"], aggregates=["sum(revenue)"], chart="pie", x="category", y=["sum(revenue)"])),
    ("histogram of age from people.xlsx", PEOPLE, data("people.xlsx", chart="hist", y=["age"])),
    ("scatter plot of height against age in people.xlsx", PEOPLE, data("people.xlsx", chart="scatter", x="age", y=["height"])),
    ("box plot of height by department from people.xlsx", PEOPLE, data("people.xlsx", chart="box", y=["height"], x="department")),
    ("Summe der Umsätze pro Stadt in umsatz.csv als Balkendiagramm", UMSATZ, data("umsatz.csv", group_by=["stadt"], aggregates=["sum(umsatz)"], chart="bar", x="stadt", y=["sum(umsatz)"])),
    ("bar chart of revenue from orders.csv", ORDERS, data("orders.csv", chart="bar", x="customer", y=["revenue"])),
    ("line chart of the sales in sales.csv", SALES, data("sales.csv", chart="line", x="month", y=["sales"])),
    ("What is the average in sales.csv?", "nothing readable", data("sales.csv")),
]  # fmt: skip


@pytest.mark.parametrize(("question", "columns", "calls"), SECOND)
async def test_columns_that_were_looked_up_word_the_next_call(
    question: str, columns: str, calls: list[Call]
) -> None:
    """The words of the question become the names that the file has."""
    first = (await ask(question, tools=TOOLS)).calls
    assert [name for name, _ in first] == ["sql_query"]
    assert (await ask(question, (*first[0], columns), tools=TOOLS)).calls == calls


DATED = "visits (from visits.csv, 9 rows):\n  city VARCHAR, such as Oslo\n  opened DATE, such as 2024-01-02\n  amount DOUBLE"
BY_MONTH = """SELECT strftime("opened", '%Y-%m') AS "month", sum("amount") AS "sum(amount)" FROM "visits" GROUP BY 1 ORDER BY 1"""
PERIODS = [
    ("sum of amount by month in visits.csv", BY_MONTH),
    ("monthly revenue in visits.csv", BY_MONTH),
    (
        "average amount per year in Oslo in visits.csv",
        """SELECT strftime("opened", '%Y') AS "year", avg("amount") AS "mean(amount)" FROM "visits" WHERE "city" = 'Oslo' GROUP BY 1 ORDER BY 1""",
    ),
    (
        "amount per month for Oslo in 2024 in visits.csv",
        """SELECT strftime("opened", '%Y-%m') AS "month", sum("amount") AS "sum(amount)" FROM "visits" WHERE "city" = 'Oslo' AND year("opened") = 2024 GROUP BY 1 ORDER BY 1""",
    ),
    (
        "amount per month in Bergen in visits.csv",
        """SELECT strftime("opened", '%Y-%m') AS "month", sum("amount") AS "sum(amount)" FROM "visits" WHERE "city" = 'Bergen' GROUP BY 1 ORDER BY 1""",
    ),
    (
        "how many visits per quarter in visits.csv",
        """SELECT year("opened") || '-Q' || quarter("opened") AS "quarter", count(*) AS "count" FROM "visits" GROUP BY 1 ORDER BY 1""",
    ),
]


@pytest.mark.parametrize(("question", "statement"), PERIODS)
async def test_periods_are_made_of_dates_by_a_query(question: str, statement: str) -> None:
    """Where the table has a date and no column for the month or year."""
    looked = (*look("visits.csv")[0], DATED)
    calls = (await ask(question, looked, tools=TOOLS)).calls
    assert calls == [("sql_query", {"sql": statement, "files": ["visits.csv"]})]


async def test_a_chart_over_months_is_drawn_of_what_the_query_brought() -> None:
    """The rows of the query are the data of the chart; without one they are the answer."""
    question = "plot amount by month from visits.csv"
    looked = (*look("visits.csv")[0], DATED)
    query = {"sql": BY_MONTH, "files": ["visits.csv"]}
    assert (await ask(question, looked, tools=TOOLS)).calls == [("sql_query", query)]
    rows = (
        "sql_query",
        query,
        "| month | sum(amount) |\n| --- | --- |\n| 2024-01 | 3 |\n| 2024-02 | 5 |\n2 rows.",
    )
    drawn = {
        "data": "month,sum(amount)\n2024-01,3\n2024-02,5\n",
        "chart": "line",
        "x": "month",
        "y": ["sum(amount)"],
    }
    assert (await ask(question, looked, rows, tools=TOOLS)).calls == [("data_analysis", drawn)]
    off = ("data_analysis", drawn, "Error: this cannot be done: charts are off")
    told = await ask(question, looked, rows, off, tools=TOOLS)
    assert (
        told.text
        == "Sum of amount per month: 2024-01 3, 2024-02 5.\n\nThe chart could not be drawn."
    )


async def test_the_table_that_fits_best_is_taken_where_no_file_is_named() -> None:
    """Of two tables the one that has the column in question."""
    question = "What is the total revenue in my spreadsheet?"
    told = (*look()[0], f"{SALES}\n\n{ORDERS}")
    calls = (await ask(question, told, tools=TOOLS)).calls
    assert calls == data("orders.csv", aggregates=["sum(revenue)"])


@pytest.mark.parametrize(
    ("files", "calls"),
    [("a.pdf; shop.csv", look("shop.csv")), ("a.csv; my orders.csv", look("my orders.csv")), ("a.csv; b.csv", [])],
)  # fmt: skip
async def test_a_name_that_fits_no_file_means_the_only_table_there_is(
    files: str, calls: list[Call]
) -> None:
    """Of several tables none is guessed; the files are named then."""
    question = "average price per category in my orders file"
    told = NO_SUCH_FILE.format(files=files)
    heard = await ask(question, (*look("orders")[0], told), tools=TOOLS)
    assert heard.calls == calls
    assert calls or heard.text.endswith(f"Your files: {files}.")


async def test_the_columns_come_from_the_data_tool_where_queries_fail_or_are_not_offered() -> None:
    """Its description of a file lists them as well."""
    question = "sum of sales by city in sales.csv"
    off = (*look("sales.csv")[0], "Error: the tool sql_query is off on this server: no engine")
    described = (
        "sales.csv: 3 rows, 2 columns.\n| column | count | mean |\n| --- | --- | --- |\n| sales | 3 | 4 |\n"
        "| column | count | most frequent |\n| --- | --- | --- |\n| city | 3 | Oslo (2); Bonn (1) |"
    )
    asked = data("sales.csv", group_by=["city"], aggregates=["sum(sales)"])
    assert (await ask(question, off, tools=TOOLS)).calls == data("sales.csv")
    brought = (*data("sales.csv")[0], described)
    assert (await ask(question, off, brought, tools=TOOLS)).calls == asked
    without = [tool for tool in TOOLS if tool["function"]["name"] != "sql_query"]
    assert (await ask(question, tools=without)).calls == data("sales.csv")
    assert (await ask(question, brought, tools=without)).calls == asked


async def test_a_chart_that_cannot_be_drawn_leaves_the_figures() -> None:
    """The same is asked again without a picture."""
    question = "plot sales over month from sales.csv"
    looked = (*look("sales.csv")[0], SALES)
    drawn = (await ask(question, looked, tools=TOOLS)).calls[0]
    refused = (*drawn, "Error: this cannot be done: charts are off: there is no sandbox.")
    again = (await ask(question, looked, refused, tools=TOOLS)).calls
    figures = data("sales.csv", group_by=["month"], aggregates=["sum(sales)"], sort_by="month")
    assert again == figures


KEPT = [("x = 1", "print(x)", True), ("x = 1", "x = 2\nprint(x)", False), ("x = 1", "print(y)", False), ("def f(): pass", "f()", True)]  # fmt: skip


@pytest.mark.parametrize(("before", "source", "keeps"), KEPT)
async def test_code_that_uses_what_earlier_code_defined_goes_on_with_it(
    before: str, source: str, *, keeps: bool
) -> None:
    """Code that defines its own names starts afresh."""
    messages = [
        {"role": "user", "content": f"Run\n```python\n{before}\n```"},
        {"role": "assistant", "content": "The code ran and printed nothing."},
        {"role": "user", "content": f"Run\n```python\n{source}\n```"},
    ]
    kept = {"keep": True} if keeps else {}
    assert (await hear(messages, tools=TOOLS)).calls == code(source, **kept)


async def test_a_follow_up_asks_the_table_before_for_a_picture() -> None:
    """The file and the question are those of the turn before."""
    messages = [
        {"role": "user", "content": "sum of sales by city in sales.csv"},
        {"role": "assistant", "content": "Sum of sales per city: Oslo 7, Bonn 5."},
        {"role": "user", "content": "now as a bar chart please"},
    ]
    assert (await hear(messages, tools=TOOLS)).calls == look("sales.csv")


CANNOT = [
    ("Run this:\n```python\nx=1\n```", "I cannot run this code: this server has no tool"),
    ("SELECT city FROM sales", "I cannot run this query: this server has no tool"),
    ("summarise https://example.com", "I cannot read this address: this server has no tool"),
    ("sum of sales by city in sales.csv", "I cannot work on this table: this server has no tool"),
]


@pytest.mark.parametrize(("question", "told"), CANNOT)
async def test_what_no_tool_can_do_is_said_plainly(question: str, told: str) -> None:
    """With other tools on offer and with none."""
    for tools in ([MATH, WIKI], []):
        heard = await ask(question, tools=tools)
        assert (heard.calls, heard.text.startswith(told)) == ([], True)


async def test_an_old_data_tool_that_takes_no_files_leaves_the_question_to_the_documents() -> None:
    """As long as a search is on offer."""
    heard = await ask("What is the total revenue in my orders.csv file?", tools=SERVER)
    assert [name for name, _ in heard.calls] == ["rag_retrieval"]
