"""Tables as people write them are read as people mean them."""

from __future__ import annotations

import asyncio
import json
import math

import duckdb
import pytest

from backend.ports.query import ColumnInfo, QueryFailed, TableInfo
from tests.fakes.table_files import open_tables, rows_of, sqlite_file, table_file, workbook


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


def described(root, *files):
    async def ask():
        async with open_tables(root) as tables:
            return list(await tables.schema(files))

    return asyncio.run(ask())


def types_of(table: TableInfo) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}


def test_a_plain_file_is_described_whole(tmp_path, uploads):
    """Names, proven types, samples, and the number of rows."""
    text = "region,amount,day,code,ok\nNorth,1.5,2024-01-02,007,true\nSouth,2.25,2024-02-03,008,false\n"
    file = table_file(uploads, "sales-2024.csv", text)
    assert described(tmp_path, file) == [
        TableInfo(
            name="sales_2024",
            source="sales-2024.csv",
            columns=(
                ColumnInfo(name="region", type="VARCHAR", samples=("North", "South")),
                ColumnInfo(name="amount", type="DECIMAL(18,2)", samples=("1.50", "2.25")),
                ColumnInfo(name="day", type="DATE", samples=("2024-01-02", "2024-02-03")),
                ColumnInfo(name="code", type="VARCHAR", samples=("007", "008")),
                ColumnInfo(name="ok", type="BOOLEAN", samples=("True", "False")),
            ),
            rows=2,
        )
    ]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-2", "+3"], "BIGINT", [1, -2, 3]),
        (["1", "", "n/a", "3"], "BIGINT", [1, None, None, 3]),
        (["0.1", "0.2"], "DECIMAL(18,1)", ["0.1", "0.2"]),
        (["1e3", "2.5E-1"], "DOUBLE", [1000.0, 0.25]),
        (["1,234.50", "12.00"], "DECIMAL(18,2)", ["1234.50", "12.00"]),
        (["$1,200", "$15"], "BIGINT", [1200, 15]),
        (["(300)", "20"], "BIGINT", [-300, 20]),
        (["12 %", "7%"], "BIGINT", [12, 7]),
        (["1 000 000", "20"], "BIGINT", [1_000_000, 20]),
        (["12345678901234567890", "1"], "DECIMAL(38,0)", ["12345678901234567890", "1"]),
        (["007", "12"], "VARCHAR", ["007", "12"]),
        (["1.2.3", "4"], "VARCHAR", ["1.2.3", "4"]),
        (["31.12.2024", "01.02.2024"], "DATE", ["2024-12-31", "2024-02-01"]),
        (["12/31/2024", "02/01/2024"], "DATE", ["2024-12-31", "2024-02-01"]),
        (["31/12/2024", "01/02/2024"], "DATE", ["2024-12-31", "2024-02-01"]),
        (["2024-01-01 10:00", "2024-01-02 11:30"], "TIMESTAMP", ["2024-01-01 10:00:00", "2024-01-02 11:30:00"]),
        (["true", "FALSE"], "BOOLEAN", [True, False]),
        (["inf", "1"], "BIGINT", [None, 1]),
        (["€ 5", "$ 5"], "VARCHAR", ["€ 5", "$ 5"]),
    ],
)  # fmt: skip
def test_columns_get_the_type_that_people_see(tmp_path, uploads, cells, kind, values):
    """Ids stay text; numbers lose currencies, percent signs and thousands."""
    lines = "".join(f'x,"{cell}"\n' for cell in cells)
    file = table_file(uploads, "t.csv", f"k,v\n{lines}")
    assert types_of(described(tmp_path, file)[0])["v"] == kind
    assert [row[0] for row in rows_of(tmp_path, [file], "SELECT v FROM t")] == values


def test_german_files_mean_what_germans_mean(tmp_path, uploads):
    """Semicolons, decimal commas, day first, and an encoding of old Windows; all told as notes."""
    text = "Größe;Preis;Datum\nklein;1.234,50;31.12.2024\ngroß;2,00;01.02.2025\n"
    file = table_file(uploads, "preise.csv", text.encode("cp1252"))
    table = described(tmp_path, file)[0]
    assert types_of(table) == {"Größe": "VARCHAR", "Preis": "DECIMAL(18,2)", "Datum": "DATE"}
    assert table.notes == (
        "the file is not UTF-8; it was read as cp1252",
        "Preis: decimal comma",
        "Preis: thousands separators dropped",
    )
    assert rows_of(tmp_path, [file], 'SELECT "Größe", Preis, Datum FROM preise') == [
        ("klein", "1234.50", "2024-12-31"),
        ("groß", "2.00", "2025-02-01"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_in_any_form_is_read(tmp_path, uploads, encoding):
    """With a mark or without."""
    text = "name,n\nMüller,1\nJosé,2\n"
    file = table_file(uploads, "t.csv", text.encode(encoding))
    assert rows_of(tmp_path, [file], "SELECT name, n FROM t") == [("Müller", 1), ("José", 2)]


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("a\tb\n1\t2\n3\t4\n", ["a", "b"], [(1, 2), (3, 4)]),
        ("a|b\n1|x\n3|y\n", ["a", "b"], [(1, "x"), (3, "y")]),
        ("1,2\n3,4\n", ["column_1", "column_2"], [(1, 2), (3, 4)]),
        ("a,a,,A\n1,2,3,4\n", ["a", "a_2", "column_3", "A_3"], None),
        ("a,b\n1\n2,3\n", ["a", "b"], [(1, None), (2, 3)]),
        ("a,b\n1,2,9\n3,4\n", ["a", "b", "column_3"], [(1, 2, 9), (3, 4, None)]),
        ("Report of May\n\na,b\n1,2\n3,4\n5,6\n", ["a", "b"], [(1, 2), (3, 4), (5, 6)]),
        ('a,b\n"x, ""y""\nz",1\nw,2\n', ["a", "b"], [('x, "y"\nz', 1), ("w", 2)]),
        ("a,b\r\n1,2\n3,4\r\n", ["a", "b"], [(1, 2), (3, 4)]),
        ('a,b\n1,5" pipe\n2,6" pipe\n', ["a", "b"], [(1, '5" pipe'), (2, '6" pipe')]),
        ("name\nOslo\nBonn\n", ["name"], [("Oslo",), ("Bonn",)]),
        ("only,header\n", ["only", "header"], []),
    ],
)
def test_odd_layouts_are_understood(tmp_path, uploads, text, names, rows):
    """Delimiters, missing, equal and empty names, ragged rows, titles above, quoted line ends."""
    file = table_file(uploads, "t.csv", text)
    assert [column.name for column in described(tmp_path, file)[0].columns] == names
    if rows is not None:
        assert rows_of(tmp_path, [file], "SELECT * FROM t") == rows


def test_a_quotation_mark_that_is_never_closed_swallows_nothing(tmp_path, uploads):
    """The rows behind it are still rows."""
    lines = "".join(f"{n},word\n" for n in range(2000))
    file = table_file(uploads, "t.csv", f'a,b\n0,"open\n{lines}')
    assert rows_of(tmp_path, [file], "SELECT count(*) FROM t") == [(2001,)]


def test_values_that_do_not_fit_late_in_the_file_are_null_and_told(tmp_path, uploads):
    """The sample at the beginning promises numbers; the whole file is looked at."""
    lines = "".join(f"{n}\n" for n in range(5000))
    file = table_file(uploads, "t.csv", f"n,\n{lines}about ten,\n")
    table = described(tmp_path, file)[0]
    assert table.columns[0].type == "BIGINT"
    assert "n: 1 values that do not fit, such as 'about ten', are NULL" in table.notes
    assert rows_of(tmp_path, [file], "SELECT sum(n), count(*), count(n) FROM t") == [
        (12497500, 5001, 5000)
    ]


def test_a_column_that_changes_its_mind_stays_text(tmp_path, uploads):
    """More than one value in ten does not fit."""
    lines = "".join(f"x,{n}\n" for n in range(4000)) + "".join(f"x,w{n}\n" for n in range(1000))
    file = table_file(uploads, "t.csv", f"k,n\n{lines}")
    table = described(tmp_path, file)[0]
    assert table.columns[1].type == "VARCHAR"
    assert any("left as text" in note for note in table.notes)


def test_decimals_are_summed_exactly(tmp_path, uploads):
    """Ten times 0.1 is 1."""
    file = table_file(uploads, "t.csv", "k,v\n" + "x,0.1\n" * 10)
    assert rows_of(tmp_path, [file], "SELECT sum(v) FROM t") == [("1.0",)]


def test_every_sheet_is_a_table(tmp_path, uploads):
    """Dates, numbers and truth values keep their kind; the sheet's own name works too."""
    import datetime as dt  # noqa: PLC0415 - only here

    file = workbook(
        uploads,
        "Book 1.xlsx",
        {
            "Q 1": [["x", "day", "ok"], [1, dt.datetime(2024, 5, 1), True], [2.5, None, False]],  # noqa: DTZ001
            "order": [["n"], ["z"]],
            "empty": [],
        },
    )
    tables = described(tmp_path, file)
    assert [(one.name, one.source) for one in tables] == [
        ("book_1_q_1", "Book 1.xlsx, Q 1"),
        ("book_1_order", "Book 1.xlsx, order"),
    ]
    assert rows_of(tmp_path, [file], 'SELECT * FROM "Q 1"') == [
        ("1.0", "2024-05-01", True),
        ("2.5", None, False),
    ]
    assert rows_of(tmp_path, [file], "SELECT * FROM book_1_order") == [("z",)]


def test_a_workbook_with_one_sheet_is_called_as_the_file(tmp_path, uploads):
    """Nobody asks for `sales_sheet1`."""
    file = workbook(uploads, "Sales.xlsx", {"Sheet1": [["a", "b"], [1, "x"]]})
    assert [one.name for one in described(tmp_path, file)] == ["sales"]
    assert rows_of(tmp_path, [file], 'SELECT * FROM "Sales.xlsx"') == [(1, "x")]


@pytest.mark.parametrize(
    ("document", "name", "rows"),
    [
        ([{"a": 1, "b": "x"}, {"a": 2}], "t", [(1, "x"), (2, None)]),
        ({"a": 1, "b": "x"}, "t", [(1, "x")]),
        ({"meta": {"n": 1}, "items": [{"a": 1}, {"a": 2}]}, "t", [(1,), (2,)]),
        ({"x": [1, 2], "y": ["p", "q"]}, "t", [(1, "p"), (2, "q")]),
        ([["a", "b"], [1, 2], [3, 4]], "t", [(1, 2), (3, 4)]),
        ([3, 4, 5], "t", [(3,), (4,), (5,)]),
        ({"one": [{"a": 1}], "two": {"three": [{"b": 2}]}}, "t_two_three", [(2,)]),
        ([{"a": {"b": [1, 2]}}], "t", [({"b": [1, 2]},)]),
    ],
)  # fmt: skip
def test_rows_are_found_in_any_json(tmp_path, uploads, document, name, rows):
    """A list of objects, lists inside objects, columns as lists, plain lists."""
    file = table_file(uploads, "t.json", json.dumps(document, indent=1))
    assert rows_of(tmp_path, [file], f"SELECT * FROM {name}") == rows


def test_json_lines_are_rows(tmp_path, uploads):
    """Whatever the file's ending says."""
    for name in ("t.jsonl", "t.json"):
        file = table_file(uploads, name, '\ufeff{"a": 1}\n{"a": 2, "b": null}\n')
        assert rows_of(tmp_path, [file], "SELECT sum(a) FROM t") == [(3,)]


def test_parquet_keeps_its_types(tmp_path, uploads):
    """Nested ones too."""
    path = tmp_path / "made.parquet"
    duckdb.sql(
        f"COPY (SELECT 1 AS a, [1.5::DOUBLE] AS b, DATE '2024-01-01' AS c, {{'x': 'y'}} AS d) TO '{path}' (FORMAT parquet)"
    )
    file = table_file(uploads, "t.parquet", path.read_bytes())
    assert rows_of(tmp_path, [file], "SELECT * FROM t") == [(1, [1.5], "2024-01-01", {"x": "y"})]


def test_sqlite_tables_are_read_as_they_are(tmp_path, uploads):
    """Empty texts are no nulls there, and bytes are told as hex."""
    script = (
        "CREATE TABLE people(id INTEGER, name TEXT, born DATE, half REAL, raw BLOB);"
        "INSERT INTO people VALUES (1, '', '2000-01-31', 0.5, x'00ff'), (2, NULL, '2001-02-03', 2, NULL);"
        "CREATE TABLE empty(a);"
    )
    file = sqlite_file(uploads, "my.db", script)
    assert rows_of(tmp_path, [file], "SELECT * FROM my_people") == [
        (1, "", "2000-01-31", 0.5, "0x00ff"),
        (2, None, "2001-02-03", 2.0, None),
    ]
    assert rows_of(tmp_path, [file], "SELECT count(*) FROM people") == [(2,)]


def test_a_hostile_sqlite_schema_runs_nothing(tmp_path, uploads):
    """Views, triggers and generated columns that call functions are left out, not run."""
    script = (
        "CREATE TABLE good(a); INSERT INTO good VALUES (7);"
        "CREATE TABLE gen(a, b AS (hex(zeroblob(900000000))));"
        "CREATE VIEW v AS SELECT load_extension('/tmp/x.so');"
        "CREATE TRIGGER t AFTER INSERT ON good BEGIN SELECT load_extension('/tmp/x.so'); END;"
        "CREATE VIRTUAL TABLE f USING fts5(a);"
    )
    file = sqlite_file(uploads, "h.db", script)
    before = file.path.read_bytes()
    tables = {
        one.name: [column.name for column in one.columns] for one in described(tmp_path, file)
    }
    assert tables["h_good"] == ["a"]
    assert tables["h_gen"] == ["a"]
    assert not {"h_v", "h_f"} & set(tables)
    assert rows_of(tmp_path, [file], "SELECT a FROM h_good") == [(7,)]
    assert file.path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "empty"),
        ("t.json", b"{broken", "no valid JSON"),
        ("t.json", b"[" * 100_000, "nested too deeply"),
        ("t.json", b'"text"', "no values"),
        ("t.xlsx", b"PK\x03\x04 no zip", "damaged"),
        ("t.parquet", b"PAR1PAR1", "cannot be read as a table"),
        ("t.sqlite", b"SQLite format 3\0" + bytes(200), "cannot be read as an SQLite"),
    ],
)
def test_broken_files_are_named_with_the_reason(tmp_path, uploads, name, content, words):
    """Hostile ones too: none of them takes the server with it."""
    file = table_file(uploads, name, content)
    with pytest.raises(QueryFailed, match=words):
        described(tmp_path, file)


def test_equal_names_are_numbered_and_files_are_found_by_their_own_name(tmp_path, uploads):
    """Two files may have one name; what is written in quotes is the file's own."""
    one = table_file(uploads, "data.csv", "a\n1\n", "csv")
    two = table_file(uploads, "Data.json", '[{"b": 2}]')
    assert [table.name for table in described(tmp_path, one, two)] == ["data", "data_2"]
    assert rows_of(tmp_path, [one, two], 'SELECT a, b FROM "data.csv", "Data.json"') == [(1, 2)]
    assert rows_of(tmp_path, [one], "SELECT a FROM data.csv") == [(1,)]


def test_values_without_a_word_in_json_become_text(tmp_path, uploads):
    """Nothing of them is lost, and JSON stays JSON."""
    file = table_file(uploads, "t.csv", "a\n1\n")
    sql = "SELECT 1e308 * 10, 170141183460469231731687303715884105727::HUGEINT, INTERVAL 1 DAY, 'a'::BLOB, TIME '10:00'"
    row = rows_of(tmp_path, [file], sql)[0]
    assert math.isinf(float(row[0]))
    assert row[1:] == (
        "170141183460469231731687303715884105727",
        "1 day, 0:00:00",
        "0x61",
        "10:00:00",
    )
