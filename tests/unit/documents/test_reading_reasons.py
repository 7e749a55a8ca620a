"""What a person is told of a file that cannot be read: one sentence, no paths, nothing of Python."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager

import pytest

from backend.documents.extracted import ReadLimits, Unreadable
from backend.documents.reading import PooledReader, ReadingOptions
from backend.kit.clocks import SystemClock
from tests.fakes import damaged_files as damaged
from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample
from tests.fakes.processes import required_program

LIMITS = ReadLimits(max_pages=2_000, max_chars=1_000_000, max_unpacked_bytes=50 * 1024 * 1024)
SENTENCE = re.compile(r"[A-Z][^\n]{10,300}[.]")
OF_PYTHON = ("Error", "Exception", "Path(", "object", "None", "0x", "XML_PARSE", "errno", "signal")

BAD = {
    "half.png": sample.picture("x")[:20],
    "half.jpg": b"\xff\xd8\xff\xe0" + bytes(500),
    "half.docx": sample.docx()[:3_000],
    "xml.docx": hostile.docx("<w:p>" * 100_000),
    "blank.txt": b" \n" * 1_000,
    "bad_sheet.xlsx": hostile.xlsx('<row><c t="s"><v>99999</v></c></row>'),
    "scan.pdf": sample.scanned_pdf(["a picture"]),
    "half.pdf": b"%PDF-1.7\n" + bytes(5_000),
    "list.json": b'{"a": ',
}


async def nobody_waits(done, of):
    """Hear of the progress of OCR."""


@asynccontextmanager
async def closing_reader(**options):
    reader = PooledReader(ReadingOptions(limits=LIMITS, **options), clock=SystemClock())
    try:
        yield reader
    finally:
        await reader.aclose()


async def reason(tmp_path, name, content, **options):
    path = sample.write(tmp_path, "file_01", content)
    async with closing_reader(**options) as reader:
        with pytest.raises(Unreadable) as caught:
            await reader.read(path, name, recognised=nobody_waits)
    return str(caught.value)


def check(told, tmp_path):
    assert SENTENCE.fullmatch(told), told
    assert str(tmp_path) not in told
    assert not [word for word in OF_PYTHON if word in told], told


@pytest.mark.parametrize("name", sorted(BAD))
async def test_a_bad_file_is_explained_in_a_sentence(tmp_path, name):
    """Whatever library gave up on it, and in whatever words."""
    check(await reason(tmp_path, name, BAD[name]), tmp_path)


async def test_too_much_memory_is_explained_in_a_sentence(tmp_path):
    """The words of the process that died are not for people."""
    content = hostile.docx(hostile.docx_paragraph("word " * 150_000) * 12)
    told = await reason(tmp_path, "a.docx", content, memory_bytes=150 * 1024 * 1024)
    check(told, tmp_path)


async def test_too_much_time_is_explained_in_a_sentence(tmp_path):
    """It says how long this server would have waited."""
    told = await reason(tmp_path, "a.txt", b"no end " * 120_000, timeout_s=0.01)
    check(told, tmp_path)
    assert "0.01 seconds" in told


async def test_a_damaged_picture_is_told_from_one_without_words(tmp_path):
    """Both show no text, and only one of them can be mended by sending it again."""
    program = required_program("tesseract")
    half = damaged.half(damaged.noise_picture("PNG"))

    assert "damaged" in await reason(tmp_path, "half.png", half, tesseract=program)
    assert "No text was found" in await reason(
        tmp_path, "blank.png", sample.picture(""), tesseract=program
    )


async def test_pages_that_ocr_could_not_read_are_noted(tmp_path):
    """The others are read; when there are none, the reason is that of OCR."""
    program = required_program("tesseract")
    options = {"tesseract": program, "ocr_languages": "xyz"}
    path = sample.write(tmp_path, "some", sample.scanned_pdf(["", "Total 99"]))
    async with closing_reader(**options) as reader:
        read = await reader.read(path, "some.pdf", recognised=nobody_waits)

    assert read.note == "OCR failed on page 2."
    assert "language xyz" in await reason(tmp_path, "a.pdf", BAD["scan.pdf"], **options)
