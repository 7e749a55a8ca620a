"""Damaged files end with a reason, whatever is left of them; what is text is read under any name."""

from __future__ import annotations

import random

import pytest

from backend.documents.extracted import NoText, Unreadable
from tests.fakes import damaged_files as damaged
from tests.fakes import sample_files as sample

MARKED = damaged.marked_files()
PICTURES = ("drawn.", "photo.")
LINES = b"2026-11-29 21:19:00 INFO a request was answered in 12 ms\n"
LOG = LINES * 4_000
NOISE = random.Random(7).randbytes(60_000)
COLOURED = b"\x1b[32mINFO\x1b[0m started\x07\n\x1b[1;31mERROR\x1b[0m disk full\n" * 50
ORDER = b"8=FIX.4.2\x01" + b"35=NewOrderSingle\x0155=ACME CORPORATION\x0154=1\x01" * 50
STRUCK = b"N\x08NA\x08AM\x08ME\x08E\n     cat - concatenate files\n" * 50
SCRIPT = b"#!/bin/sh\n" + b"echo unpacking the rest of this file\n" * 400


@pytest.mark.parametrize("how", sorted(damaged.BEGINNINGS))
@pytest.mark.parametrize("name", sorted(MARKED))
def test_a_file_whose_beginning_is_gone_is_damaged(read, name, how):
    """Its own name tells what it was."""
    with pytest.raises(Unreadable, match="damaged"):
        read(damaged.BEGINNINGS[how](MARKED[name]), name)


@pytest.mark.parametrize("other", ["noextension", "notes.txt", "table.csv", "page.html", "x.dat"])
@pytest.mark.parametrize("how", ["zeroed", "lost"])
@pytest.mark.parametrize("name", sorted(MARKED))
def test_it_is_no_text_under_a_name_that_says_nothing_either(read, name, how, other):
    """Its bytes do not look like a text."""
    with pytest.raises(Unreadable):
        read(damaged.BEGINNINGS[how](MARKED[name]), other)


@pytest.mark.parametrize("name", sorted(name for name in MARKED if not name.endswith(".pdf")))
def test_half_a_file_is_damaged(read, name):
    """Pictures are opened whole by whoever recognises them; until then nothing is known of their text."""
    with pytest.raises(Unreadable) as caught:
        read(damaged.half(MARKED[name]), name)

    assert isinstance(caught.value, NoText) or "damaged" in str(caught.value)


def test_what_is_left_of_a_pdf_is_read_and_noted(read):
    """One that is made for the web says at its beginning what is in it."""
    trailer = b"trailer <</Size 16/Root 1 0 R>>\n1 0 obj"
    whole = MARKED["compressed.pdf"].replace(b"1 0 obj", trailer, 1)

    assert read(whole, "a.pdf")[1].note == ""
    left = read(damaged.half(whole), "a.pdf")[1]
    assert "Line 39 of page 1" in left.text
    assert left.note == "The file is damaged: pages 4-6 could not be read."
    assert read(whole[: whole.rindex(b"startxref")], "a.pdf")[1].note == (
        "The file is cut off: what was left of it is read."
    )


@pytest.mark.parametrize(
    ("content", "part", "note"),
    [
        (MARKED["a.pptx"], "ppt/slides/slide1.xml", "1 of its slides is missing."),
        (MARKED["a.epub"], "OEBPS/one.xhtml", "1 of its chapters is missing."),
        (
            sample.xlsx({name: [("name", "age"), ("Ann", 7)] for name in "ABC"}),
            "xl/worksheets/sheet2.xml",
            "1 of its sheets is missing.",
        ),
    ],
)
def test_a_part_that_is_missing_is_noted(read, content, part, note):
    """The others are read."""
    assert read(content, "a")[1].note == ""
    assert read(damaged.without(content, part), "a")[1].note == f"The file is damaged: {note}"


@pytest.mark.parametrize("name", sorted(name for name in MARKED if not name.startswith(PICTURES)))
def test_a_few_changed_bytes_make_no_rubbish(read, name):
    """What is read is mostly what was there."""
    _, whole = read(MARKED[name], name)
    try:
        _, extracted = read(damaged.flipped(MARKED[name]), name)
    except Unreadable:
        return
    known = set(whole.text.split())
    words = extracted.text.split()
    assert sum(word in known for word in words) >= 0.9 * len(words)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("scan.png", MARKED["a.pdf"], "pdf"),
        ("table.xlsx", MARKED["a.docx"], "docx"),
        ("rows.csv", MARKED["a.xlsx"], "xlsx"),
        ("data", MARKED["a.sqlite"], "sqlite"),
        ("error.png", sample.HTML.encode(), "html"),
        ("plan.xlsx", sample.TEXT.encode(), "text"),
        ("plan.pdf", sample.MARKDOWN.encode(), "markdown"),
        ("export.xls", sample.CSV.encode("cp1252"), "csv"),
        ("export.xls", (sample.CSV * 3).encode("utf-16"), "csv"),
        ("export.xls", (sample.CSV * 3).encode("utf-16-le"), "csv"),
        ("settings.db", b"colour = blue\n", "text"),
        ("rows.csv", sample.CSV.encode("utf-16"), "csv"),
        ("rows.csv", sample.CSV.replace(";city", ";\0city").encode(), "csv"),
        ("build.log", COLOURED, "text"),
        ("crash.log", bytes(5_000) + LINES, "text"),
        ("hole.log", LOG + NOISE[:2_000] + LOG, "text"),
        ("orders.txt", ORDER, "text"),
        ("cat.txt", STRUCK, "text"),
        ("list.txt", b"\0".join([b"first.txt", b"second.txt", b"third.txt"] * 50), "text"),
        ("one", b"a", "text"),
    ],
)
def test_what_is_good_is_read_under_any_name(read, name, content, kind):
    """By what it is; a few odd characters do not make a text a program."""
    assert read(content, name)[0] == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("install.run", SCRIPT + NOISE),
        ("page.html", sample.HTML.encode() + SCRIPT + NOISE),
        ("rows.csv", b"a,b,c\n" + b"1,2,3\n" * 3_000 + NOISE),
        ("notes.md", b"# Title\n" * 3_000 + NOISE),
    ],
)
def test_a_text_that_goes_on_as_something_else_is_damaged(read, name, content):
    """Its first lines alone do not make it a text."""
    with pytest.raises(Unreadable, match="damaged: parts of it are no text"):
        read(content, name)


def test_an_empty_file_and_one_of_one_odd_byte_are_no_text(read):
    """Whatever their names."""
    for content in (b"", b"\0", b"\x01"):
        for name in ("a.txt", "a.png", "a"):
            with pytest.raises(Unreadable):
                read(content, name)
