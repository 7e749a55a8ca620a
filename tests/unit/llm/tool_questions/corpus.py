"""Questions of many people with the calls they need, and questions that look alike and need none."""

from __future__ import annotations

from typing import Any

Call = tuple[str, dict[str, Any]]


def code(source: str, **more: Any) -> list[Call]:
    """Expect one run of a program."""
    return [("python_code", {"code": source, **more})]


def sql(*statements: str, **more: Any) -> list[Call]:
    """Expect these queries."""
    return [("sql_query", {"sql": one, **more}) for one in statements]


def look(*files: str) -> list[Call]:
    """Expect a look at the columns of each of these files; without any, at all of them."""
    if not files:
        return [("sql_query", {"action": "schema"})]
    return [("sql_query", {"action": "schema", "files": [file]}) for file in files]


def pages(*urls: str) -> list[Call]:
    """Expect these pages to be read."""
    return [("web_fetch", {"url": url}) for url in urls]


def data(file: str, **asked: Any) -> list[Call]:
    """Expect one call of the data tool on a file."""
    return [("data_analysis", {"file": file, **asked})]


LOOP = "for i in range(3):\n    print(i)"
INDENTED = "  x = 1\n  x"
SUMS = "SELECT city, sum(sales)\nFROM sales\nGROUP BY city"

CODE_GIVEN: list[tuple[str, list[Call]]] = [
    ("Run this:\n```python\nprint(1)\n```", code("print(1)")),
    ("```python\nprint(1)\n```", code("print(1)")),
    ("```\nprint(1)\n```", code("print(1)")),
    (f"What does this print?\n```python\n{LOOP}\n```", code(LOOP)),
    (f"```py\n{LOOP}\n```\nwhat's the output?", code(LOOP)),
    (f"Please execute the following code for me\n```python\n{INDENTED}\n```", code(INDENTED)),
    (f"Run this:\n{LOOP}", code(LOOP)),
    ("import math\nprint(math.pi)", code("import math\nprint(math.pi)")),
    ("run print(sum(range(10)))", code("print(sum(range(10)))")),
    ("What does print(2**10) output?", code("print(2**10)")),
    ("what does `len('abc')` return?", code("len('abc')")),
    ("What is sum(range(10)) in Python?", code("sum(range(10))")),
    ("python: print(3)", code("print(3)")),
    ("Can you run this and tell me the result? ```print(1)```", code("print(1)")),
    ("```\n>>> x = 2\n>>> x + 1\n3\n```", code("x = 2\nx + 1")),
    ("Explain this code and then run it:\n```python\nprint(1)\n```", code("print(1)")),
    ("```python\na=1\n```\nand then\n```python\nprint(a)\n```\nrun both", code("a=1\n\nprint(a)")),
    ("what happens when I run this?\n```\nprint(1/0)\n```", code("print(1/0)")),
    ("I get an error, can you run it? ```python\n1/0\n```", code("1/0")),
    ("Führe diesen Code aus:\n```python\nprint(1)\n```", code("print(1)")),
    ("Was gibt das aus?\n```\nprint(2)\n```", code("print(2)")),
    ("Run this on sales.csv:\n```python\nprint(1)\n```", code("print(1)", files=["sales.csv"])),
    ('Run it\n```python\nopen("sales.csv")\n```', code('open("sales.csv")')),
]
SQL_GIVEN: list[tuple[str, list[Call]]] = [
    ("```sql\nselect city from sales\n```", sql("select city from sales")),
    (SUMS, sql(SUMS)),
    ("Run SELECT count(*) FROM orders;", sql("SELECT count(*) FROM orders")),
    ("What does SELECT count(*) FROM orders return?", sql("SELECT count(*) FROM orders")),
    ("select name, age from people where age > 3 limit 5", sql("select name, age from people where age > 3 limit 5")),
    ("with t as (select 1 as x) select x from t", sql("with t as (select 1 as x) select x from t")),
    ("run: SELECT 1", sql("SELECT 1")),
    ("How many rows?\n```sql\nselect count(*) from t\n```", sql("select count(*) from t")),
    ("```sql\nselect 1\n```\nand\n```sql\nselect 2\n```", sql("select 1", "select 2")),
    ('SELECT * FROM "sales.csv" s JOIN people p ON p.city = s.city', sql('SELECT * FROM "sales.csv" s JOIN people p ON p.city = s.city')),
    ('SELECT s.city, b.manager, sum(s.amount) FROM "sales.csv" s JOIN people b ON b.city = s.city GROUP BY ALL', sql('SELECT s.city, b.manager, sum(s.amount) FROM "sales.csv" s JOIN people b ON b.city = s.city GROUP BY ALL')),
    ("Execute this query on sales.csv:\nselect * from sales where city = 'Oslo'", sql("select * from sales where city = 'Oslo'", files=["sales.csv"])),
    ("Run this on the database shop: SELECT 1", sql("SELECT 1", database="shop")),
    ("```sql\ndrop table sales\n```", sql("drop table sales")),
]  # fmt: skip
PAGES_GIVEN: list[tuple[str, list[Call]]] = [
    ("summarise https://example.com/a?b=1.", pages("https://example.com/a?b=1")),
    ("what does https://example.com/a say about pets?", pages("https://example.com/a")),
    ("https://example.com/a", pages("https://example.com/a")),
    ("read www.example.com/page", pages("https://www.example.com/page")),
    ("summarise example.com/page", pages("https://example.com/page")),
    ("Read https://example.com/a and tell me what Darjeeling costs", pages("https://example.com/a")),
    ("go to example.org", pages("https://example.org")),
    ("Write a summary of https://example.com/x.", pages("https://example.com/x")),
    ("Read (https://example.com/a_(b)) please", pages("https://example.com/a_(b)")),
    ("Compare https://a.example/x and https://b.example/y", pages("https://a.example/x", "https://b.example/y")),
    ("Fasse https://example.com/a zusammen", pages("https://example.com/a")),
]  # fmt: skip
TABLES_ASKED: list[tuple[str, list[Call]]] = [
    ("sum of sales by city in sales.csv", look("sales.csv")),
    ("average price per category in my orders file, as a bar chart", look("orders")),
    ("which columns are in sales.csv?", look("sales.csv")),
    ("What is the total revenue in my spreadsheet?", look()),
    ("How many orders per country are in the uploaded spreadsheet?", look()),
    ("Draw a pie chart of sales by region from 'my sales 2024.csv'", look("my sales 2024.csv")),
    ("Summe der Umsätze pro Stadt in umsatz.csv", look("umsatz.csv")),
    ("sum of sales in a.csv and average price in b.csv", look("a.csv", "b.csv")),
    ("Compare total sales in a.csv and b.csv", look("a.csv", "b.csv")),
    ("how many rows does data.xlsx have?", data("data.xlsx", aggregates=["count"])),
    ("Show me the first 3 rows of sales.csv", data("sales.csv", top=3)),
    ("show sales.csv", data("sales.csv", top=5)),
    ("Analyse sales.csv", data("sales.csv")),
    ("What is 2 * 3 and how many rows does a.csv have?", [("math_calc", {"expression": "2 * 3"}), *data("a.csv", aggregates=["count"])]),
]  # fmt: skip
NO_CALL: list[str] = [
    "Explain this code:\n```python\nprint(1)\n```",
    "Review this code\n```python\ndef f(): pass\n```",
    "What does this Python code do?\n```python\nx=1\n```",
    "Fix this code so it runs:\n```python\nprnt(1)\n```",
    "Add type hints\n```python\ndef f(x): return x\n```",
    "Write unit tests for this function:\n```python\ndef f(x): return x\n```",
    "Don't run this, just tell me what it prints\n```python\nprint(1)\n```",
    "Translate this into Rust:\n```python\nprint(1)\n```",
    "Is this code pythonic?\n```python\nfor i in range(len(x)): print(x[i])\n```",
    "Run this:\n```js\nconsole.log(1)\n```",
    "Run this:\n```bash\nls -la\n```",
    "```\nDear Bob,\nhow are you\n```",
    "Write a Python function that adds two numbers",
    "Write a Python script that reads sales.csv and prints the sum",
    "explain this SQL: SELECT * FROM t",
    "Optimise this query:\n```sql\nselect * from t\n```",
    "Write SQL that counts orders per customer",
    "Select the best option from the list",
    "Write a tweet promoting https://example.com",
    "Translate https://example.com/a into German",
    "Repeat after me: https://example.com",
]
# Questions that speak of files or values without asking for what only a table tool can do.
OTHER_CALLS: list[tuple[str, str]] = [
    ("What does sales.csv say about Oslo?", "rag_retrieval"),
    ("How many vacation days does my contract file give?", "rag_retrieval"),
    ("What is in the table on page 3 of my report?", "rag_retrieval"),
    ("Which of my files mention revenue?", "rag_retrieval"),
    ("Evaluate sqrt(16)", "math_calc"),
    ("What is the mean of 3, 5 and 10?", "data_analysis"),
]
