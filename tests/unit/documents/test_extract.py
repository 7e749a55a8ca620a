"""The edge between readers and everything else: limits hold, and only Unreadable leaves."""

from __future__ import annotations

import pytest

from backend.documents.building import TextBuilder
from backend.documents.extracted import NoText, ReadLimits, Unreadable
from backend.documents.packed import open_package
from tests.fakes import sample_files as sample


@pytest.mark.parametrize("name", sorted(sample.samples()))
def test_every_format_keeps_the_limit_of_characters(read, name):
    """No reader gives more than is allowed."""
    with pytest.raises(Unreadable, match="more than 10"):
        read(sample.samples()[name], name, max_chars=10)


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx", "a.epub"])
def test_every_packed_format_keeps_the_limit_of_unpacked_bytes(read, name):
    """Told from the table of contents, before anything is unpacked."""
    with pytest.raises(Unreadable, match="unpacks to more than"):
        read(sample.samples()[name], name, max_unpacked_bytes=500)


@pytest.mark.parametrize("name", ["a.pdf", "a.pptx"])
def test_every_format_with_pages_keeps_their_limit(read, name):
    """Both samples have two."""
    with pytest.raises(Unreadable, match="more than 1 pages"):
        read(sample.samples()[name], name, max_pages=1)


def test_parts_that_no_reader_opens_count_too(read):
    """The whole is told from the table of contents."""
    book = sample.epub({"a.xhtml": "<p>x</p>"}, extra={"cover.png": bytes(1_000_000)})

    with pytest.raises(Unreadable, match="unpacks to more than"):
        read(book, "a.epub", max_unpacked_bytes=900_000)


def test_a_part_counts_each_time_it_is_unpacked(tmp_path):
    """So that a small archive cannot be read for ever."""
    path = sample.write(tmp_path, "bytes", sample.packed({"a": bytes(600)}))

    with open_package(path, ReadLimits(max_unpacked_bytes=1_000)) as package:
        assert package.read("a") == bytes(600)
        with pytest.raises(Unreadable, match="unpacks to more than"):
            package.read("a")


def test_a_text_that_grows_too_long_is_stopped_while_it_grows():
    """Before the memory is gone."""
    builder = TextBuilder(ReadLimits(max_chars=10))
    builder.add("12345678")

    with pytest.raises(Unreadable, match="more than 10 characters"):
        builder.add("x")


def test_an_image_is_read_from_what_was_recognised(read):
    """Before that, it asks for its page."""
    with pytest.raises(NoText, match="OCR") as caught:
        read(sample.picture("x"), "a.png")
    kind, extracted = read(sample.picture("x"), "a.png", recognised={1: "Total\n\n99 EUR"})

    assert caught.value.pages == (1,)
    assert kind == "image"
    assert extracted.text == "Total\n\n99 EUR"
    assert [span.page for span in extracted.spans] == [1, 1]
