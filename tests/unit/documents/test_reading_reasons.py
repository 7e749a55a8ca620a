"""What a person is told of a file that cannot be read: one sentence, no paths, nothing of Python."""

from __future__ import annotations

import re

import pytest

from backend.documents.extracted import ReadLimits, Unreadable
from backend.documents.reading import PooledReader, ReadingOptions
from backend.kit.clocks import SystemClock
from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample

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


async def reason(tmp_path, name, content, **options):
    path = tmp_path / "file_01"
    path.write_bytes(content)
    reader = PooledReader(ReadingOptions(limits=LIMITS, **options), clock=SystemClock())

    async def recognised(done, of):
        return None

    try:
        with pytest.raises(Unreadable) as caught:
            await reader.read(path, name, recognised=recognised)
    finally:
        await reader.aclose()
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
