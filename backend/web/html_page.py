"""Finds the text of an HTML page, its title and its date; runs in the bounded child process.

trafilatura leaves out what only frames a page. What it cannot take (too large, too deep, no page
around it) is read as plain text between tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from trafilatura import bare_extraction

from backend.kit.html_scan import Tag, Text, scan

# Above this it needs more than ten seconds and 500 MB.
_MAX_TREE_CHARS = 3_000_000
_MAX_TREE_TAGS = 150_000
_LITTLE_CHARS = 250
_SHOWN_BY_SCRIPTS_CHARS = 200
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
_CELL_END = re.compile(r" \|[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_PILCROW = re.compile(r"\s*[¶§](?=\s*$)", re.MULTILINE)
_NOSCRIPT = re.compile(
    r"<noscript[^>]{0,200}>[^<]{0,20}(?:<(?!/noscript)[^<]{0,500}){0,10}", re.IGNORECASE
)
_EMPTY_ROOT = re.compile(
    r"<(?:div|main|app-root)[^>]{0,200}?(?:id=[\"']?(?:root|app|__next|__nuxt|main|svelte)\b[^>]{0,200})?>"
    r"\s*</(?:div|main|app-root)>",
    re.IGNORECASE,
)
_BLOCKS = frozenset(
    [
        "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "h1", "h2", "h3", "h4", "h5",
        "h6", "header", "footer", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
    ]
)  # fmt: skip
_CELLS = frozenset({"td", "th"})


@dataclass(slots=True)
class FoundText:
    """What a page says."""

    text: str
    title: str = ""
    date: str = ""
    needs_scripts: bool = False


def read_html(markup: str, *, url: str) -> FoundText:
    """Read a page; `text` is Markdown where the page has headings, lists, tables or code."""
    plain = _Plain()
    small = len(markup) <= _MAX_TREE_CHARS and markup.count("<") <= _MAX_TREE_TAGS
    found = _main_text(markup, url=url) if small else None
    if found is None or len(found.text) < _LITTLE_CHARS:
        plain.read(markup)
        whole = plain.text
        if found is None:
            found = FoundText(whole)
        elif len(whole) > 2 * len(found.text):
            found.text = whole
        found.title = found.title or plain.title
    shown = found.text if found.text != found.title else ""
    if len(shown) < _SHOWN_BY_SCRIPTS_CHARS and plain.scripts:
        found.needs_scripts = not shown or _says_so(markup)
    return found


def _main_text(markup: str, *, url: str) -> FoundText | None:
    settings: dict[str, Any] = {"extensive_search": False, "original_date": True}
    document = bare_extraction(
        markup,
        url=url,
        include_formatting=True,
        include_comments=True,
        include_tables=True,
        with_metadata=True,
        date_extraction_params=settings,
    )
    if document is None or isinstance(document, dict):
        return None
    text = "\n\n".join(part for part in (document.text, document.comments) if part)
    title = _PILCROW.sub("", document.title or "")
    return FoundText(_tidied(text), title=title, date=document.date or "")


def _tidied(text: str) -> str:
    """Take Markdown's escapes back outside code, and what generators hang on headings."""
    parts = text.split("```")
    for at in range(0, len(parts), 2):
        prose = _PILCROW.sub("", _ESCAPED.sub(r"\1", parts[at]))
        prose = _BLANK_LINES.sub("\n\n", _CELL_END.sub(" |", prose))
        parts[at] = "\n\n" + prose.lstrip("\n") if at else prose
    return "```".join(parts).strip()


def _says_so(markup: str) -> bool:
    """Tell a page that asks for JavaScript, or holds nothing but a place for scripts to fill."""
    told = any("javascript" in found[0].lower() for found in _NOSCRIPT.finditer(markup))
    return told or _EMPTY_ROOT.search(markup) is not None


@dataclass(slots=True)
class _Plain:
    """All text between tags, blocks on lines of their own."""

    title: str = ""
    scripts: int = 0
    parts: list[str] = field(default_factory=list[str])

    def read(self, markup: str) -> None:
        """Read the whole page."""
        in_title = False
        for token in scan(markup):
            if isinstance(token, Tag):
                in_title = token.name == "title" and not token.closing
                self._tag(token)
            elif in_title and not self.title:
                self.title = " ".join(token.text.split())
            elif not in_title:
                self._text(token)

    @property
    def text(self) -> str:
        """The lines with something in them."""
        lines = (" ".join(line.split()) for line in "".join(self.parts).splitlines())
        return "\n".join(line for line in lines if line)

    def _tag(self, tag: Tag) -> None:
        self.scripts += tag.name == "script" and not tag.closing
        if tag.name in _BLOCKS:
            self.parts.append("\n")
        elif tag.name in _CELLS:
            self.parts.append(" ")

    def _text(self, text: Text) -> None:
        self.parts.append(text.text)
