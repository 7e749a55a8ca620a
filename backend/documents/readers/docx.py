"""Reads Word documents: headings, paragraphs, lists and tables in reading order, then footnotes.

The parts are read as a stream, because a document of 400,000 paragraphs took python-docx 11 s.
Format: ECMA-376, https://ecma-international.org/publications-and-standards/standards/ecma-376/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from backend.documents.building import TextBuilder
from backend.documents.extracted import Extracted, Source
from backend.documents.office import core_title, main_part, value
from backend.documents.packed import Package, open_package
from backend.documents.table_text import add_table
from backend.documents.xml_parts import Element, local_name, parse_xml, stream_blocks

KIND = "docx"
LABEL = "Word (DOCX)"

_BLOCKS = ("{*}p", "{*}tbl")
_HEADING_NAME = re.compile(r"heading (\d)")
_MARGINS = re.compile(r"word/(header|footer)\d*\.xml")
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
_SKIPPED = frozenset({
    "pPr",
    "rPr",
    "del",
    "moveFrom",
    "Fallback",
    "delText",
    "instrText",
    "rt",
    "sectPr",
    "tblPr",
})
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_MAX_STYLE_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """What a paragraph style says of its paragraphs: a heading's level, 0 for none."""

    level: int = 0
    title: bool = False
    listed: bool = False


_PLAIN = _Style()


def read(source: Source) -> Extracted:
    """Read the main part, then running heads and notes."""
    builder = TextBuilder(source.limits)
    with open_package(source.path, source.limits) as package:
        reading = _Reading(builder, _styles(package))
        reading.part(package, main_part(package, usual="word/document.xml"))
        for name in _NOTES:
            if name in package.names:
                reading.part(package, name)
        _add_margins(builder, package)
        title = core_title(package) or reading.title or builder.first_heading
    return builder.build(title=title)


class _Reading:
    """Adds the blocks of one document to its text."""

    def __init__(self, builder: TextBuilder, styles: dict[str, _Style]) -> None:
        self._builder = builder
        self._styles = styles
        self.title = ""

    def part(self, package: Package, name: str) -> None:
        """Add a part of the document."""
        with package.stream(name) as stream:
            for element in stream_blocks(stream, tags=_BLOCKS, name=name):
                if local_name(element) == "p":
                    self._paragraph(element)
                else:
                    add_table(self._builder, [list(_row(row)) for row in _inside(element, "tr")])

    def _paragraph(self, element: Element) -> None:
        text = paragraph_text(element)
        if not text or text.isspace():
            return
        style = self._style(element.find("{*}pPr"))
        if style.title and not self.title:
            self.title = text
        if style.level:
            self._builder.add(" ".join(text.split()), "heading", level=style.level)
        elif style.listed:
            self._builder.add(f"- {text.strip()}", "list")
        else:
            self._builder.add(text)

    def _style(self, properties: Element | None) -> _Style:
        if properties is None:
            return _PLAIN
        said = {local_name(child): child for child in properties}
        style = self._styles.get(value(said.get("pStyle")), _PLAIN)
        if "outlineLvl" in said:
            style = replace(style, level=_outline(said["outlineLvl"]) or style.level)
        return replace(style, listed=_is_listed(said["numPr"])) if "numPr" in said else style


def paragraph_text(element: Element) -> str:
    """Join the runs of a paragraph as they are shown, without what was deleted."""
    parts: list[str] = []
    _collect(element, parts)
    return "".join(parts)


def _collect(element: Element, parts: list[str]) -> None:
    """Gather text; the parser bounds the depth."""
    for child in element:
        name = local_name(child)
        if name == "t":
            parts.append(child.text or "")
        elif name in _BREAKS:
            parts.append(_BREAKS[name])
        elif name not in _SKIPPED:
            if name == "p":  # a text box
                parts.append("\n")
            _collect(child, parts)


def _row(row: Element) -> Iterator[str]:
    for cell in _inside(row, "tc"):
        yield "\n".join(paragraph_text(part) for part in cell.iter("{*}p"))


def _inside(element: Element, name: str) -> list[Element]:
    """List children with a name, also those wrapped in content controls."""
    direct = element.findall(f"{{*}}{name}")
    wrapped = element.findall(f"{{*}}sdt/{{*}}sdtContent/{{*}}{name}")
    return [*direct, *wrapped]


def _outline(element: Element | None) -> int:
    level = value(element)
    return int(level) + 1 if level.isdecimal() and int(level) < 9 else 0


def _is_listed(numbering: Element) -> bool:
    number = numbering.find("{*}numId")
    return number is not None and value(number) not in {"", "0"}


def _styles(package: Package) -> dict[str, _Style]:
    data = package.read_if_present("word/styles.xml")
    if data is None:
        return {}
    elements = {
        value(element, "styleId"): element
        for element in parse_xml(data, name="word/styles.xml").findall("{*}style")
    }
    return {name: _resolved(name, elements) for name in elements}


def _resolved(name: str, elements: dict[str, Element]) -> _Style:
    """Follow a style to those it is based on, until one says what it is."""
    level, listed, title = 0, False, False
    for _ in range(_MAX_STYLE_STEPS):
        element = elements.get(name)
        if element is None:
            break
        shown = value(element.find("{*}name")).lower()
        found = _HEADING_NAME.fullmatch(shown)
        title = title or shown == "title"
        listed = listed or (shown.startswith("list ") and shown != "list paragraph")
        outline = _outline(element.find("{*}pPr/{*}outlineLvl"))
        level = level or (int(found[1]) if found else outline) or int(shown == "title")
        name = value(element.find("{*}basedOn"))
    return _Style(level=level, title=title, listed=listed)


def _add_margins(builder: TextBuilder, package: Package) -> None:
    """Add what stands above and below the pages, each text once."""
    seen: dict[str, None] = {}
    for name in sorted(filter(_MARGINS.fullmatch, package.names)):
        for element in parse_xml(package.read(name), name=name).iter("{*}p"):
            seen.setdefault(" ".join(paragraph_text(element).split()))
    for text in seen:
        if any(char.isalpha() for char in text):
            builder.add(text)
