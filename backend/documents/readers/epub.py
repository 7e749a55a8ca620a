"""Reads EPUB books: the chapters in the order of the spine, their names as headings.

Format: https://www.w3.org/TR/epub-33/
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from backend.documents.building import TextBuilder
from backend.documents.extracted import Extracted, Source, Unreadable
from backend.documents.html_text import add_html, declared_charset, parse_html
from backend.documents.packed import Package, missing_note, open_package, resolve
from backend.documents.xml_parts import Element, parse_xml
from backend.kit.decoding import decode

KIND = "epub"
LABEL = "EPUB"

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_HEADINGS = ("h1", "h2", "h3")


def read(source: Source) -> Extracted:
    """Read every chapter once; raise Unreadable when the book is locked."""
    builder = TextBuilder(source.limits)
    with open_package(source.path, source.limits) as package:
        _refuse_locked(package)
        name = _book_part(package)
        book = parse_xml(package.read(name), name=name)
        names = _contents(package, name, book)
        chapters = list(_spine(name, book))
        note = missing_note(package, chapters, what="chapters")
        for chapter in filter(package.names.__contains__, chapters):
            data = package.read(chapter)
            root = parse_html(decode(data, declared=declared_charset(data)))
            if root is None:
                continue
            if chapter in names and next(root.iter(*_HEADINGS), None) is None:
                builder.add(names[chapter], "heading", level=1)
            add_html(builder, root)
    title = book.find("{*}metadata/{*}title")
    return builder.build(title=(title.text or "") if title is not None else "", note=note)


def _refuse_locked(package: Package) -> None:
    data = package.read_if_present(_ENCRYPTION)
    if data is None:
        return
    methods = parse_xml(data, name=_ENCRYPTION).iter("{*}EncryptionMethod")
    if any(method.get("Algorithm", "") not in _FONTS_ONLY for method in methods):
        raise Unreadable("The book is locked by its publisher (DRM).")


def _book_part(package: Package) -> str:
    root = parse_xml(package.read(_CONTAINER), name=_CONTAINER)
    for element in root.iter("{*}rootfile"):
        return resolve("", element.get("full-path", ""))
    msg = f"The file is damaged: {_CONTAINER} names no book."
    raise Unreadable(msg)


def _spine(name: str, book: Element) -> Iterator[str]:
    """Name the parts of all chapters, also of those that are missing."""
    hrefs = {item.get("id", ""): item.get("href", "") for item in book.iter("{*}item")}
    wanted = (hrefs.get(one.get("idref", ""), "") for one in book.iter("{*}itemref"))
    yield from dict.fromkeys(resolve(name, unquote(href)) for href in wanted if href)


def _contents(package: Package, name: str, book: Element) -> dict[str, str]:
    """Read the table of contents of EPUB 2 and 3: the first label of each chapter."""
    found: dict[str, str] = {}
    for item in book.iter("{*}item"):
        part = resolve(name, unquote(item.get("href", "")))
        if part not in package.names:
            continue
        if item.get("media-type", "") == "application/x-dtbncx+xml":
            links = _ncx_links(parse_xml(package.read(part), name=part))
        elif "nav" in item.get("properties", "").split():
            links = _nav_links(parse_html(decode(package.read(part))))
        else:
            continue
        for href, label in links:
            found.setdefault(resolve(part, unquote(href)), label)
    return found


def _ncx_links(root: Element) -> Iterator[tuple[str, str]]:
    for point in root.iter("{*}navPoint"):
        label, content = point.find("{*}navLabel/{*}text"), point.find("{*}content")
        if label is not None and content is not None:
            yield content.get("src", ""), " ".join((label.text or "").split())


def _nav_links(root: Element | None) -> Iterator[tuple[str, str]]:
    for link in root.iter("a") if root is not None else ():
        yield link.get("href", ""), " ".join("".join(link.itertext()).split())
