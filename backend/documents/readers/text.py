"""Reads plain text; what is stored is the decoded source itself."""

from __future__ import annotations

from backend.documents.blocks import plain_spans
from backend.documents.decoding import read_text
from backend.documents.extracted import Extracted, Source

KIND = "text"
LABEL = "plain text"


def read(source: Source) -> Extracted:
    """Find paragraphs, lists and headings in the text."""
    text = read_text(source)
    return Extracted(text=text, spans=tuple(plain_spans(text)))
