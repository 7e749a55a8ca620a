"""Every format: what a reader finds in a small real file, and what holds for all readers."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.documents import readers
from backend.documents.extract import kinds
from backend.documents.extracted import NoText, Unreadable
from tests.fakes import sample_files as sample
from tests.fakes.processes import ROOT

EXACT = {"a.txt": sample.TEXT, "a.md": sample.MARKDOWN, "a.py": sample.CODE}


def shown(extracted):
    """Show spans as people see them."""
    return [
        (f"{span.kind}{span.level or ''}", extracted.text[span.start : span.end])
        for span in extracted.spans
    ]


def check_spans(extracted):
    """Hold everything that is promised of spans and pages."""
    assert extracted.spans
    for span in extracted.spans:
        inside = extracted.text[span.start : span.end]
        assert 0 <= span.start < span.end <= len(extracted.text)
        assert not inside[0].isspace() or span.kind == "code"
        assert not inside[-1].isspace()
        assert (span.level > 0) == (span.kind == "heading")
    for before, after in pairwise(extracted.spans):
        assert before.end <= after.start
        between = extracted.text[before.end : after.start]
        assert not any(char.isalnum() for char in between) or "\n" in between
    starts = extracted.page_starts
    assert list(starts) == sorted(starts)
    for span in extracted.spans:
        if starts:
            begin = starts[span.page - 1]
            end = starts[span.page] if span.page < len(starts) else len(extracted.text)
            assert begin <= span.start < span.end <= end
        else:
            assert span.page is None
    assert "\0" not in extracted.text
    assert extracted.text.encode().decode() == extracted.text


def test_each_reader_is_a_file_named_for_its_kind():
    """Adding a format is adding a file."""
    names = [info.name for info in pkgutil.iter_modules(readers.__path__)]

    assert list(kinds()) == names
    assert len(set(kinds().values())) == len(names)
    for name in names:
        assert name == importlib.import_module(f"backend.documents.readers.{name}").KIND


def test_importing_all_readers_loads_none_of_their_libraries():
    """The server lists them; only the process that reads a format pays for it."""
    code = (
        "import sys; from backend.documents.extract import kinds; kinds(); "
        "from backend.documents import ocr; heavy = {'lxml', 'openpyxl', 'PIL', 'pypdfium2', "
        "'pypdf', 'docx', 'pptx', 'charset_normalizer', 'numpy'}; print(heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", sorted(sample.samples()))
def test_spans_are_literal_ordered_and_apart(read, name):
    """In every format."""
    _, extracted = read(sample.samples()[name], name)

    check_spans(extracted)


@pytest.mark.parametrize("name", sorted(EXACT))
def test_texts_are_stored_as_they_are(read, name):
    """Line breaks of all kinds, blanks and all."""
    source = EXACT[name].replace("\n\n", "\r\n\r\n", 1) + "  \n\n"

    assert read(b"\xef\xbb\xbf" + source.encode(), name)[1].text == source


def test_plain_text(read):
    """Headings, paragraphs and list items are told apart."""
    _, extracted = read(sample.TEXT.encode(), "a.txt")

    assert shown(extracted) == [
        ("heading1", "INTRODUCTION"),
        ("paragraph", "This is the first\nparagraph."),
        ("paragraph", "This is the second."),
        ("list", "- one"),
        ("list", "- two"),
    ]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Title\n=====\nWords.", [("heading1", "Title"), ("paragraph", "Words.")]),
        ("2.1 Scope\n\nWords.", [("heading2", "2.1 Scope"), ("paragraph", "Words.")]),
        ("Chapter IV\n\nWords.", [("heading1", "Chapter IV"), ("paragraph", "Words.")]),
        ("ALONE AT THE END", [("paragraph", "ALONE AT THE END")]),
        ("2 apples.\n\nWords.", [("paragraph", "2 apples."), ("paragraph", "Words.")]),
        ("We need:\n- a\n- b", [("paragraph", "We need:"), ("list", "- a"), ("list", "- b")]),
        ("x\n- 3 = y\nz", [("paragraph", "x\n- 3 = y\nz")]),
        (f"{'a' * 200}\n{'b' * 9}", [("paragraph", "a" * 200), ("paragraph", "b" * 9)]),
    ],
)
def test_structure_of_plain_text(read, text, spans):
    """Only what is unlikely to be a sentence is a heading."""
    assert shown(read(text.encode(), "a.txt")[1]) == spans


def test_text_without_blank_lines_is_cut_between_lines(read):
    """A log is no single paragraph of a megabyte."""
    lines = [f"2026-11-02 10:00 event {n} happened." for n in range(3_000)]
    _, extracted = read("\n".join(lines).encode(), "a.log")

    check_spans(extracted)
    assert max(span.end - span.start for span in extracted.spans) < 4_000
    assert "\n".join(text for _, text in shown(extracted)) == "\n".join(lines)


def test_markdown(read):
    """Marks of headings are left out of the span, code and tables are whole."""
    _, extracted = read(sample.MARKDOWN.encode(), "a.md")

    assert extracted.title == "The manual"
    assert shown(extracted) == [
        ("heading1", "Setting up"),
        ("paragraph", "Some *text* over\ntwo lines."),
        ("list", "- first item\n  goes on"),
        ("list", "- second item"),
        ("table", "| Name | Value |\n|------|-------|\n| a    | 1     |"),
        ("code", "```python\n# not a heading\n\nx = 1\n```"),
        ("heading2", "Underlined"),
        ("paragraph", "Last paragraph."),
    ]


def test_source_code(read):
    """A definition is one span, with its decorator and the blank lines inside it."""
    _, extracted = read(sample.CODE.encode(), "a.py")

    assert [text.splitlines()[0] for _, text in shown(extracted)] == [
        '"""A module."""',
        "import os",
        "@decorated",
        "class Second:",
    ]
    assert {span.kind for span in extracted.spans} == {"code"}


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
    import datetime as dt  # noqa: PLC0415 - the only test with dates

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


def test_html(read):
    """The main text: no navigation, forms, scripts or hidden parts; the title is the page's own."""
    _, extracted = read(sample.HTML.encode(), "a.html")

    assert extracted.title == "Opening hours"
    assert shown(extracted) == [
        ("heading1", "Opening hours"),
        ("paragraph", "We open at nine and\nclose at five."),
        ("list", "- Monday"),
        ("list", "- Tuesday"),
        ("table", "Day | Hours\nFriday | 9-12"),
        ("code", "def hours():\n    return 8"),
    ]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("<nav>all there is</nav>", ["all there is"]),
        ("<form><h1>Title</h1><p>A page in a form.</p></form>", ["Title", "A page in a form."]),
        ("<div>a<div>b</div>c</div>", ["a", "b", "c"]),
        ("<p>x<span style='display: none'>no</span>y</p>", ["xy"]),
        ("<p>&lt;b&gt; &amp; &#228;</p>", ["<b> & ä"]),
        ("<table><tr><td><h2>Layout</h2><p>Words</p></td></tr></table>", ["Layout", "Words"]),
        ("<table><tr><td>a<script>no</script></td><td>b<br>c</td></tr></table>", ["a | b c"]),
        ("<p>one<p>two</li></div>three", ["one", "twothree"]),
        ("<dl><dt>Term</dt><dd>Meaning</dd></dl>", ["Term", "Meaning"]),
    ],
)
def test_pages_as_they_come(read, body, texts):
    """Broken, old and odd markup is read too; nothing is silently empty."""
    page = f"<html><body>{body}</body></html>"

    assert [text for _, text in shown(read(page.encode(), "a.html")[1])] == texts


def test_html_in_a_declared_encoding(read):
    """The page names it."""
    page = '<html><head><meta charset="windows-1251"></head><body><p>Договор</p></body></html>'

    assert read(page.encode("cp1251"), "a.html")[1].text == "Договор"


def test_docx(read):
    """Reading order; heading levels; short tables as rows and long ones as records; the header once."""
    _, extracted = read(sample.docx(), "a.docx")
    blocks = shown(extracted)

    assert extracted.title == "Staff handbook"
    assert blocks[:8] == [
        ("heading1", "Holidays"),
        ("paragraph", "Everybody has thirty days of leave."),
        ("heading2", "Asking for leave"),
        ("list", "- Write to your lead"),
        ("list", "- Wait for the answer"),
        ("table", "Office | Days\nKöln | 30\nOslo | 25"),
        ("paragraph", "After the table."),
        ("record", f"City: City 0; Note: {('a note ' * 10).strip()}"),
    ]
    assert blocks[-1] == ("paragraph", "Confidential draft")


def test_pptx(read):
    """Slides are pages, their titles headings; notes and tables belong to them."""
    _, extracted = read(sample.pptx(), "a.pptx")

    assert [(span.page, *block) for span, block in zip(extracted.spans, shown(extracted), strict=True)] == [
        (1, "heading1", "Quarterly results"),
        (1, "list", "- Revenue grew"),
        (1, "list", "- Costs fell"),
        (1, "paragraph", "Notes: Thank the team"),
        (2, "heading1", "Figures"),
        (2, "table", "Region | Sales\nNorth | 17"),
    ]  # fmt: skip
    assert extracted.title == "Quarterly results"


def test_epub(read):
    """Chapters in the order of the spine; one without a heading takes its name from the contents."""
    chapters = {"a.xhtml": "<p>Last.</p>", "b.xhtml": "<h1>Two</h1><p>First.</p>"}
    _, extracted = read(sample.epub(chapters, spine=["b.xhtml", "a.xhtml", "b.xhtml"]), "a.epub")

    assert extracted.title == "A small book"
    assert shown(extracted) == [
        ("heading1", "Two"),
        ("paragraph", "First."),
        ("heading1", "About a.xhtml"),
        ("paragraph", "Last."),
    ]


def test_a_locked_book_is_told(read):
    """Its chapters would be noise."""
    locked = '<encryption xmlns:e="u"><e:EncryptionMethod Algorithm="aes256-cbc"/></encryption>'
    book = sample.epub({"a.xhtml": "<p>x</p>"}, extra={"META-INF/encryption.xml": locked})

    with pytest.raises(Unreadable, match="DRM"):
        read(book, "a.epub")


@pytest.mark.parametrize("html_only", [False, True])
def test_eml(read, html_only):
    """Headers, the plain text or else the HTML, and attachments by name."""
    _, extracted = read(sample.eml(html_only=html_only), "a.eml")
    texts = [text for _, text in shown(extracted)]

    assert texts[:5] == [
        "Grüße aus Köln",
        "From: Ann <ann@example.org>",
        "To: bob@example.org",
        "Date: Mon, 02 Nov 2026 10:00:00 +0100",
        "Hello Bob,",
    ]
    assert "the invoice number is RX-4711." in texts
    assert "twin" not in extracted.text
    assert texts[-1] == "Attachments: invoice.pdf"
    assert extracted.details["attachments"] == ["invoice.pdf"]


PIECES = st.sampled_from([
    "\n", "\r\n", "\r", "\n\n", " ", "\t", "# ", "## x", "- ", "1. ", "```", "~~~", "| a | b |", "|--|--|",
    "===", "---", "word", "Sentence.", "A,B", ";", '"', "<p>", "</p>", "<table>", "<tr><td>", "<ul><li>",
    "<h1>", "<pre>", "<nav>", "&amp;", "{", "}", "[", "]", '{"a": 1}', "é", "日本", "\u2028", "\x0c", "\ufeff",
    "def f():", "    x", "CHAPTER", "From: a\n", "Subject: b\n", "\0", "🦉",
])  # fmt: skip


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.py", "a.csv", "a.html", "a.json", "a.eml"])
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pieces=st.lists(PIECES, max_size=40))
def test_any_text_under_any_name_gives_sound_spans_or_a_reason(read, name, pieces):
    """No mixture of the formats' own pieces breaks a reader."""
    try:
        _, extracted = read("".join(pieces).encode(), name)
    except Unreadable:
        return
    check_spans(extracted)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b" \n\t\n"),
        ("a.md", b"\n---\n"),
        ("a.html", b"<html><body><script>x</script></body></html>"),
        ("a.json", b"{}"),
        ("a.csv", b"\n\n"),
        ("a.xlsx", sample.xlsx({"S": []})),
        ("a.epub", sample.epub({})),
    ],
)
def test_a_document_without_text_says_so(read, name, content):
    """Never silently empty."""
    with pytest.raises(NoText, match="no text"):
        read(content, name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tiny.txt", b"a\n\n" * 100_000),
        ("line.txt", b"x" * 5_000_000),
        ("blanks.txt", b" " * 3_000_000 + b"x" + b" " * 2_000_000),
        ("brackets.md", b"[](" * 300_000),
        ("fences.md", b"```\n~~~\n" * 60_000),
        ("marks.md", b"#" * 400_000 + b" " * 400_000 + b"x"),
        ("bars.md", b"|-" * 200_000 + b"\n" + b"|-" * 200_000),
        ("tags.html", b"<html><body>" + b"<p>a<b>b</b>" * 40_000),
        ("opened.html", b"<html><body>x" + b"<a " * 100_000),
        ("rows.csv", b"id,name\n" + b"1,Ann\n" * 100_000),
        ("wide.csv", b"a," * 20_000 + b"\n" + b"1," * 20_000),
    ],
)
def test_long_files_take_time_in_step_with_their_length(read, name, content):
    """Each takes well under a second; quadratic readers need minutes."""
    start = time.process_time()
    _, extracted = read(content, name)

    assert time.process_time() - start < 5
    check_spans(extracted)
