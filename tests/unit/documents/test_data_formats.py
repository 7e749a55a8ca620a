"""CSV, workbooks and JSON: every value stands beside the name of its column or its path."""

from __future__ import annotations

import datetime as dt

import pytest

from backend.documents.extracted import Unreadable
from tests.fakes import sample_files as sample
from tests.fakes.extracted_text import shown


def test_csv(read):
    """Each row names its columns; the details name the table."""
    _, extracted = read(sample.CSV.encode("cp1252"), "prices.csv")

    assert shown(extracted) == [
        ("record", "name: Ann; city: Köln; amount: 1,50"),
        ("record", "name: Bob; city: Oslo; Norway; amount: 2,00"),
    ]
    assert extracted.details["tables"] == [
        {
            "name": "prices",
            "columns": ["name", "city", "amount"],
            "rows": 2,
            "start": 0,
            "end": len(extracted.text),
        }
    ]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("a,b\n1,2\n", ["a: 1; b: 2"]),
        ("1,2\n3,4\n", ["column_1: 1; column_2: 2", "column_1: 3; column_2: 4"]),
        ("a,b\n1,2,3\n", ["a: 1; b: 2; column_3: 3"]),
        ("a,a\n1,2\n", ["a: 1; a_2: 2"]),
        ("a,b\n1,\n,2\n", ["a: 1", "b: 2"]),
        ('a,b\n"x\ny",2\n', ["a: x y; b: 2"]),
        ("name\nAnn\nBob\n", ["name: Ann", "name: Bob"]),
        ("a,b,c\n", ["a | b | c"]),
        ("Prices 2026,,\na,b,c\n1,2,3\n4,5,6\n", ["Prices 2026", "a: 1; b: 2; c: 3", "a: 4; b: 5; c: 6"]),
    ],
)  # fmt: skip
def test_shapes_of_tables(read, text, records):
    """Without header, ragged, with titles above: no cell is lost."""
    assert [text for _, text in shown(read(text.encode(), "a.csv")[1])] == records


def test_a_quotation_mark_that_never_closes_does_not_swallow_the_table(read):
    """It is read as a letter then."""
    text = 'a,b,c\n1,"open,3\n' + "4,5,6\n" * 1_000

    assert len(read(text.encode(), "a.csv")[1].spans) == 1_001


def test_xlsx(read):
    """Sheets are headings; dates, numbers and truth values read as people write them."""
    rows = [("who", "when", "due", "sum", "ok"), ("Ann", dt.datetime(2026, 11, 2), None, 3.0, True)]  # noqa: DTZ001 - cells have no zone
    _, extracted = read(sample.xlsx({"Sales": rows, "Empty": [], "B": [("x",), (0.25,)]}), "a.xlsx")

    assert shown(extracted) == [
        ("heading1", "Sales"),
        ("record", "who: Ann; when: 2026-11-02; sum: 3; ok: true"),
        ("heading1", "B"),
        ("record", "x: 0.25"),
    ]
    assert [(one["name"], one["rows"]) for one in extracted.details["tables"]] == [
        ("Sales", 1),
        ("Empty", 0),
        ("B", 1),
    ]


def test_formulas_without_results_are_noted(read):
    """Excel calculates them; other programs leave them empty, and the cells would be missed."""
    rows = [("item", "sum"), ("tea", 2), ("all", "=SUM(B2:B2)")]
    _, extracted = read(sample.xlsx({"S": rows}), "a.xlsx")

    assert "formulas without results" in extracted.note
    assert read(sample.xlsx({"S": rows[:2]}), "a.xlsx")[1].note == ""


@pytest.mark.parametrize(
    ("text", "records"),
    [
        (
            sample.JSON,
            [
                "orders[0].customer: Ann\norders[0].total: 1.10",
                "orders[1].customer: Bob\norders[1].tags[0]: x\norders[1].tags[1]: y",
            ],
        ),
        (sample.JSONL, ["[0].id: 1\n[0].text: first line", "[1].id: 2\n[1].text: second line"]),
        ('{"a b": null, "c": [true, {}], "d": 1e400}', ['["a b"]: null\nc[0]: true\nc[1]: \nd: 1e400']),
        ('["only", "words"]', ["[0]: only\n[1]: words"]),
        ("[12345678901234567890.10]", ["[0]: 12345678901234567890.10"]),
    ],
)  # fmt: skip
def test_json(read, text, records):
    """Values stand behind their path, numbers as they are written."""
    assert shown(read(text.encode(), "a.json")[1]) == [("record", text) for text in records]


def test_long_json_objects_are_cut_between_their_members(read):
    """So that a record fits into an index."""
    text = '{"a": {"long": "' + "x" * 700 + '", "b": 1}, "c": {"d": [1, 2]}, "e": 5}'

    assert [text.partition(":")[0] for _, text in shown(read(text.encode(), "a.json")[1])] == [
        "a.long",
        "a.b",
        "c.d[0]",
        "e",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" + "1, " * 40_000 + "\n, 2]", "line 2, column 1"),
        ('{"a": "never closed', "line 1, column 7"),
        ('{"a": 1}\n{"a": 2}\n{"a"', "line 3, column 5"),
    ],
)
def test_broken_json_is_told_with_its_place(read, text, words):
    """People can find it then."""
    with pytest.raises(Unreadable, match=words):
        read(text.encode(), "a.json")
