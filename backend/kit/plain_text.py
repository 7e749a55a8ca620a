"""Text from outside made safe to show: no markup, no control characters, bounded length.

Not for: escaping. What comes out is plain text that a page must still escape.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Controls, bidirectional overrides (Trojan Source), invisible tags and lone surrogates. Joiners stay:
# Persian and emoji need them.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BLANK_LINES = re.compile(r"\n{3,}")
_SILENT_TAGS = frozenset({"script", "style", "template", "noscript"})
_MARKUP_FACTOR = 20


def one_line(text: object, *, max_chars: int) -> str:
    """Put text on one line and cut it to `max_chars`; anything but a string becomes empty."""
    if not isinstance(text, str):
        return ""
    return shorten(" ".join(_UNSAFE.sub("", text[: max_chars * _MARKUP_FACTOR]).split()), max_chars)


def paragraphs(text: object, *, max_chars: int) -> str:
    """Clean text but keep its line breaks; anything but a string becomes empty."""
    if not isinstance(text, str):
        return ""
    kept = _UNSAFE.sub("", text[: max_chars * _MARKUP_FACTOR].replace("\r\n", "\n"))
    lines = "\n".join(" ".join(line.split()) for line in kept.splitlines())
    return shorten(_BLANK_LINES.sub("\n\n", lines).strip(), max_chars)


def from_html(markup: object, *, max_chars: int) -> str:
    """Read an HTML fragment as one line of text; scripts and styles are dropped."""
    if not isinstance(markup, str):
        return ""
    reader = _TextReader()
    reader.feed(markup[: max_chars * _MARKUP_FACTOR])
    reader.close()
    return one_line("".join(reader.parts), max_chars=max_chars)


def shorten(text: str, max_chars: int) -> str:
    """Cut at `max_chars`, at a word where one is near, and mark the cut with an ellipsis."""
    if len(text) <= max_chars:
        return text
    cut = text[: max(max_chars - 1, 0)]
    space = cut.rfind(" ")
    return (cut[:space] if space > max_chars * 0.8 else cut).rstrip() + "…"


class _TextReader(HTMLParser):
    """Collects the text between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's interface
        self._silent += tag in _SILENT_TAGS
        if tag in {"br", "p", "div", "li"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT_TAGS))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
