"""What an image is and how large, read from its first bytes: nothing is decoded.

Sources: https://www.w3.org/TR/png-3/, ITU-T T.81 (JPEG), the GIF89a specification and RFC 9649 (WebP).
Not for: opening images, which needs a decoder and its bounds (`documents/pictures`).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

# SOF0 to SOF15 tell the size; DHT, JPG and DAC lie among their numbers.
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_ENDS = frozenset({0xD9, 0xDA})
_MAX_SEGMENTS = 1_000
_FILL = re.compile(rb"\xff+")  # fill bytes, of which there may be as many as the file has room for
_LOW_14 = 0x3FFF
_WEBP_BYTES = 30


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the first bytes tell: the media type, and the size in pixels."""

    media_type: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many pixels a decoder would have to make room for."""
        return self.width * self.height


def image_header(data: bytes) -> ImageHeader | None:
    """Read the header of a PNG, JPEG, GIF or WebP; None for anything else, and for a broken one."""
    read = next((read for mark, read in _READERS if data.startswith(mark)), None)
    try:
        return read(data) if read is not None else None
    except struct.error:
        return None


def _sized(media_type: str, width: int, height: int) -> ImageHeader | None:
    return ImageHeader(media_type, width, height) if width and height else None


def _gif(data: bytes) -> ImageHeader | None:
    return _sized("image/gif", *struct.unpack_from("<HH", data, 6))


def _png(data: bytes) -> ImageHeader | None:
    if data[12:16] != b"IHDR":
        return None
    return _sized("image/png", *struct.unpack_from(">II", data, 16))


def _jpeg(data: bytes) -> ImageHeader | None:
    """Walk from segment to segment up to the one that tells the size of the frame."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        if fill := _FILL.match(data, at):
            at = fill.end() - 1
        lead, marker = struct.unpack_from("BB", data, at)
        if lead != 0xFF or marker in _JPEG_ENDS:
            return None
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return _sized("image/jpeg", width, height)
        at += 2 if marker in _JPEG_ALONE else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _webp(data: bytes) -> ImageHeader | None:
    kind = data[12:16]
    if len(data) < _WEBP_BYTES or data[8:12] != b"WEBP":
        return None
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return _sized("image/webp", width, int.from_bytes(data[27:30], "little") + 1)
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return _sized("image/webp", (bits & _LOW_14) + 1, (bits >> 14 & _LOW_14) + 1)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return _sized("image/webp", width & _LOW_14, height & _LOW_14)
    return None


_READERS: tuple[tuple[bytes, Callable[[bytes], ImageHeader | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"RIFF", _webp),
)
