"""Reads PDF documents page by page: paragraphs, list items, and headings told by their size.

PDFium extracts the text: pypdf took 10 ms a page, ten times as long, which is 8 % of the time
embedding takes. Not for: recognising images of text (`ocr`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from backend.documents.blocks import recognised_paragraphs
from backend.documents.building import TextBuilder, too_many_pages, too_much_text
from backend.documents.extracted import Extracted, NoText, Source, Unreadable
from backend.documents.page_list import listed
from backend.documents.pdf_layout import Layout, Line, undivided, words_of
from backend.documents.running_lines import without_running_lines

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

KIND = "pdf"
LABEL = "PDF"

_NO_TITLE = (
    "untitled",
    "anonymous",
    "unknown",
    "microsoft word",
    "powerpoint presentation",
    ".doc",
    ".pdf",
    ".indd",
)
_IMAGE = 3  # FPDF_PAGEOBJ_IMAGE
_STAMP_CHARS = 100
_SCAN_SHARE = 0.5
_MAX_OBJECTS_SEEN = 200
_END_BYTES = 4096
_Page = tuple[list[Line], bool]


def read(source: Source) -> Extracted:
    """Read every page; raise NoText when all of them are images."""
    with _opened(source) as document:
        count = len(document)
        if count > source.limits.max_pages:
            raise Unreadable(too_many_pages(source.limits))
        pages, unread, broken = _lines_of_all(document, source)
        title = _title(document)
    builder = TextBuilder(source.limits)
    _add_pages(builder, pages, source)
    if not builder.length:
        if broken and not unread:
            raise Unreadable("The file is damaged: the pages of the PDF cannot be read.")
        raise NoText(_no_text(count, unread, source), pages=tuple(unread))
    return builder.build(
        title=title or builder.first_heading,
        note=_note(unread, broken, source),
        details={"pages_without_text": unread},
    )


def _note(unread: Sequence[int], broken: Sequence[int], source: Source) -> str:
    """Tell what is missing from the text."""
    left = [number for number in unread if number not in source.recognised]
    told = [f"There is no text on {listed(left)}; reading it needs OCR."] if left else []
    if broken:
        told.append(f"The file is damaged: {listed(broken)} could not be read.")
    elif _is_cut_off(source):
        told.append("The file is cut off: what was left of it is read.")
    return " ".join(told)


def _is_cut_off(source: Source) -> bool:
    with source.path.open("rb") as file:
        file.seek(max(0, source.path.stat().st_size - _END_BYTES))
        return b"%%EOF" not in file.read()


@contextmanager
def _opened(source: Source) -> Generator[PdfDocument]:
    import pypdfium2  # noqa: PLC0415 - lazy: document readers

    try:
        document = pypdfium2.PdfDocument(source.path)
    except pypdfium2.PdfiumError as exc:
        if "password" in str(exc).lower():
            msg = "The PDF is protected by a password; save it without one."
        else:
            msg = "The file is damaged: it cannot be opened as PDF."
        raise Unreadable(msg) from exc
    try:
        yield document
    finally:
        document.close()


def _lines_of_all(
    document: PdfDocument, source: Source
) -> tuple[list[list[Line]], list[int], list[int]]:
    """Read the lines of all pages, which pages show something but have no text, and which are damaged."""
    pages: list[list[Line]] = []
    unread: list[int] = []
    broken: list[int] = []
    chars = 0
    for number in range(1, len(document) + 1):
        scan: _Page = ([], True)
        page = scan if number in source.recognised else _page(document, number)
        if page is None:
            broken.append(number)
        lines, looks_scanned = page or ([], False)
        pages.append(lines)
        if looks_scanned:
            unread.append(number)
        chars += sum(len(line.text) for line in lines)
        if chars > source.limits.max_chars:
            raise Unreadable(too_much_text(source.limits))
    return pages, unread, broken


def _page(document: PdfDocument, number: int) -> _Page | None:
    """Read a page's lines and whether it looks scanned; None when it is damaged."""
    import pypdfium2  # noqa: PLC0415 - lazy: document readers

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return None
    try:
        lines = _lines(page)
        return lines, _looks_scanned(page, lines)
    finally:
        page.close()


def _lines(page: PdfPage) -> list[Line]:
    """Take the text line by line, with size and place of each."""
    from pypdfium2 import raw  # noqa: PLC0415 - lazy: document readers

    text_page = page.get_textpage()
    lines: list[Line] = []
    measure = _Measure(raw, text_page)
    at = 0
    for text in text_page.get_text_range().split("\r\n"):
        units = len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2
        shown = " ".join(text.split())
        if shown:
            before = len(text) - len(text.lstrip())
            after = len(text) - len(text.rstrip())
            lines.append(measure.line(shown, at + before, at + units - after - 1))
        at += units + 2
    text_page.close()
    return lines


class _Measure:
    """Asks PDFium where characters stand."""

    def __init__(self, raw: Any, text_page: Any) -> None:  # noqa: ANN401 - bindings without types
        self._raw = raw
        self._page = text_page
        self._box = [ctypes.c_double() for _ in range(4)]

    def line(self, text: str, first: int, last: int) -> Line:
        """Measure a line from the places of its first and last character in the page's text."""
        left, right, base, other = self._box
        begin = self._raw.FPDFText_GetCharIndexFromTextIndex(self._page, first)
        end = self._raw.FPDFText_GetCharIndexFromTextIndex(self._page, last)
        self._raw.FPDFText_GetCharBox(self._page, end, other, right, other, other)
        self._raw.FPDFText_GetCharOrigin(self._page, begin, left, base)
        size = self._raw.FPDFText_GetFontSize(self._page, (begin + end) // 2)
        return Line(text, size, left.value, base.value, right.value)


def _looks_scanned(page: PdfPage, lines: Sequence[Line]) -> bool:
    """Tell a page that shows something but has no text, or hardly more than a stamp on a scan."""
    chars = sum(len(line.text) for line in lines)
    if chars > _STAMP_CHARS:
        return False
    objects = cast("Iterator[Any]", page.get_objects(max_depth=2))
    if not chars:
        return next(objects, None) is not None
    whole = page.get_width() * page.get_height()
    for _, thing in zip(range(_MAX_OBJECTS_SEEN), objects, strict=False):
        if thing.type == _IMAGE:
            left, bottom, right, top = thing.get_bounds()
            if (right - left) * (top - bottom) >= _SCAN_SHARE * whole:
                return True
    return False


def _add_pages(builder: TextBuilder, pages: Sequence[Sequence[Line]], source: Source) -> None:
    pages = without_running_lines(pages)
    layout, words = Layout(pages), words_of(pages)
    for number, lines in enumerate(pages, start=1):
        builder.start_page()
        for text in recognised_paragraphs(source.recognised.get(number, "")):
            builder.add(text)
        for block in layout.blocks(lines):
            builder.add(undivided(block.text, words), block.kind, level=block.level)


def _title(document: PdfDocument) -> str:
    title = document.get_metadata_value("Title").strip()
    return "" if any(word in title.lower() for word in _NO_TITLE) else title


def _no_text(count: int, unread: Sequence[int], source: Source) -> str:
    if source.recognised:
        return "No text was found in the PDF, by OCR (tesseract) neither."
    if unread:
        return f"The PDF has no text, its {count} pages are images; reading them needs OCR (tesseract)."
    return "The PDF has no text, its pages are empty."
