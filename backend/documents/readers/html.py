"""Reads web pages: their main text, without navigation and forms."""

from __future__ import annotations

from backend.documents.building import TextBuilder
from backend.documents.extracted import Extracted, Source
from backend.documents.html_text import add_html, declared_charset, page_title, parse_html
from backend.kit.decoding import decode

KIND = "html"
LABEL = "HTML"


def read(source: Source) -> Extracted:
    """Read headings, paragraphs, lists, tables and code, and the page's title."""
    data = source.path.read_bytes()
    builder = TextBuilder(source.limits)
    root = parse_html(decode(data, declared=declared_charset(data)))
    if root is None:
        return builder.build()
    add_html(builder, root)
    return builder.build(title=page_title(root))
