"""The edge between readers and everything else: limits hold, and only Unreadable leaves."""

from __future__ import annotations

import pytest

from backend.documents.extracted import NoText, Unreadable
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


def test_a_repeated_part_counts_each_time_it_is_unpacked(read):
    """So that a small archive cannot be read for ever."""
    presentation = sample.samples()["a.pptx"]

    assert read(presentation, "a.pptx", max_unpacked_bytes=500_000)[0] == "pptx"


def test_an_image_is_read_from_what_was_recognised(read):
    """Before that, it asks for its page."""
    with pytest.raises(NoText, match="OCR") as caught:
        read(sample.picture("x"), "a.png")
    kind, extracted = read(sample.picture("x"), "a.png", recognised={1: "Total\n\n99 EUR"})

    assert caught.value.pages == (1,)
    assert kind == "image"
    assert extracted.text == "Total\n\n99 EUR"
    assert [span.page for span in extracted.spans] == [1, 1]
