"""Splits HTML from outside into tags and text in time proportional to its length.

The standard library's `html.parser` needs 15 s for 200 kB of "<!--" and 3 s for 20 kB of "<a " on
Python 3.11 (https://github.com/python/cpython/issues/135462), which a hostile page can use.
Not for: building a tree, or mending markup as a browser does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

_TAG_START = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})|<!--|<[!?/]")
_TAG_STOP = re.compile(r"[>\"']")
_ATTRIBUTE = re.compile(
    r"([^\s=/\"'>]{1,60})(?:\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?"
)
# `html.unescape` raises ValueError on a reference of over 4,300 digits.
_HUGE_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_RAW_TEXT = frozenset({"script", "style", "template", "noscript", "textarea", "iframe"})
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags, with references such as `&amp;` resolved."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One opening or closing tag; names are lower case."""

    name: str
    closing: bool = False
    attributes: dict[str, str] = field(default_factory=dict[str, str])


def scan(markup: str) -> Iterator[Text | Tag]:
    """Yield tags and text in order; comments, declarations and scripts are skipped."""
    lower = markup.translate(_LOWER)  # A to Z only, so that positions stay those of the original
    position = 0
    while position < len(markup):
        start = _TAG_START.search(markup, position)
        if start is None:
            yield Text(_plain(markup[position:]))
            return
        if start.start() > position:
            yield Text(_plain(markup[position : start.start()]))
        if not start[2]:
            position = _after_declaration(markup, start)
            continue
        end = _tag_end(markup, start.end())
        name, closing = start[2].lower(), bool(start[1])
        attributes = {} if closing else _attributes(markup[start.end() : end])
        yield Tag(name=name, closing=closing, attributes=attributes)
        position = end + 1
        if name in _RAW_TEXT and not closing:
            found = lower.find(f"</{name}", position)
            position = found if found >= 0 else len(markup)


def _after_declaration(markup: str, start: re.Match[str]) -> int:
    stop = "-->" if start[0] == "<!--" else ">"
    end = markup.find(stop, start.end())
    return end + len(stop) if end >= 0 else len(markup)


def _tag_end(markup: str, position: int) -> int:
    """Find the `>` outside quotes; after a quote that never closes, the first one."""
    stop = _TAG_STOP.search(markup, position)
    while stop is not None and stop[0] != ">":
        close = markup.find(stop[0], stop.end())
        if close < 0:
            end = markup.find(">", position)
            return end if end >= 0 else len(markup)
        stop = _TAG_STOP.search(markup, close + 1)
    return stop.start() if stop is not None else len(markup)


def _attributes(body: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(body):
        value = match[2] or match[3] or match[4] or ""
        found.setdefault(match[1].lower(), _plain(value))
    return found


def _plain(text: str) -> str:
    return unescape(_HUGE_REFERENCE.sub("\ufffd", text)) if "&" in text else text
