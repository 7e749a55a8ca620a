"""Reads pictures of text (PNG, JPEG, TIFF, WebP): only what OCR recognised, a page per frame."""

from __future__ import annotations

from backend.documents.blocks import recognised_paragraphs
from backend.documents.building import TextBuilder, too_many_pages
from backend.documents.extracted import Extracted, NoText, Source, Unreadable
from backend.documents.pictures import open_picture

KIND = "image"
LABEL = "image (PNG, JPEG, TIFF, WebP)"


def read(source: Source) -> Extracted:
    """Take the recognised text; raise NoText with the pages to recognise before there is any."""
    builder = TextBuilder(source.limits)
    count = _frames(source)
    for number in range(1, count + 1):
        builder.start_page()
        for text in recognised_paragraphs(source.recognised.get(number, "")):
            builder.add(text)
    if builder.length:
        return builder.build()
    pages = tuple(range(1, count + 1))
    if source.recognised:
        raise NoText("No text was found in the image by OCR (tesseract).", pages=pages)
    raise NoText("The text of an image is only read by OCR (tesseract).", pages=pages)


def _frames(source: Source) -> int:
    with open_picture(source.path) as image:
        count = int(getattr(image, "n_frames", 1))
    if count > source.limits.max_pages:
        raise Unreadable(too_many_pages(source.limits))
    return count
