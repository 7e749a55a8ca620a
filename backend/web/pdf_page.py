"""Takes the text out of a PDF page by page; runs in the bounded child process.

Not for: documents that people upload (`documents.readers.pdf` knows headings, columns and scans).
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pypdfium2

from backend.ports.web import PageUnreadable

_DIVIDED = re.compile("[\x02\xad\ufffe]\r?\n?")
_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")


def read_pdf(path: Path, *, max_pages: int, max_chars: int) -> dict[str, object]:
    """Give text, title, date and number of pages; pages beyond the bounds are named as left out."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        locked = "password" in str(exc).lower()
        why = "It is a PDF with a password." if locked else "It is a damaged PDF."
        raise PageUnreadable(why) from exc
    with closing(document):
        count = len(document)
        texts: list[str] = []
        chars = 0
        for number in range(min(count, max_pages)):
            texts.append(_text(document, number))
            chars += len(texts[-1])
            if chars > max_chars:
                break
        text = "\n\n".join(one for one in texts if one)
        if not text:
            raise PageUnreadable("It is a PDF without text; its pages are pictures.")
        if len(texts) < count:
            text += f"\n\n[{count - len(texts)} more pages were not read]"
        return {
            "text": text,
            "title": document.get_metadata_value("Title").strip(),
            "date": _date(document.get_metadata_value("CreationDate")),
            "pages": count,
        }


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return ""
    with closing(page), closing(page.get_textpage()) as found:
        return _DIVIDED.sub("", found.get_text_range()).replace("\r\n", "\n").strip()


def _date(written: str) -> str:
    found = _DATE.match(written)
    return "-".join(found.groups()) if found else ""
