"""PDF: pages, paragraphs put together again, headings, and pages that are only images."""

from __future__ import annotations

import time

import pytest

from backend.documents.extracted import NoText, Unreadable
from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample
from tests.fakes.extracted_text import check_spans, shown

LONG = " ".join([sample.SENTENCE] * 6)


def lines(read, *pages, **options):
    """Read a PDF of the given lines."""
    return read(sample.pdf_of_lines(pages), "a.pdf", **options)[1]


def test_paragraphs_are_put_together_and_headings_told_by_size(read):
    """Lines are joined to sentences again; larger type is a heading of its rank."""
    content = sample.pdf(
        [
            [("Title", "Annual report"), ("Heading1", "Fees"), ("BodyText", LONG)],
            [("Heading2", "Details"), ("BodyText", LONG), ("BodyText", "The end.")],
        ],
        title="Report 2026",
    )
    _, extracted = read(content, "a.pdf")

    check_spans(extracted)
    assert extracted.title == "Report 2026"
    assert shown(extracted) == [
        ("heading1", "Annual report"),
        ("heading1", "Fees"),
        ("paragraph", LONG),
        ("heading2", "Details"),
        ("paragraph", LONG),
        ("paragraph", "The end."),
    ]
    assert [span.page for span in extracted.spans] == [1, 1, 1, 2, 2, 2]
    assert extracted.text[extracted.page_starts[1] :].startswith("Details")


def test_every_page_has_its_place(read):
    """Page numbers count from 1, and a page without anything is still a page."""
    extracted = lines(read, ["one"], [], ["three"])

    check_spans(extracted)
    assert [(span.page, extracted.text[span.start : span.end]) for span in extracted.spans] == [
        (1, "one"),
        (3, "three"),
    ]
    assert len(extracted.page_starts) == 3
    assert extracted.note == ""


def test_divided_words_are_put_together(read):
    """Unless the document writes the word with its hyphen elsewhere."""
    extracted = lines(
        read,
        ["This is a long infor-", "mation about a well-", "known thing."],
        ["It is well-known."],
    )

    assert "a long information about a well-known thing." in extracted.text


def test_list_items_stand_alone_and_short_lines_keep_their_break(read):
    """So that an address or a table is not one endless line."""
    extracted = lines(
        read,
        [
            "Bring the following things with you when you come to the first meeting:",
            "1. a passport",
            "2. a pen that writes",
            "Street 5",
            "12345 Town",
            "This line is so long that it is clear where the right margin of the page must be.",
        ],
    )

    assert ("list", "1. a passport") in shown(extracted)
    assert "Street 5\n12345 Town\nThis line" in extracted.text


def test_running_heads_and_page_numbers_are_left_out(read):
    """A head stays where it comes first; a number that only counts pages goes."""
    pages = [["Acme handbook", f"Words of page {n} only.", str(n)] for n in range(1, 6)]
    extracted = lines(read, *pages)

    assert extracted.text.count("Acme handbook") == 1
    assert [text for _, text in shown(extracted)][1:] == [
        f"Words of page {n} only." for n in range(2, 6)
    ]


def test_lines_that_differ_stay(read):
    """However alike they are: only exact repetition is a running head."""
    extracted = lines(read, *([f"Invoice {n}", "Total 5", f"due {n}.11."] for n in range(1, 6)))

    assert extracted.text.count("Invoice") == extracted.text.count("due") == 5


def test_an_empty_password_opens_and_a_real_one_is_told(read):
    """The reason says what to do."""
    pages = [[("BodyText", "secret words")]]

    assert read(sample.pdf(pages, password=""), "a.pdf")[1].text == "secret words"
    with pytest.raises(Unreadable, match="protected by a password"):
        read(sample.pdf(pages, password="pw"), "a.pdf")


def test_a_document_of_images_fails_with_the_pages_to_recognise(read):
    """Never silently empty: the reason names OCR."""
    with pytest.raises(NoText, match=r"OCR \(tesseract\)") as caught:
        read(sample.scanned_pdf(["a", "b"]), "a.pdf")

    assert caught.value.pages == (1, 2)


def test_some_pages_of_images_are_noted(read):
    """The rest is read."""
    _, extracted = read(sample.scanned_pdf(["", "scan", "", "scan"]), "a.pdf")

    assert extracted.note == "There is no text on pages 2, 4; reading it needs OCR."
    assert extracted.details["pages_without_text"] == [2, 4]
    assert [span.page for span in extracted.spans] == [1, 3]


def test_a_stamp_on_a_scan_does_not_make_it_a_text(read):
    """Scanning programs print a line on every page they scan."""
    content = sample.scanned_pdf(["", "scan"], stamp="Scanned by a program")
    _, extracted = read(content, "a.pdf")

    assert extracted.details["pages_without_text"] == [2]
    assert extracted.note.startswith("There is no text on page 2")


def test_recognised_text_stands_in_its_page(read):
    """Between the pages that had text, without a note."""
    content = sample.scanned_pdf(["", "scan", ""])
    _, extracted = read(content, "a.pdf", recognised={2: "A recog-\nnised line\nof text.\n\nMore."})

    check_spans(extracted)
    assert [(span.page, text) for span, (_, text) in zip(extracted.spans, shown(extracted), strict=True)] == [
        (1, sample.SENTENCE),
        (2, "A recognised line of text."),
        (2, "More."),
        (3, sample.SENTENCE),
    ]  # fmt: skip
    assert extracted.note == ""


def test_images_in_which_nothing_was_recognised_are_no_document(read):
    """It was tried, and says so."""
    with pytest.raises(NoText, match="neither"):
        read(sample.scanned_pdf(["a"]), "a.pdf", recognised={1: " \n"})


def test_too_many_pages_or_characters_are_told(read):
    """Both before the whole is put together."""
    with pytest.raises(Unreadable, match="more than 2 pages"):
        lines(read, ["a"], ["b"], ["c"], max_pages=2)
    with pytest.raises(Unreadable, match="more than 1,000 characters"):
        lines(read, ["word " * 20] * 30, max_chars=1_000)


def test_a_book_is_read_in_a_small_part_of_the_time_that_embedding_takes(read):
    """300 pages are about 2,000 chunks, 50 s of embedding; more than 5 s would be felt."""
    page = [sample.SENTENCE] * 50
    content = sample.pdf_of_lines([[f"Page {n} begins.", *page] for n in range(300)])
    start = time.process_time()
    _, extracted = read(content, "a.pdf")

    assert time.process_time() - start < 5
    assert len(extracted.page_starts) == 300


def test_pages_that_are_damaged_are_noted(read):
    """The others are read; a PDF of nothing else is damaged as a whole."""
    some = hostile.pdf_tree(b"<</Type/Pages/Count 2/Kids[3 0 R 9 0 R]>>")
    none = hostile.pdf_tree(b"<</Type/Pages/Count 1/Kids[9 0 R]>>")

    _, extracted = read(some, "a.pdf")
    assert (extracted.text.strip(), len(extracted.page_starts)) == ("hello page", 2)
    assert extracted.note == "The file is damaged: page 2 could not be read."
    with pytest.raises(Unreadable, match="damaged"):
        read(none, "a.pdf")
