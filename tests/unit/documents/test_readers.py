"""What holds for all readers, whatever they are given."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.documents import readers
from backend.documents.extract import kinds
from backend.documents.extracted import NoText, Unreadable
from tests.fakes import sample_files as sample
from tests.fakes.extracted_text import check_spans
from tests.fakes.processes import ROOT

EXACT = {"a.txt": sample.TEXT, "a.md": sample.MARKDOWN, "a.py": sample.CODE}


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
