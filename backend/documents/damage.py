"""Tells what is left of a damaged file from a text: its first bytes are gone, and with them its mark.

Not for: files that begin as they should; their readers find what is wrong further down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from backend.kit.decoding import has_stray_nuls

_PACKED = (b"PK\x03\x04",)
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a name says of a file that is no text: how people call it, and how it begins."""

    what: str
    marks: tuple[bytes, ...]


_WORD = _Claim("a Word document", _PACKED)
_EXCEL = _Claim("an Excel workbook", _PACKED)
_SLIDES = _Claim("a PowerPoint presentation", _PACKED)
_OLD_OFFICE = _Claim("a file of an old Office version", _OLE)
_JPEG = _Claim("a JPEG image", (b"\xff\xd8\xff",))
_TIFF = _Claim("a TIFF image", (b"II*\0", b"MM\0*"))
_SQLITE = _Claim("a SQLite database", (b"SQLite format 3\0",))
_CLAIMS = {
    ".pdf": _Claim("a PDF", (b"%PDF-",)),
    ".docx": _WORD,
    ".docm": _WORD,
    ".xlsx": _EXCEL,
    ".xlsm": _EXCEL,
    ".pptx": _SLIDES,
    ".pptm": _SLIDES,
    ".doc": _OLD_OFFICE,
    ".xls": _OLD_OFFICE,
    ".ppt": _OLD_OFFICE,
    ".epub": _Claim("an EPUB", _PACKED),
    ".rtf": _Claim("an RTF file", (b"{\\rtf",)),
    ".zip": _Claim("an archive", _PACKED),
    ".png": _Claim("a PNG image", (b"\x89PNG\r\n\x1a\n",)),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".webp": _Claim("a WebP image", (b"RIFF",)),
    ".gif": _Claim("a GIF image", (b"GIF8",)),
    ".parquet": _Claim("a Parquet file", (b"PAR1",)),
    ".sqlite": _SQLITE,
    ".sqlite3": _SQLITE,
    ".db": _SQLITE,
}
_NOT_TYPED = re.compile("[\x01-\x07\x0e-\x19\x1c-\x1f\x7f]")
_END_OF_PDF = re.compile(rb"startxref\s+\d+\s+%%EOF\s*\Z")
_END_BYTES = 1024
_LOOKED_AT_BYTES = 8 * 1024


def damage(path: Path, filename: str, *, head: bytes, text: str) -> str:
    """Give the reason why a file whose beginning has no mark is none of text either, "" when it may be.

    `text` is what `head`, its beginning, decodes to. Clean text is text under any name: programs
    export tables as `.xls`, and pages of errors are saved as `.png`.
    """
    claim = _CLAIMS.get(PurePath(filename).suffix.lower())
    if claim is not None and not _may_be_text(claim, head, text):
        return f"The file is damaged or not {claim.what}: it does not begin like one."
    if _END_OF_PDF.search(_end(path)):
        return "The file is damaged: the beginning of the PDF is missing."
    return ""


def is_raw(head: bytes) -> bool:
    """Tell pixels and numbers: zeros beside other control characters, and bytes that are not UTF-8.

    Either alone is found in texts: zeros where a crash left a hole, control characters between fields,
    and old encodings.
    """
    start = head[:_LOOKED_AT_BYTES]
    return (
        has_stray_nuls(start)
        and _NOT_TYPED.search(start.decode("latin-1")) is not None
        and "\ufffd" in start.decode(errors="replace")[:-1]  # the last letter may be cut
    )


def _may_be_text(claim: _Claim, head: bytes, text: str) -> bool:
    cut_off = any(mark.startswith(head) for mark in claim.marks)
    return not cut_off and not has_stray_nuls(head) and _NOT_TYPED.search(text) is None


def _end(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_BYTES))
        return file.read()
