"""Reads files that are text, in whatever encoding they are (`kit.decoding`)."""

from __future__ import annotations

from pathlib import Path

from backend.documents.extracted import Source, Unreadable
from backend.kit.decoding import decode

_MAX_BYTES_PER_CHAR = 4


def read_text(source: Source, *, declared: str = "") -> str:
    """Read a file that is text; raise Unreadable when it must be longer than allowed."""
    limits = source.limits
    if source.path.stat().st_size > _MAX_BYTES_PER_CHAR * limits.max_chars:
        msg = f"The document has more than {limits.max_chars:,} characters of text."
        raise Unreadable(msg)
    text = decode(Path(source.path).read_bytes(), declared=declared)
    if len(text) > limits.max_chars:
        msg = f"The document has {len(text):,} characters, more than {limits.max_chars:,}."
        raise Unreadable(msg)
    return text
