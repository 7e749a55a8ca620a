"""Plain text, Markdown and source code: structure is found, the text stays as it is."""

from __future__ import annotations

import pytest

from tests.fakes import sample_files as sample
from tests.fakes.extracted_text import check_spans, shown


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
