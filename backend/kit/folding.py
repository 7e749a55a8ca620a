"""One spelling for texts that are compared whatever their case and width. Not for display."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Bring a text to NFKC, case-folded, so that wide, capital and small letters are one."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
