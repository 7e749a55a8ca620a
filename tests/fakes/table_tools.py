"""The tools of uploaded files, code and pages as the built-in model is offered them, and what they bring."""

from __future__ import annotations

from tests.fakes.builtin_asking import DOCUMENTS, MATH, TEXT, WEATHER, WEB, WIKI, spec

_TEXTS = {"type": "array", "items": TEXT, "default": []}
_NONE = {"type": "string", "default": ""}
DATA_FILES = spec(
    "data_analysis",
    "Computes statistics of data or of an uploaded file.",
    {
        "data": _NONE,
        "file": _NONE,
        "columns": _TEXTS,
        "where": _TEXTS,
        "group_by": _TEXTS,
        "aggregates": _TEXTS,
        "sort_by": _NONE,
        "top": {"type": "integer", "default": 0},
        "correlate": _TEXTS,
        "chart": {"enum": ["", "bar", "line", "scatter", "hist", "box", "pie"], "default": ""},
        "x": _NONE,
        "y": _TEXTS,
    },
    [],
)
SQL_FILES = spec(
    "sql_query",
    "Queries the user's files with SQL.",
    {
        "sql": _NONE,
        "action": {"enum": ["query", "schema"], "default": "query"},
        "files": _TEXTS,
        "database": _NONE,
        "max_rows": {"type": "integer", "default": 100},
    },
    [],
)
PYTHON_FILES = spec(
    "python_code",
    "Runs Python.",
    {"code": TEXT, "files": _TEXTS, "keep": {"type": "boolean", "default": False}},
    ["code"],
)
FETCH_PARTS = spec(
    "web_fetch", "Reads a page.", {"url": TEXT, "start": {"type": "integer", "default": 0}}, ["url"]
)
TOOLS = [MATH, DATA_FILES, WIKI, WEATHER, WEB, DOCUMENTS, PYTHON_FILES, SQL_FILES, FETCH_PARTS]

SALES = (
    "sales (from sales.csv, 120 rows):\n  city VARCHAR, such as Oslo, Bonn\n  product VARCHAR, such as Tea, Rice\n"
    "  month VARCHAR, such as 2024-01, 2024-02\n  sales DOUBLE, such as 3.5, 4"
)
ORDERS = (
    "orders (from orders.csv, 42 rows):\n  order_id BIGINT, such as 1, 2\n  customer VARCHAR, such as Ann, Bob\n"
    "  category VARCHAR, such as Food\n  unit price DOUBLE, such as 2.5\n  revenue DECIMAL(10,2), such as 5.00\n"
    "  Note: read as CSV with the separator ';'."
)
PEOPLE = (
    "people (from people.xlsx, Sheet1, 9 rows):\n  name VARCHAR, such as Ann\n  age BIGINT, such as 31\n  height DOUBLE\n"
    "  department VARCHAR, such as IT, Sales\n  hired in TIMESTAMP WITH TIME ZONE"
)
UMSATZ = "umsatz (from umsatz.csv, 5 rows):\n  stadt VARCHAR\n  monat VARCHAR\n  umsatz DOUBLE"
