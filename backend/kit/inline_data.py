"""Bytes that stand in a text: base64, bare or in a data URI (RFC 2397, RFC 4648).

Not for: what the bytes are (`image_headers`, `media_types`).
"""

from __future__ import annotations

import base64
import binascii
import re

_SCHEME = "data:"
_MAX_HEAD_CHARS = 400
_SPACE = re.compile(r"\s+")
_QUAD = 4
_PIECE_CHARS = _QUAD * 256 * 1024


class NotInline(ValueError):
    """The text is no base64, or no data URI that says so."""


def is_data_uri(text: str) -> bool:
    """Tell a data URI by its scheme."""
    return text[: len(_SCHEME)].lower() == _SCHEME


def encoded_part(text: str) -> tuple[str, int]:
    """Give the media type that a data URI claims (may be empty) and where its base64 begins.

    A text that is no data URI is taken for bare base64.

    Raises:
        NotInline: for a data URI without a comma, or of another encoding.
    """
    if not is_data_uri(text):
        return "", 0
    comma = text.find(",", 0, _MAX_HEAD_CHARS)
    head = text[len(_SCHEME) : max(comma, 0)].split(";")
    if comma < 0 or head[-1].strip().lower() != "base64":
        raise NotInline("it is not a data URI in base64")
    return head[0].strip().lower(), comma + 1


def decoded_size(text: str, *, start: int = 0) -> int:
    """Tell how many bytes come out at most, without decoding."""
    return (len(text) - start) * 3 // 4


def decoded(text: str, *, start: int = 0) -> bytes:
    """Decode base64 from `start` on, piece by piece; line breaks and missing padding are forgiven.

    Raises:
        NotInline: for anything else that is not base64, and for nothing.
    """
    try:
        data = _strictly(text, start)
    except ValueError:
        data = _forgiving(text[start:])
    if not data:
        raise NotInline("it holds no data")
    return data


def _strictly(text: str, start: int) -> bytes:
    """Decode without copying the text as a whole, which may be tens of megabytes."""
    size = len(text) - start
    padding = 0 if size == 0 else text.count("=", len(text) - 2)
    pieces = [
        binascii.a2b_base64(text[at : at + _PIECE_CHARS], strict_mode=True)
        for at in range(start, len(text), _PIECE_CHARS)
    ]
    data = b"".join(pieces)
    if len(data) != size // _QUAD * 3 - padding:
        raise NotInline("it is padded in its middle")
    return data


def _forgiving(body: str) -> bytes:
    bare = _SPACE.sub("", body).rstrip("=")
    bare += "=" * (-len(bare) % _QUAD)
    try:
        return binascii.a2b_base64(bare, strict_mode=True)
    except ValueError as exc:
        raise NotInline("it is not valid base64") from exc


def data_uri(data: bytes, media_type: str) -> str:
    """Write bytes as a data URI."""
    return f"{_SCHEME}{media_type};base64,{base64.b64encode(data).decode('ascii')}"
