"""What kind of file bytes are, judged from the bytes and a name's ending, for downloads.

Whatever a browser would run (HTML, SVG, scripts) is plain text. Not for: what a document can be
read as (`documents/sniffing`).
"""

from __future__ import annotations

BYTES = "application/octet-stream"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIP = b"PK\x03\x04"
_MARKS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
)
_ZIPPED = {
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "zip": "application/zip",
}
_TEXTS = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "md": "text/markdown",
}
_LOOKED_AT = 4_096


def media_type_of(data: bytes, filename: str) -> str:
    """Give the media type; the name decides only among formats that the bytes could be."""
    for mark, media_type in _MARKS:
        if data.startswith(mark):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    ending = filename.rpartition(".")[2].lower()
    if data.startswith(_ZIP):
        return _ZIPPED.get(ending, "application/zip")
    if _is_text(data[:_LOOKED_AT]):
        return _TEXTS.get(ending, "text/plain")
    return BYTES


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as exc:
        return len(head) == _LOOKED_AT and exc.start >= len(head) - 3  # a letter that was cut
    return True
