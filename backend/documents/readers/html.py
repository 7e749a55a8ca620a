"""Reads web pages: their main text, without navigation and forms."""

from __future__ import annotations

from backend.documents.building import TextBuilder
from backend.documents.decoding import refuse_binary
from backend.documents.extracted import Extracted, Source
from backend.documents.html_text import add_html, declared_charset, page_title, parse_html
from backend.kit.decoding import decode

KIND = "html"
LABEL = "HTML"


def read(source: Source) -> Extracted:
    """Read headings, paragraphs, lists, tables and code, and the page's title."""
    data = source.path.read_bytes()
    page = decode(data, declared=declared_charset(data))
    refuse_binary(page)
    builder = TextBuilder(source.limits)
    root = parse_html(page)
    if root is None:
        return builder.build()
    add_html(builder, root)
    return builder.build(title=page_title(root))
