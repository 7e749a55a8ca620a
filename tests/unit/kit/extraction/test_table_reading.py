"""Reading what tools say of tables, and what a question's words mean among their columns."""

from __future__ import annotations

import pytest

from backend.kit.extraction.column_words import in_columns
from backend.kit.extraction.pasted_tables import Column
from backend.kit.extraction.schema_read import TableShape, tables_of
from backend.kit.extraction.table_asks import per_file, table_ask

CITY = Column("city", ["Oslo", "Bonn"], is_numeric=False)
SALES = Column("sales", [], is_numeric=True)
PRICE = Column("unit price", [], is_numeric=True)

SCHEMAS: list[tuple[str, list[TableShape]]] = [
    (
        "sales (from sales.csv, 3 rows):\n  city VARCHAR, such as Oslo, Bonn\n  unit price DECIMAL(10,2), such as 3.50\n  Note: Unit price is a number; the text 3,50 is a DOUBLE.",
        [TableShape("sales", "sales.csv", "3", [CITY, PRICE])],
    ),
    (
        "a_one (from a.xlsx, One, 2 rows):\n  city VARCHAR, such as Oslo, Bonn\na_two (from a.xlsx, Two, 4 rows):\n  sales BIGINT, such as 1",
        [TableShape("a_one", "a.xlsx", "2", [CITY]), TableShape("a_two", "a.xlsx", "4", [SALES])],
    ),
    (
        "sales.csv as table sales: 3 rows\n| column | type | samples |\n| --- | --- | --- |\n| city | VARCHAR | Oslo, Bonn |\n| sales | DOUBLE | 3 |",
        [TableShape("sales", "sales.csv", "3", [CITY, SALES])],
    ),
    (
        "CSV: 3 rows, 2 columns.\n| column | count | mean |\n| --- | --- | --- |\n| sales | 3 | 4 |\n| column | count | most frequent |\n| --- | --- | --- |\n| city | 3 | Oslo (2); Bonn (1) |",
        [TableShape("", "", "3", [SALES, CITY])],
    ),
    (
        "Table sales (file sales.csv, 120 rows):\n- city VARCHAR, e.g. Oslo, Bonn\n- sales BIGINT",
        [TableShape("sales", "sales.csv", "120", [CITY, SALES])],
    ),
    (
        '"sales"(city TEXT, "unit price" REAL)',
        [TableShape("sales", "", "", [Column("city", [], is_numeric=False), PRICE])],
    ),
    ("Nothing of the kind.", []),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tables"), SCHEMAS)
def test_tables_are_read_from_any_way_of_listing_them(text: str, tables: list[TableShape]) -> None:
    """Names, files, row counts, types and samples are compared whole."""
    assert tables_of(text) == tables


COLUMNS = [
    Column("order_id", [], is_numeric=True),
    Column("customer", [], is_numeric=False),
    Column("unit_price", [], is_numeric=True),
    Column("total_price", [], is_numeric=True),
    Column("sales_rep", [], is_numeric=False),
    Column("umsatz", [], is_numeric=True),
]
MEANT: list[tuple[str, str, tuple[str, ...]]] = [
    ("total unit price per customer", "total unit price per customer", ()),
    ("sum of Umsätze", "sum of umsatz", ()),
    (
        "average price by client",
        "average unit price by customer",
        (
            "I took “unit_price” for “price”, as one of the columns it can mean.",
            "I took “customer” for “client”, as the closest column.",
        ),
    ),
    (
        "sum of sales by customer",
        "sum of umsatz by customer",
        ("I took “umsatz” for “sales”, as the closest column.",),
    ),
    ("how many rows", "how many rows", ()),
    ("total in Oslo", "total in Oslo", ()),
]


@pytest.mark.parametrize(("ask", "reading", "notes"), MEANT)
def test_words_become_the_columns_they_mean(ask: str, reading: str, notes: tuple[str, ...]) -> None:
    """A column that is called so needs no note; values and words of asking are left alone."""
    found = in_columns(ask, COLUMNS)
    assert (found.ask, found.notes) == (reading, notes)


TABLES: list[tuple[str, tuple[str, str] | None]] = [
    ("sum of sales by city in sales.csv", ("sales.csv", "figures")),
    ("Using sales.csv, which city has the highest total?", ("sales.csv", "figures")),
    ("Which columns does my customers spreadsheet have?", ("customers", "columns")),
    ("how many rows in my csv?", ("", "rows")),
    ("Welche Spalten hat umsatz.csv?", ("umsatz.csv", "columns")),
    ("describe the attached excel file", ("", "describe")),
    ("How many vacation days does my contract file give?", None),
    ("What is in the table on page 3 of my report?", None),
    ("What does data.csv say about Oslo?", None),
    ("What data does Google collect?", None),
    ("How do I plot a column of sales.csv?", None),
    ("Write a script that sums sales.csv", None),
    ("Summarise https://example.com/data.csv", None),
    ("How many people live in Oslo?", None),
]


@pytest.mark.parametrize(("part", "found"), TABLES)
def test_a_question_about_an_uploaded_table_is_told_from_others(
    part: str, found: tuple[str, str] | None
) -> None:
    """By a file's name or one's own words for it, and by what only counting answers."""
    asked = table_ask(part)
    assert (asked and (asked.file, asked.want)) == found


def test_questions_of_several_files_are_split_unless_they_join_them() -> None:
    """Each file gets its own question."""
    assert per_file("total sales in a.csv and average price in b.csv") == [
        "total sales in a.csv",
        "average price in b.csv",
    ]
    assert per_file("Compare total sales in a.csv and b.csv") == [
        "Compare total sales in a.csv",
        "Compare total sales in b.csv",
    ]
    assert per_file("join a.csv and b.csv on id") == ["join a.csv and b.csv on id"]
