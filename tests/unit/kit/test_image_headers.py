"""What an image is and how large, from its first bytes."""

from __future__ import annotations

import io
import struct
import time

import pytest
from PIL import Image

from backend.kit.image_headers import ImageHeader, image_header


def drawn(kind: str, **options: object) -> bytes:
    """Draw an image of 70 x 30 pixels."""
    target = io.BytesIO()
    Image.new("RGB", (70, 30), "teal").save(target, kind, **options)
    return target.getvalue()


KINDS = [
    ("PNG", {}, "image/png"),
    ("JPEG", {}, "image/jpeg"),
    ("JPEG", {"progressive": True, "comment": b"x" * 3000}, "image/jpeg"),
    ("GIF", {}, "image/gif"),
    ("WEBP", {}, "image/webp"),
    ("WEBP", {"lossless": True}, "image/webp"),
    ("WEBP", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}, "image/webp"),
]


@pytest.mark.parametrize(("kind", "options", "media_type"), KINDS)
def test_the_four_kinds_tell_their_size(kind, options, media_type):
    """As a decoder sees it, in every variant of the format."""
    assert image_header(drawn(kind, **options)) == ImageHeader(media_type, 70, 30)


NOT_IMAGES = [
    b"",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"<html><img src=x></html>",
    b"\x89PNG\r\n\x1a\n",
    b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 0, 5),
    b"\xff\xd8\xff",
    b"\xff\xd8\xff\xe0\xff\xff" + b"\0" * 50,
    b"\xff\xd8\xff\xda\0\x02" + b"\0" * 50,
    b"\xff\xd8" + b"\xff\xe0\0\0" * 5000,
    b"GIF89a",
    b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 40,
    b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 40,
    b"RIFF\0\0\0\0WEBPVP8X",
    b"BM" + b"\0" * 60,
]


@pytest.mark.parametrize("data", NOT_IMAGES)
def test_what_is_no_image_has_no_header(data):
    """Nor has one that is cut off, or whose segments lead nowhere."""
    assert image_header(data) is None


def test_fill_bytes_are_passed_over_however_many_there_are():
    """A picture of nothing else would hold up whoever looks at it."""
    whole = drawn("JPEG")
    filled = whole[:2] + b"\xff" * 20_000_000 + whole[2:]
    start = time.process_time()
    assert image_header(filled) == ImageHeader("image/jpeg", 70, 30)
    assert image_header(filled[:20_000_000]) is None
    assert time.process_time() - start < 0.5
