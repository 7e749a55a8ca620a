"""Recognises the text of one page by tesseract, a program of the system that may be missing.

`recognise_page` runs in a worker process, because pages and images come from strangers. Not for:
deciding which pages need it (the readers do).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, TypedDict, cast

from backend.documents.extracted import Unreadable
from backend.documents.pictures import open_picture

_DPI = 250
_MAX_PIXELS = 25_000_000
_ERROR_CHARS = 300


class PageCall(TypedDict, total=False):
    """One page to recognise; `page` counts from 1, `program` is tesseract's path where known."""

    path: str
    kind: str
    page: int
    languages: str
    timeout_s: float
    program: str


def tesseract() -> str | None:
    """Find the program, None when it is not installed."""
    return shutil.which("tesseract")


def recognise_page(call: dict[str, Any]) -> dict[str, str]:
    """Give {"text": ...} of one page, blank when there is none on it.

    Raises:
        Unreadable: the page cannot be drawn, tesseract is missing, fails, or takes too long.
    """
    wanted = cast("PageCall", call)
    program = wanted.get("program") or tesseract()
    if program is None:
        raise Unreadable("Images of text are only read by OCR, and tesseract is not installed.")
    path, page = Path(wanted.get("path", "")), wanted.get("page", 1)
    draw = _draw_pdf if wanted.get("kind") == "pdf" else _draw_image
    picture = draw(path, page)
    languages, timeout_s = wanted.get("languages", "eng"), wanted.get("timeout_s", 60.0)
    return {"text": _run(program, picture, languages=languages, timeout_s=timeout_s)}


def _run(program: str, picture: bytes, *, languages: str, timeout_s: float) -> str:
    command = [program, "stdin", "stdout", "-l", languages, "--dpi", str(_DPI), "--psm", "3"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; languages are checked by the settings
            command,
            input=picture,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env={"OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired as exc:
        msg = f"OCR of a page took more than {timeout_s:g} seconds."
        raise Unreadable(msg) from exc
    except OSError as exc:
        raise Unreadable("OCR cannot run on this server.") from exc
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        if "Failed loading language" in said:
            msg = f"OCR failed: tesseract has no data for the language {languages}."
            raise Unreadable(msg)
        said = said[:_ERROR_CHARS].rstrip(".!")
        msg = f"OCR failed: {said or f'tesseract ended with code {done.returncode}'}."
        raise Unreadable(msg)
    return done.stdout.decode(errors="replace").replace("\f", "").strip()


def _draw_pdf(path: Path, page: int) -> bytes:
    """Draw a page in grey, as PGM."""
    import pypdfium2  # noqa: PLC0415 - lazy: document readers

    try:
        document = pypdfium2.PdfDocument(path)
        try:
            drawn = cast("Any", document[page - 1])
            scale = _DPI / 72
            pixels = drawn.get_width() * drawn.get_height() * scale * scale
            if pixels > _MAX_PIXELS:
                scale *= (_MAX_PIXELS / pixels) ** 0.5
            bitmap = drawn.render(scale=scale, grayscale=True)
            return _pgm(bitmap.width, bitmap.height, bytes(bitmap.buffer), stride=bitmap.stride)
        finally:
            document.close()
    except (pypdfium2.PdfiumError, IndexError) as exc:
        msg = f"Page {page} of the PDF cannot be drawn."
        raise Unreadable(msg) from exc


def _draw_image(path: Path, page: int) -> bytes:
    """Draw a frame of an image in grey, upright and not too large, as PGM."""
    from PIL import ImageOps  # noqa: PLC0415 - lazy: document readers

    with open_picture(path) as image:
        if page > 1:
            image.seek(page - 1)
        grey = ImageOps.exif_transpose(_on_white(image)).convert("L")
        if grey.width * grey.height > _MAX_PIXELS:
            factor = (_MAX_PIXELS / (grey.width * grey.height)) ** 0.5
            grey = grey.resize((int(grey.width * factor), int(grey.height * factor)))
        return _pgm(grey.width, grey.height, grey.tobytes(), stride=grey.width)


def _on_white(image: Any) -> Any:  # noqa: ANN401 - an image, loaded lazily
    """Put a transparent picture on white: black text on nothing would be black on black."""
    from PIL import Image  # noqa: PLC0415 - lazy: document readers

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image
    coloured = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured)


def _pgm(width: int, height: int, grey: bytes, *, stride: int) -> bytes:
    rows = (
        grey
        if stride == width
        else b"".join(grey[row * stride : row * stride + width] for row in range(height))
    )
    return b"P5 %d %d 255\n" % (width, height) + rows
