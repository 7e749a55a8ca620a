"""What a file is, is seen in its bytes; its name only helps between kinds of text."""

from __future__ import annotations

import pytest

from backend.documents.extracted import Unreadable
from backend.documents.sniffing import HEAD_BYTES, detect, first_look
from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample

KINDS = {"md": "markdown", "py": "code", "txt": "text", "jsonl": "json", "tsv": "csv"}
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
MAIL = b"Received: from a\nFrom: a@b.c\nTo: d@e.f\nSubject: hello\n\nwords"


def part_name(name: str) -> bytes:
    return name.encode("utf-16-le") + bytes(100)


def kind_of(folder, content: bytes, filename: str) -> str:
    return detect(sample.write(folder, "bytes", content), filename)


@pytest.mark.parametrize("name", sorted(sample.samples()))
def test_every_format_is_recognised_under_its_own_name(tmp_path, name):
    """The honest case, and nothing speaks against it at upload."""
    content = sample.samples()[name]
    suffix = name.rpartition(".")[2]

    assert kind_of(tmp_path, content, name) == KINDS.get(suffix, suffix)
    assert first_look(content[:HEAD_BYTES], name) == ""


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.pptx", "a.xlsx", "a.epub", "a.json"])
@pytest.mark.parametrize("wrong", ["a.txt", "a.csv", "noextension", "b.docx", "b.pdf"])
def test_a_wrong_name_changes_nothing(tmp_path, name, wrong):
    """Formats with a signature are told by it alone."""
    assert kind_of(tmp_path, sample.samples()[name], wrong) == name.rpartition(".")[2]


@pytest.mark.parametrize(
    ("content", "filename", "kind"),
    [
        (sample.HTML.encode(), "page.txt", "html"),
        (b"<p>only a fragment</p>", "part.html", "html"),
        (b"no markup at all", "part.html", "text"),
        (MAIL, "mail.txt", "eml"),
        (b"From: me\nthis is a note: to self", "note.txt", "text"),
        (b"a,b,c\n1,2,3\n4,5,6\n7,8,9\n", "data.txt", "csv"),
        (b"Well, then, go\nOh, my, no\nSo, be, it\n", "poem.txt", "text"),
        (b"one column\nof csv\n", "data.csv", "csv"),
        (b"# Title\n\nSome **bold** words.\n", "README", "markdown"),
        (b"# only a comment\nkey = 1\n", "notes.txt", "text"),
        (b"plain words", "notes.md", "markdown"),
        (b"#!/bin/sh\necho hi\n", "run", "code"),
        (b"<!doctype html><?php echo 1 ?>", "page.php", "code"),
        (b"all: build\n", "Makefile", "code"),
        (b'{"a": 1}', "data.py", "json"),
        (b'{"a": 1, // why\n "b": 2}', "settings.json", "code"),
        (b"[1] A reference, 2020.\n[2] Another one.", "refs.txt", "text"),
        (b'{"a": 1}\n{"a": 2}\n', "log.txt", "json"),
        (b"BZh is how bzip2 files begin", "notes.txt", "text"),
        (b"MZ is how programs begin", "notes.txt", "text"),
        ("MZ öffnet Programme".encode(), "notes.txt", "text"),
        ("BM öffnet Bilder".encode("cp1252"), "notes.txt", "text"),
        (b"A PDF begins with %PDF-1.4 in its first line", "notes.txt", "text"),
        (b"\0junk\0" + sample.pdf_of_lines([["words"]]), "x.pdf", "pdf"),
        ("größe\n".encode("utf-16"), "a.txt", "text"),
        (sample.picture("x", kind="JPEG"), "a.txt", "image"),
        (sample.picture("x", kind="WEBP"), "a.webp", "image"),
        (sample.picture("x", kind="TIFF"), "a.tif", "image"),
    ],
)
def test_kinds_of_text_are_told_by_content_then_by_name(tmp_path, content, filename, kind):
    """A structure no prose has wins; the name breaks ties."""
    assert kind_of(tmp_path, content, filename) == kind


def test_a_long_json_file_is_recognised_from_its_beginning(tmp_path):
    """Only the first part is looked at, and it ends in the middle of a value."""
    for long in ('{"a": "' + "x" * 200_000 + '"}', "[" + "12, " * 50_000 + "1]"):
        assert kind_of(tmp_path, long.encode(), "data.txt") == "json"


@pytest.mark.parametrize(
    ("head", "filename", "words"),
    [
        (b"", "a.txt", "empty"),
        (b"MZ\x90\0\x03\0", "setup.exe", "Programs"),
        (b"\x7fELF\x02\x01\x01\0", "tool", "Programs"),
        (b"Rar!\x1a\x07\x01\0", "a.rar", "Archives"),
        (b"7z\xbc\xaf\x27\x1c", "a.7z", "Archives"),
        (b"\x1f\x8b\x08\0", "a.docx", "Archives"),
        (bytes(257) + b"ustar\x0000", "a.tar", "Archives"),
        (b"ID3\x03\0\0", "song.mp3", "Audio"),
        (b"\0\0\0\x20ftypisom", "film.mp4", "Audio"),
        (b"\0\0\0\x20ftypheic", "photo.heic", "PNG or JPEG"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a.wav", "Audio"),
        (b"GIF89a\x01\0", "a.gif", "PNG or JPEG"),
        (b"{\\rtf1\\ansi", "a.rtf", "DOCX"),
        (OLE, "old.doc", "save it as DOCX"),
        (OLE, "old.xls", "save it as XLSX"),
        (OLE, "old.ppt", "save it as PPTX"),
        (OLE, "locked.docx", "password"),
        (OLE + part_name("EncryptedPackage"), "locked", "password"),
        (OLE + part_name("EncryptedPackage"), "locked.xls", "password"),
        (OLE + part_name("WordDocument"), "renamed.docx", "old Office versions"),
        (b"BM\x36\x30\0\0\0\0\0\0\x36\0\0\0", "a.bmp", "PNG or JPEG"),
    ],
)
def test_hopeless_files_are_refused_at_the_first_look(tmp_path, head, filename, words):
    """The reason tells what to do, and detection agrees with it."""
    assert words in first_look(head, filename)
    with pytest.raises(Unreadable, match=words):
        kind_of(tmp_path, head, filename)


def test_pictures_are_refused_only_where_nothing_can_recognise_them():
    """Without OCR no reader can ever take them."""
    head = sample.picture("x")[:HEAD_BYTES]

    assert first_look(head, "a.png", ocr=True) == ""
    assert "OCR" in first_look(head, "a.png", ocr=False)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"../../etc/passwd": "x"}, "Archives"),
        ({"word/document.xml": "x"}, "Archives"),
        ({"a.pdf": sample.pdf_of_lines([["words"]])}, "Archives"),
        ({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "x"}, "OpenDoc"),
    ],
)
def test_archives_that_are_no_documents_are_refused(tmp_path, entries, words):
    """Whatever lies in them."""
    with pytest.raises(Unreadable, match=words):
        kind_of(tmp_path, sample.packed(entries), "a.zip")


@pytest.mark.parametrize("content", [bytes(range(256)) * 40, hostile.lying_zip()[200:4000]])
def test_bytes_that_are_no_text_are_refused(tmp_path, content):
    """They would be indexed as garbage."""
    with pytest.raises(Unreadable, match="not a kind of file"):
        kind_of(tmp_path, content, "data.txt")


def test_two_formats_in_one_file_are_read_as_the_first(tmp_path):
    """A PDF with an archive behind it is a PDF."""
    both = sample.samples()["a.pdf"] + sample.samples()["a.docx"]

    assert kind_of(tmp_path, both, "both.docx") == "pdf"
