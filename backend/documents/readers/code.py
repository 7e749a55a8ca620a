"""Reads source code; what is stored is the decoded source itself."""

from __future__ import annotations

from collections.abc import Iterator

from backend.documents.blocks import Line, blocks_of
from backend.documents.decoding import read_text
from backend.documents.extracted import Extracted, Source, Span

KIND = "code"
LABEL = "source code"

_GOES_ON = (")", "]", "}", "end", "else", "elif", "except", "finally", "catch", "case", "default")


def read(source: Source) -> Extracted:
    """Cut the source into definitions: what begins at the margin after a blank line."""
    text = read_text(source)
    spans = tuple(Span(start=start, end=end, kind="code") for start, end in _definitions(text))
    return Extracted(text=text, spans=spans)


def _definitions(text: str) -> Iterator[Line]:
    start, end = -1, -1
    for block in blocks_of(text):
        (block_start, first_end), block_end = block[0], block[-1][1]
        if start < 0 or not _belongs_above(text[block_start:first_end]):
            if start >= 0:
                yield start, end
            start = block_start
        end = block_start + len(text[block_start:block_end].rstrip())
    if start >= 0:
        yield start, end


def _belongs_above(line: str) -> bool:
    return line[:1].isspace() or line.startswith(_GOES_ON)
