"""Text from outside made safe to show: no markup, no control characters, bounded length.

Not for: escaping. What comes out is plain text that a page must still escape.
"""

from __future__ import annotations

import re
import unicodedata

from backend.kit.html_scan import Tag, Text, scan

# Controls, bidirectional overrides (Trojan Source), invisible tags and lone surrogates. Joiners stay:
# Persian and emoji need them.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# A text's own references, which would read like markers of our passages.
_MARKER = re.compile(r"\[(\d{1,3}(?:\s?[,;–-]\s?\d{1,3}){0,9})\]")
_BLANK_LINES = re.compile(r"\n{3,}")
_BREAKING_TAGS = frozenset({"br", "p", "div", "li", "td", "tr", "h1", "h2", "h3"})
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


def visible(text: str) -> str:
    """Drop what cannot be seen and keep all spacing, for code and tables; nothing is cut."""
    return _UNSAFE.sub("", text.replace("\r\n", "\n"))


def spelled_out(text: str) -> str:
    r"""Write what cannot be seen or turns the order of letters as \u{...}, so that nothing is hidden."""
    return "".join(f"\\u{{{ord(one):x}}}" if _is_hidden(one) else one for one in text)


def _is_hidden(one: str) -> bool:
    return one not in "\n\t" and unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def from_html(markup: object, *, max_chars: int) -> str:
    """Read an HTML fragment as one line of text; scripts and styles are dropped."""
    if not isinstance(markup, str):
        return ""
    parts = [_as_text(token) for token in scan(markup[: max_chars * _MARKUP_FACTOR])]
    return one_line("".join(parts), max_chars=max_chars)


def shorten(text: str, max_chars: int) -> str:
    """Cut at `max_chars`, at a word where one is near, and mark the cut with an ellipsis."""
    if len(text) <= max_chars:
        return text
    cut = text[: max(max_chars - 1, 0)]
    space = cut.rfind(" ")
    return (cut[:space] if space > max_chars * 0.8 else cut).rstrip() + "…"


def unmarked(text: str) -> str:
    """Write a text's own `[12]` as `[ref. 12]`, so that it is not taken for a marker of ours."""
    return _MARKER.sub(r"[ref. \1]", text)


def _as_text(token: Text | Tag) -> str:
    if isinstance(token, Text):
        return token.text
    return " " if token.name in _BREAKING_TAGS else ""
