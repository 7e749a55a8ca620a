"""Files that are meant to hurt end with a reason, in bounded time, and reach nothing else."""

from __future__ import annotations

import time

import pytest

from backend.documents.extracted import NoText, Unreadable
from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample
from tests.fakes.extracted_text import check_spans


@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (hostile.zip_bomb, "a.docx", "unpacks to more than 500 MiB"),
        (hostile.lying_zip, "a.docx", "damaged"),
        (lambda: b"[" * 100_000 + b"]" * 100_000, "a.json", "nested deeper than 200"),
        (lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "a.json", "nested deeper"),
        (lambda: b"[" * 400 + b"]" * 400, "a.json", "nested deeper than 200"),
        (lambda: b"<html><body>" + b"<div>" * 100_000 + b"x", "a.html", "nested too deeply"),
        (lambda: hostile.docx("<w:p>" * 100_000), "a.docx", "damaged"),
        (lambda: hostile.docx("x", before=hostile.ENTITY_BOMB + "&j;"), "a.docx", "damaged"),
        (
            lambda: hostile.docx(hostile.docx_paragraph("&j;"), before=hostile.ENTITY_BOMB),
            "a.docx",
            "damaged",
        ),
        (
            lambda: hostile.xlsx(
                '<row><c t="inlineStr"><is><t>&j;</t></is></c></row>', before=hostile.ENTITY_BOMB
            ),
            "a.xlsx",
            "damaged",
        ),
        (lambda: hostile.pdf_page_repeated(100_000), "a.pdf", "more than 2,000 pages"),
        (hostile.huge_png, "a.png", "too many pixels"),
        (lambda: sample.picture("x")[:20], "a.png", "damaged"),
        (lambda: b"%PDF-1.7\n" + bytes(5_000), "a.pdf", "damaged"),
        (lambda: b"%PDF-1.4\n" + sample.docx(), "both.docx", "damaged"),
        (lambda: sample.packed({"[Content_Types].xml": "x", "word/a": "x"}), "a.docx", "no part"),
        (lambda: sample.packed({"META-INF/container.xml": "<a/>"}), "a.epub", "names no book"),
    ],
)  # fmt: skip
def test_a_hostile_file_ends_with_a_reason(read, make, name, words):
    """One sentence for a person, soon."""
    content = make()
    start = time.process_time()

    with pytest.raises(Unreadable, match=words) as caught:
        read(content, name)

    assert time.process_time() - start < 5
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "pages"),
    [
        (hostile.pdf_page_repeated(1_500), 1_500),
        (hostile.pdf_tree_in_itself(), 3),
        (hostile.pdf_form_in_itself(), 1),
    ],
)
def test_loops_in_a_pdf_end(read, content, pages):
    """What can be read is read."""
    start = time.process_time()
    _, extracted = read(content, "a.pdf")

    assert time.process_time() - start < 5
    assert "hello page" in extracted.text
    assert len(extracted.page_starts) == pages
    check_spans(extracted)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (hostile.docx(hostile.docx_paragraph("words &j;"), before=hostile.FILE_ENTITY), "a.docx"),
        (
            hostile.xlsx(
                '<row><c t="inlineStr"><is><t>words &j;</t></is></c></row>',
                before=hostile.FILE_ENTITY,
            ),
            "a.xlsx",
        ),
        (
            b'<!DOCTYPE html [<!ENTITY j SYSTEM "file:///etc/passwd">]><html><p>words &j;</p></html>',
            "a.html",
        ),
    ],
)
def test_no_document_reads_files_of_the_server(read, content, name):
    """An entity that names one stays empty, or the file is refused."""
    try:
        _, extracted = read(content, name)
    except Unreadable:
        return
    assert "words" in extracted.text
    assert "root:" not in extracted.text


@pytest.mark.parametrize("name", sorted(sample.samples()))
def test_a_file_cut_off_anywhere_is_read_in_part_or_refused(read, name):
    """Each beginning of each format; no other exception leaves."""
    whole = sample.samples()[name]
    for end in range(0, len(whole), max(1, len(whole) // 60)):
        try:
            _, extracted = read(whole[:end], name)
        except Unreadable:
            continue
        check_spans(extracted)


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.pptx", "a.xlsx", "a.epub", "a.eml"])
def test_a_file_with_damaged_bytes_is_read_or_refused(read, name):
    """Wherever the damage is; no other exception leaves."""
    whole = sample.samples()[name]
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        try:
            _, extracted = read(whole[:at] + b"\xff\0<" + whole[at + 3 :], name)
        except Unreadable:
            continue
        check_spans(extracted)


def test_parts_outside_the_package_are_not_followed(read):
    """A relationship is a name inside the archive and never a path."""
    relations = (
        '<Relationships><Relationship Id="a" Type="x/officeDocument" '
        'Target="../../../etc/passwd"/></Relationships>'
    )
    content = sample.packed({
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations,
        "word/x": "",
        "../../etc/passwd": "",
    })

    with pytest.raises(Unreadable, match="damaged"):
        read(content, "a.docx")


def test_a_chapter_named_many_times_is_read_once(read):
    """A spine of 100,000 entries over one chapter is no book of 100,000 chapters."""
    content = sample.epub({"a.xhtml": "<p>words</p>"}, spine=["a.xhtml"] * 100_000)

    assert read(content, "a.epub")[1].text.count("words") == 1


def test_a_mail_of_endless_parts_is_refused(read):
    """Parts in parts in parts."""
    parts = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(3_000)
    )

    with pytest.raises(Unreadable, match="nested too deeply"):
        read(f"From: a\nTo: b\nSubject: c\n{parts}\n\nwords".encode(), "a.eml")


def test_nuls_and_odd_characters_never_reach_the_text(read):
    """Wherever a format can hold them."""
    _, extracted = read(b'{"a": "x\\u0000y\\ud800z", "\\udfff": 1}', "a.json")
    assert extracted.text == 'a: xyz\n[""]: 1'

    assert read(b"a\0b", "a.txt")[1].text == "ab"
    with pytest.raises(NoText):
        read(bytes(5_000), "a.txt")


def test_a_document_of_100_000_paragraphs_is_read_in_seconds(read):
    """As a stream, so that memory does not grow with it."""
    body = "".join(hostile.docx_paragraph(f"Number {n}") for n in range(100_000))
    content = hostile.docx(body)
    start = time.process_time()
    _, extracted = read(content, "a.docx")

    assert time.process_time() - start < 5
    assert len(extracted.spans) == 100_000


def test_a_row_far_below_the_sheet_is_not_waited_for(read):
    """A row number no sheet has does not make a thousand million empty rows."""
    sheet = '<row r="1"><c r="A1"><v>17</v></c></row><row r="999999999"><c r="A999999999"><v>2</v></c></row>'
    start = time.process_time()
    _, extracted = read(hostile.xlsx(sheet), "a.xlsx")

    assert time.process_time() - start < 5
    assert "17" in extracted.text
