"""Decides by content what a file is; the name only breaks ties between kinds of text.

Not for: reading. `first_look` is cheap enough for an upload, `detect` opens the file.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePath

from backend.documents.damage import damage, is_raw
from backend.documents.extracted import Unreadable
from backend.documents.text_kinds import kind_of_text, looks_binary
from backend.kit.decoding import decode

HEAD_BYTES = 8 * 1024
_SAMPLE_BYTES = 64 * 1024
_PDF_WITHIN = 1024
_LETTERS_BYTES = 512
_PDF_OBJECT = re.compile(rb"\d+ \d+ obj\b")

_IMAGE_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKED = "Archives are not unpacked; upload the files inside one by one."
_PROGRAM = "Programs cannot be read."
_SOUND = "Audio and video cannot be read."
_PICTURE = "Images of this kind cannot be read; save it as PNG or JPEG."
_HOPELESS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", _PROGRAM),
    (b"\x7fELF", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", _PROGRAM),
    (b"\xce\xfa\xed\xfe", _PROGRAM),
    (b"\xfe\xed\xfa\xce", _PROGRAM),
    (b"\xfe\xed\xfa\xcf", _PROGRAM),
    (b"\0asm", _PROGRAM),
    (b"Rar!\x1a\x07", _PACKED),
    (b"7z\xbc\xaf\x27\x1c", _PACKED),
    (b"\x1f\x8b", _PACKED),
    (b"BZh", _PACKED),
    (b"\xfd7zXZ\0", _PACKED),
    (b"\x28\xb5\x2f\xfd", _PACKED),
    (b"ID3", _SOUND),
    (b"OggS", _SOUND),
    (b"fLaC", _SOUND),
    (b"\x1aE\xdf\xa3", _SOUND),
    (b"\xff\xfb", _SOUND),
    (b"FLV\x01", _SOUND),
    (b"\0\0\x01\xba", _SOUND),
    (b"GIF87a", _PICTURE),
    (b"GIF89a", _PICTURE),
    (b"8BPS", _PICTURE),
    (b"\0\0\x01\0", _PICTURE),
    (b"{\\rtf", "RTF files cannot be read; save it as DOCX."),
    (b"%!PS", "PostScript files cannot be read; save it as PDF."),
)
_RIFF = {b"WAVE": _SOUND, b"AVI ": _SOUND}
_IMAGE_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"msf1")
_OLD_OFFICE = {
    ".doc": "Files of old Word versions cannot be read; save it as DOCX.",
    ".xls": "Files of old Excel versions cannot be read; save it as XLSX.",
    ".ppt": "Files of old PowerPoint versions cannot be read; save it as PPTX.",
    ".msg": "Outlook files cannot be read; save it as EML.",
}
_LOCKED_PARTS = tuple(name.encode("utf-16-le") for name in ("EncryptedPackage", "EncryptionInfo"))
_OLD_PARTS = tuple(
    name.encode("utf-16-le") for name in ("WordDocument", "Workbook", "PowerPoint Document")
)
_LOCKED_OFFICE = "The file is protected by a password; save it without one."
_OLD_FILE = "Files of old Office versions cannot be read; save it as DOCX, XLSX or PPTX."
_NO_OCR = "Images of text are only read by OCR, which is off here."
_EMPTY = "The file is empty."
_BINARY = "This is not a kind of file that can be read."

_TABLES = ((b"SQLite format 3\0", "sqlite"), (b"PAR1", "parquet"))
_ZIPPED = (
    ("word/", "docx"),
    ("xl/", "xlsx"),
    ("ppt/", "pptx"),
    ("META-INF/container.xml", "epub"),
)


def first_look(head: bytes, filename: str, *, ocr: bool = True) -> str:
    """Give the reason why no reader can ever take a file that begins so, "" when one may.

    `head` is up to the first HEAD_BYTES of the file, empty for an empty file; `ocr` tells whether
    pictures can be recognised here.
    """
    if not head:
        return _EMPTY
    if _is_image(head):
        return "" if ocr else _NO_OCR
    if head.startswith(_OLE):
        return _legacy(head, filename)
    return "" if _is_pdf(head) else _hopeless(head)


def detect(path: Path, filename: str) -> str:
    """Give the KIND of the reader for a file; raise Unreadable when there is none."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    reason = first_look(head[:HEAD_BYTES], filename)
    if reason:
        raise Unreadable(reason)
    if _is_image(head):
        return "image"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(path)
    if kind := next((kind for mark, kind in _TABLES if head.startswith(mark)), ""):
        return kind
    if _is_pdf(head):
        return "pdf"
    return _kind_without_mark(path, head, filename)


def _kind_without_mark(path: Path, head: bytes, filename: str) -> str:
    text = decode(head)
    if reason := damage(path, filename, head=head, text=text):
        raise Unreadable(reason)
    if looks_binary(text) or is_raw(head):
        raise Unreadable(_BINARY)
    return kind_of_text(text, filename)


def _hopeless(head: bytes) -> str:
    if head[257:262] == b"ustar":
        return _PACKED
    if head[4:8] == b"ftyp":
        return _PICTURE if head[8:12] in _IMAGE_BRANDS else _SOUND
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "")
    if head.startswith(b"BM") and head[6:10] == bytes(4):  # nothing else tells a bitmap from a text
        return _PICTURE
    reason = next((why for magic, why in _HOPELESS if head.startswith(magic)), "")
    return reason if reason and not _may_be_text(head) else ""


def _is_pdf(head: bytes) -> bool:
    """Tell a PDF by its first bytes, or by its first object when something stands before it."""
    at = head.find(b"%PDF-", 0, _PDF_WITHIN)
    return at >= 0 and (
        not head[:at].strip(b"\xef\xbb\xbf\0 \t\r\n") or _PDF_OBJECT.search(head) is not None
    )


def _is_image(head: bytes) -> bool:
    return head.startswith(_IMAGE_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _legacy(head: bytes, filename: str) -> str:
    """Choose between a locked and an old Office file by the names of its parts, else by its own."""
    if any(part in head for part in _LOCKED_PARTS):
        return _LOCKED_OFFICE
    suffix = PurePath(filename).suffix.lower()
    if suffix in {".docx", ".xlsx", ".pptx"} and not any(part in head for part in _OLD_PARTS):
        return _LOCKED_OFFICE
    return _OLD_OFFICE.get(suffix, _OLD_FILE)


def _may_be_text(head: bytes) -> bool:
    """Tell a text that happens to begin with the letters of a magic number, such as `MZ` or `BZh`."""
    if head.startswith((b"{\\rtf", b"%!PS", b"GIF8")):
        return False
    start = head[:_LETTERS_BYTES]
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", start):
        return False
    return "\ufffd" not in start.decode(errors="replace")[:-1]  # the last letter may be cut


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        raise Unreadable("The file is damaged: it cannot be unpacked.") from exc
    known = set(names)
    for prefix, kind in _ZIPPED:
        office = "[Content_Types].xml" in known or kind == "epub"
        if office and any(name.startswith(prefix) for name in names):
            return kind
    if "content.xml" in known:
        raise Unreadable("OpenDocument files cannot be read; save it as DOCX, XLSX or PPTX.")
    raise Unreadable(_PACKED)
