"""Reads files that are text, in whatever encoding they are (`kit.decoding`)."""

from __future__ import annotations

from pathlib import Path

from backend.documents.extracted import Source, Unreadable
from backend.documents.text_kinds import turns_binary
from backend.kit.decoding import decode

_MAX_BYTES_PER_CHAR = 4


def read_text(source: Source, *, declared: str = "") -> str:
    """Read a file that is text; raise Unreadable when it is longer than allowed, or not all of it is text."""
    limits = source.limits
    if source.path.stat().st_size > _MAX_BYTES_PER_CHAR * limits.max_chars:
        msg = f"The document has more than {limits.max_chars:,} characters of text."
        raise Unreadable(msg)
    text = decode(Path(source.path).read_bytes(), declared=declared)
    if len(text) > limits.max_chars:
        msg = f"The document has {len(text):,} characters, more than {limits.max_chars:,}."
        raise Unreadable(msg)
    refuse_binary(text)
    return text


def refuse_binary(text: str) -> None:
    """Raise Unreadable for what begins as a text and goes on as something else."""
    if turns_binary(text):
        raise Unreadable("The file is damaged: parts of it are no text.")
