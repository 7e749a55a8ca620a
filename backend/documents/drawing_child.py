"""What runs inside the bounded child process: from a page of a PDF to a picture of it, marked or not.

PDFium is built without JavaScript and XFA: pages are only painted. Not for: importing in the server;
everything here may be killed at any moment.
"""

from __future__ import annotations

import base64
import ctypes
import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from backend.documents.extracted import Unreadable
from backend.documents.word_places import places_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage

_HEAD_BYTES = 1024
_MAX_PIXELS = 8_000_000
_LONGEST_PX = 12_000
_MAX_CHARS = 100_000
_MAX_BOXES = 2_000
_MARK = (255, 228, 120)
_MARGIN_PX = 2
# Text and drawings have few colours and are smallest, and sharp, as a PNG with a palette; photographs
# and scans in colour are smallest as WebP.
_FEW_COLOURS = 2_048
_PALETTE = 64
_NEARLY_WHITE = 250
_WEBP = {"quality": 80, "method": 2}


class NoPage(Unreadable):
    """There is no such page, or the file is no PDF."""


class DrawCall(TypedDict):
    """A page (from 1) to draw `width` pixels wide; `start` to `end` of its stored `text` is marked."""

    path: str
    page: int
    width: int
    text: str
    start: int
    end: int


def draw_page(call: DrawCall) -> dict[str, str]:
    """Give {"content": base64, "media_type": ...}; a very long page is drawn less wide than asked.

    Raises:
        NoPage: there is none.
        Unreadable: it cannot be drawn, with the reason.
    """
    import pypdfium2  # noqa: PLC0415 - lazy: document readers

    path = Path(call["path"])
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(_HEAD_BYTES):
            raise NoPage("The file is no PDF.")
    try:
        with _opened(path, call["page"]) as page:
            return _encoded(_drawn(page, call))
    except (pypdfium2.PdfiumError, OverflowError, ValueError) as exc:
        msg = f"Page {call['page']} of the PDF cannot be drawn."
        raise Unreadable(msg) from exc


@contextmanager
def _opened(path: Path, number: int) -> Generator[PdfPage]:
    import pypdfium2  # noqa: PLC0415 - lazy: document readers

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        why = "protected by a password" if "password" in str(exc).lower() else "damaged"
        msg = f"The PDF is {why}: its pages cannot be shown."
        raise Unreadable(msg) from exc
    try:
        if not 0 < number <= len(document):
            msg = f"The PDF has no page {number}."
            raise NoPage(msg)
        page = document[number - 1]
        yield page
        page.close()
    finally:
        document.close()


def _drawn(page: PdfPage, call: DrawCall) -> Image:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise Unreadable("The page has no size.")
    # Half a pixel less: PDFium rounds up, and 1000.0000001 would be 1001.
    wide = min((call["width"] - 0.5) / width, _LONGEST_PX / height)
    scale = min(wide, (_MAX_PIXELS / width / height) ** 0.5)
    drawn = cast("Any", page.render(scale=scale))  # bindings without types
    picture = cast("Image", drawn.to_pil()).convert("RGB")
    if call["end"] > call["start"]:
        return _marked(picture, _boxes(page, call, picture.size))
    return picture


def _boxes(page: PdfPage, call: DrawCall, size: tuple[int, int]) -> list[list[int]]:
    """Find where the words stand, in pixels: left, top, right, bottom."""
    from pypdfium2 import raw  # noqa: PLC0415 - lazy: document readers

    words = page.get_textpage()
    count = min(words.count_chars(), _MAX_CHARS)
    shown = [raw.FPDFText_GetUnicode(words, at) for at in range(count)]
    sides = [ctypes.c_double() for _ in range(4)]
    boxes: list[list[int]] = []
    for first, last in places_of(call["text"], call["start"], call["end"], on_page=shown):
        for at in range(raw.FPDFText_CountRects(words, first, last - first)):
            left, top, right, bottom = sides
            raw.FPDFText_GetRect(words, at, left, top, right, bottom)
            one = [_pixel(raw, page, size, x, y) for x, y in ((left, top), (right, bottom))]
            xs, ys = sorted(x for x, _ in one), sorted(y for _, y in one)
            boxes.append([xs[0], ys[0], xs[1], ys[1]])
    words.close()
    return boxes[:_MAX_BOXES]


def _pixel(
    raw: Any,  # noqa: ANN401 - bindings without types
    page: PdfPage,
    size: tuple[int, int],
    x: ctypes.c_double,
    y: ctypes.c_double,
) -> tuple[int, int]:
    column, row = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, column, row)
    return column.value, row.value


def _marked(picture: Image, boxes: list[list[int]]) -> Image:
    """Lay a colour over places as a felt pen does: what is dark below stays dark."""
    from PIL import Image, ImageChops, ImageDraw  # noqa: PLC0415 - lazy: document readers

    where = Image.new("L", picture.size)
    pen = ImageDraw.Draw(where)
    for left, top, right, bottom in boxes:
        around = (
            left - _MARGIN_PX,
            top - _MARGIN_PX,
            right + _MARGIN_PX,
            bottom + _MARGIN_PX,
        )
        pen.rectangle(around, fill=255)
    tinted = ImageChops.multiply(picture, Image.new("RGB", picture.size, _MARK))
    picture.paste(tinted, mask=where)
    return picture


def _encoded(picture: Image) -> dict[str, str]:
    from PIL.Image import Dither, Quantize  # noqa: PLC0415 - lazy: document readers

    kept = io.BytesIO()
    few = picture.getcolors(_FEW_COLOURS) is not None
    if few:
        simple = picture.quantize(_PALETTE, method=Quantize.FASTOCTREE, dither=Dither.NONE)
        colours = simple.getpalette() or []
        simple.putpalette([255 if one >= _NEARLY_WHITE else one for one in colours])
        simple.save(kept, "PNG")
    else:
        picture.save(kept, "WEBP", **_WEBP)
    content = base64.b64encode(kept.getvalue()).decode()
    return {"content": content, "media_type": "image/png" if few else "image/webp"}
