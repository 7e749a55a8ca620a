"""The tools of uploaded files, code and pages as the built-in model is offered them, and what they bring."""

from __future__ import annotations

from tests.fakes.builtin_asking import DOCUMENTS, FETCH, MATH, TEXT, WEATHER, WEB, WIKI, spec

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
TOOLS = [MATH, DATA_FILES, WIKI, WEATHER, WEB, DOCUMENTS, PYTHON_FILES, SQL_FILES, FETCH]

SALES = (
    "sales.csv as table sales: 120 rows\n"
    "| column | type | samples |\n| --- | --- | --- |\n"
    "| city | VARCHAR | Oslo, Bonn |\n| product | VARCHAR | Tea, Rice |\n"
    "| month | VARCHAR | 2024-01, 2024-02 |\n| sales | DOUBLE | 3.5, 4 |"
)
ORDERS = (
    "Table orders (orders.csv, 42 rows):\n- order_id BIGINT\n- customer VARCHAR, e.g. Ann, Bob\n"
    "- category VARCHAR, e.g. Food\n- unit_price DOUBLE\n- revenue DECIMAL(10,2)"
)
PEOPLE = (
    "people (people.xlsx, 9 rows): name VARCHAR, age BIGINT, height DOUBLE, department VARCHAR, "
    '"hired in" DATE'
)
UMSATZ = "umsatz.csv (5 rows): stadt VARCHAR, monat VARCHAR, umsatz DOUBLE"
