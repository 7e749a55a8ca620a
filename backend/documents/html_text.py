"""Reads the main text of an HTML document into blocks: for web pages, chapters of books and mails.

What only frames a page (navigation, forms, hidden parts) is left out, unless nothing else is there.
lxml is loaded when the first document needs it. Not for: tables of results pages and the like, which
`kit.html_scan` cuts into tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, cast

from backend.documents.building import TextBuilder
from backend.documents.extracted import Unreadable
from backend.documents.table_text import add_table
from backend.documents.xml_parts import Element, local_name, lxml_etree

_NEVER_TAGS = (
    "script style template noscript iframe object embed svg canvas head audio video map "
    "dialog select button input textarea datalist"
)
_NEVER = frozenset(_NEVER_TAGS.split())
_FRAMES = frozenset({"nav", "aside", "footer", "form"})
_FRAME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
_BLOCKS_TAGS = (
    "address article aside blockquote body center dd details div dl dt fieldset figcaption "
    "figure footer form header hr html legend li main nav ol p pre section summary table "
    "tbody td tfoot th thead tr ul h1 h2 h3 h4 h5 h6"
)
_BLOCKS = frozenset(_BLOCKS_TAGS.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INNER_PARTS = frozenset({"article", "section", "main", "blockquote", "figure"})
_HIDDEN_STYLE = re.compile(r"(display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE
)
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})""")
_LIMIT = "ERR_RESOURCE_LIMIT"
_HEAD_BYTES = 4096
_MAIN_SHARE = 0.4

Skip = Callable[[Element], bool]


def declared_charset(data: bytes) -> str:
    """Find the encoding that a page names for itself, empty when it names none."""
    head = data[:_HEAD_BYTES]
    found = _CHARSET.search(head) or _DECLARATION.search(head)
    return found[1].decode("ascii") if found else ""


def parse_html(text: str) -> Element | None:
    """Parse a page, mending it as far as possible; None when it holds nothing at all.

    libxml2 drops what lies deeper than it allows (2,048 levels here), which raises Unreadable.
    """
    etree = lxml_etree()
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(text.encode(errors="replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise Unreadable("The HTML is damaged: it cannot be read.") from exc
    if any(entry.type_name == _LIMIT for entry in parser.error_log):
        raise Unreadable("The HTML is nested too deeply to be read whole.")
    return cast("Element | None", tree)


def add_html(builder: TextBuilder, root: Element) -> None:
    """Add the main text of a page; all of its text when leaving out the frames leaves nothing."""
    before = builder.length
    _Walk(builder, _is_frame).walk(_main_part(root))
    if builder.length == before:
        _Walk(builder, _is_never).walk(root)


def page_title(root: Element) -> str:
    """Give the page's title element, else its first heading of the first level."""
    for path in (".//title", ".//h1"):
        found = root.find(path)
        if found is not None and (title := " ".join("".join(found.itertext()).split())):
            return title
    return ""


def _main_part(root: Element) -> Element:
    """Choose `main` or the only `article` when a good part of the page's text is in it."""
    for name in ("main", "article"):
        found = list(root.iter(name))
        if len(found) == 1 and _weight(found[0]) >= _MAIN_SHARE * _weight(root):
            return found[0]
    return root


def _weight(element: Element) -> int:
    return sum(
        len((part.text or "").strip()) for part in element.iter("p", "li", "td", "h1", "h2", "h3")
    )


def _is_never(element: Element) -> bool:
    name = local_name(element)
    return not name or name in _NEVER or _is_hidden(element)


def _is_hidden(element: Element) -> bool:
    return (
        element.get("hidden", "no") != "no"
        or element.get("aria-hidden", "") == "true"
        or _HIDDEN_STYLE.search(element.get("style", "")) is not None
    )


def _is_frame(element: Element) -> bool:
    if _is_never(element) or element.get("role", "") in _FRAME_ROLES:
        return True
    name = local_name(element)
    if name == "form":  # some sites put the whole page into one
        return next(element.iter("p", "article", "h1", "h2", "table"), None) is None
    if name in {"header", "footer"}:
        return next(element.iterancestors(*_INNER_PARTS), None) is None
    return name in _FRAMES


@dataclass(slots=True)
class _Walk:
    """One pass over a tree without recursion, which hostile depth would break."""

    builder: TextBuilder
    skip: Skip
    pending: list[str] = field(default_factory=list[str])
    open_blocks: list[str] = field(default_factory=list[str])
    pre: int = 0

    def walk(self, root: Element) -> None:
        """Add every block below the root."""
        events = _iterwalk(root)
        for event, element in events:
            if event == "end":
                self._close(element)
                self._text(element.tail if element is not root else None)
            elif self.skip(element) and element is not root:
                events.skip_subtree()
            elif local_name(element) == "table" and not _is_layout(element):
                self._flush()
                add_table(self.builder, table_rows(element, self.skip))
                events.skip_subtree()
            else:
                self._open(element)
        self._flush()

    def _open(self, element: Element) -> None:
        name = local_name(element)
        if name in _BLOCKS:
            self._flush()
            self.open_blocks.append(name)
            self.pre += name == "pre"
        elif name == "br":
            self.pending.append("\n")
        self._text(element.text)

    def _close(self, element: Element) -> None:
        name = local_name(element)
        if name in _BLOCKS and self.open_blocks and self.open_blocks[-1] == name:
            self._flush()
            self.open_blocks.pop()
            self.pre -= name == "pre"

    def _text(self, text: str | None) -> None:
        if text:
            self.pending.append(text if self.pre else re.sub(r"\s+", " ", text))

    def _flush(self) -> None:
        text = "".join(self.pending)
        self.pending.clear()
        if not text.strip():
            return
        inside = self.open_blocks[-1] if self.open_blocks else ""
        if self.pre:
            self.builder.add(text, "code")
            return
        lines = (" ".join(line.split()) for line in text.split("\n"))
        text = "\n".join(line for line in lines if line)
        if inside in _HEADINGS:
            self.builder.add(" ".join(text.split()), "heading", level=_HEADINGS[inside])
        elif "li" in self.open_blocks[-2:]:
            self.builder.add(f"- {text}", "list")
        else:
            self.builder.add(text)


def table_rows(table: Element, skip: Skip = _is_never) -> list[list[str]]:
    """Give the texts of a table's cells, row by row."""
    return [
        [_cell_text(cell, skip) for cell in row if local_name(cell) in {"td", "th"}]
        for row in table.iter("tr")
    ]


def _cell_text(cell: Element, skip: Skip) -> str:
    parts: list[str] = []
    events = _iterwalk(cell)
    for event, element in events:
        if event == "end":
            parts.append(element.tail or "" if element is not cell else "")
        elif element is not cell and skip(element):
            events.skip_subtree()
        else:
            spaced = element is not cell and local_name(element) in (_BLOCKS | {"br"})
            parts.extend((" " if spaced else "", element.text or ""))
    return "".join(parts)


def _is_layout(table: Element) -> bool:
    """Tell a table that arranges a page from one that holds data."""
    inside = table.iter("table", "h1", "h2", "h3", "pre", "ul", "ol", "form")
    return next(one for one in chain(inside, [None]) if one is not table) is not None


class _Events(Iterator[tuple[str, Element]]):
    """What is used of lxml's walk."""

    def skip_subtree(self) -> None:
        """Leave out what is inside the element that was just opened."""


def _iterwalk(root: Element) -> _Events:
    etree = lxml_etree()
    return cast("_Events", etree.iterwalk(cast("Any", root), events=("start", "end")))
