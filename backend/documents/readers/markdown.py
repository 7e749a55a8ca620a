"""Reads Markdown; what is stored is the decoded source itself, spans leave out the marks of headings.

The grammar is that of https://spec.commonmark.org/ as far as blocks go. Not for: rendering.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from backend.documents.blocks import lines_of, trimmed
from backend.documents.decoding import read_text
from backend.documents.extracted import Extracted, Source, Span, SpanKind

KIND = "markdown"
LABEL = "Markdown"

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[^`]*")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+\S|[ \t]*$)")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?([^\r\n]*?)[\"']?[ \t]*$", re.MULTILINE)
_MAX_RULE_CHARS = 2_000


def read(source: Source) -> Extracted:
    """Find headings, paragraphs, list items, tables and code; the first heading is the title."""
    text = read_text(source)
    scan = _Scan(text)
    spans = tuple(scan.spans())
    first = next((span for span in spans if span.kind == "heading" and span.level == 1), None)
    title = scan.front_title or (text[first.start : first.end] if first else "")
    return Extracted(text=text, spans=spans, title=" ".join(title.split()))


class _Scan:
    """Goes through the lines once; a block ends where another begins or at a blank line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = list(lines_of(text))
        self._at = 0
        self.front_title = ""

    def spans(self) -> Iterator[Span]:
        """Yield the blocks in order."""
        self._skip_front_matter()
        while self._at < len(self._lines):
            line = self._line()
            if not line.strip() or self._short(_RULE, line):
                self._at += 1
            elif _FENCE.fullmatch(line):
                yield self._fenced(line)
            elif (heading := self._short(_ATX, line)) is not None:
                yield from self._heading(heading)
            elif self._is_table():
                yield self._through("table", self._table_end())
            elif _ITEM.match(line):
                yield self._through("list", self._item_end())
            else:
                yield from self._paragraph()

    def _line(self, ahead: int = 0) -> str:
        at = self._at + ahead
        start, end = self._lines[at] if at < len(self._lines) else (0, 0)
        return self._text[start:end]

    def _short(self, pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
        return pattern.fullmatch(line) if len(line) <= _MAX_RULE_CHARS else None

    def _skip_front_matter(self) -> None:
        if self._line().rstrip() != "---":
            return
        for at in range(1, len(self._lines)):
            start, end = self._lines[at]
            if self._text[start:end].rstrip() in {"---", "..."}:
                found = _FRONT_TITLE.search(self._text, 0, start)
                self.front_title = found[1] if found else ""
                self._at = at + 1
                return

    def _heading(self, found: re.Match[str]) -> Iterator[Span]:
        start = self._lines[self._at][0]
        self._at += 1
        if found[2] and found[2].strip():
            left, right = found.span(2)
            yield trimmed(
                self._text, start + left, start + right, kind="heading", level=len(found[1])
            )

    def _fenced(self, opening: str) -> Span:
        """Take code up to a fence at least as long, or to the end; the fences are part of it."""
        opened = opening.strip()
        fence = opened[: len(opened) - len(opened.lstrip(opened[0]))]
        last = self._at + 1
        while last < len(self._lines):
            start, end = self._lines[last]
            line = self._text[start:end].strip()
            if line.startswith(fence) and not line.strip(fence[0]):
                return self._through("code", last + 1)
            last += 1
        return self._through("code", last)

    def _is_table(self) -> bool:
        rule = self._line(1)
        return "|" in self._line() and "-" in rule and self._short(_TABLE_RULE, rule) is not None

    def _table_end(self) -> int:
        at = self._at + 2
        while at < len(self._lines) and "|" in self._text[slice(*self._lines[at])]:
            at += 1
        return at

    def _item_end(self) -> int:
        at = self._at + 1
        while at < len(self._lines) and not self._begins_block(self._text[slice(*self._lines[at])]):
            at += 1
        return at

    def _begins_block(self, line: str) -> bool:
        return (
            not line.strip()
            or _ITEM.match(line) is not None
            or _FENCE.fullmatch(line) is not None
            or self._short(_ATX, line) is not None
        )

    def _paragraph(self) -> Iterator[Span]:
        at = self._at + 1
        while at < len(self._lines):
            line = self._text[slice(*self._lines[at])]
            under = self._short(_SETEXT, line)
            if under:
                level = 1 if under[1].startswith("=") else 2
                yield self._through("heading", at, level=level)
                self._at = at + 1
                return
            if self._begins_block(line):
                break
            at += 1
        yield self._through("paragraph", at)

    def _through(self, kind: SpanKind, stop: int, *, level: int = 0) -> Span:
        """Make one span of the lines up to `stop` and go on behind them."""
        stop = min(stop, len(self._lines))
        start, end = self._lines[self._at][0], self._lines[stop - 1][1]
        self._at = stop
        if kind == "code":
            return Span(start=start, end=start + len(self._text[start:end].rstrip()), kind=kind)
        return trimmed(self._text, start, end, kind=kind, level=level)
