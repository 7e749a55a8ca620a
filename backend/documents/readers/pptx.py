"""Reads PowerPoint presentations: each slide is a page with its title, texts, tables and notes."""

from __future__ import annotations

from collections.abc import Iterator

from backend.documents.building import TextBuilder
from backend.documents.extracted import Extracted, Source
from backend.documents.office import core_title, main_part, relations
from backend.documents.packed import Package, missing_note, open_package
from backend.documents.table_text import add_table
from backend.documents.xml_parts import Element, local_name, parse_xml

KIND = "pptx"
LABEL = "PowerPoint (PPTX)"

_TITLES = frozenset({"title", "ctrTitle"})
_DECORATION = frozenset({"dt", "ftr", "sldNum", "hdr", "sldImg"})
_GRAPHIC_PARTS = frozenset({"diagramData", "chart"})


def read(source: Source) -> Extracted:
    """Read the slides in the order they are shown."""
    builder = TextBuilder(source.limits)
    with open_package(source.path, source.limits) as package:
        slides = _slides(package)
        for name in slides:
            builder.start_page()
            if name in package.names:
                _add_slide(builder, package, name)
        title = core_title(package)
        note = missing_note(package, slides, what="slides")
    if title.lower() in {"", "powerpoint presentation"}:
        title = builder.first_heading
    return builder.build(title=title, note=note)


def _slides(package: Package) -> list[str]:
    """Name the parts of all slides, also of those that are missing."""
    main = main_part(package, usual="ppt/presentation.xml")
    targets = {one.id: one.target for one in relations(package, main) if one.type == "slide"}
    listed = parse_xml(package.read(main), name=main).findall("{*}sldIdLst/{*}sldId")
    ids = (_relation_id(element) for element in listed)
    return [targets.get(one, "") for one in ids]


def _relation_id(element: Element) -> str:
    keys = (key for key in element.attrib if key.startswith("{") and key.endswith("}id"))
    return element.attrib.get(next(keys, ""), "")


def _add_slide(builder: TextBuilder, package: Package, name: str) -> None:
    shapes = list(_shapes(parse_xml(package.read(name), name=name)))
    for shape in sorted(shapes, key=lambda shape: _place(shape) not in _TITLES):
        _add_shape(builder, shape)
    around = relations(package, name)
    for part in (one.target for one in around if one.type in _GRAPHIC_PARTS):
        if part in package.names:
            _add_graphic(builder, parse_xml(package.read(part), name=part))
    for part in (one.target for one in around if one.type == "notesSlide"):
        if part in package.names:
            _add_notes(builder, parse_xml(package.read(part), name=part))


def _shapes(root: Element) -> Iterator[Element]:
    for element in root.iter("{*}sp", "{*}graphicFrame"):
        if _place(element) not in _DECORATION:
            yield element


def _place(shape: Element) -> str:
    """Give the kind of placeholder, `body` for one without a kind, empty for other shapes."""
    found = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
    return found.get("type", "body") if found is not None else ""


def _add_shape(builder: TextBuilder, shape: Element) -> None:
    for table in shape.iter("{*}tbl"):
        rows = [[_text(cell) for cell in row.findall("{*}tc")] for row in table.findall("{*}tr")]
        add_table(builder, rows)
    body = shape.find("{*}txBody")
    if body is None:
        return
    if _place(shape) in _TITLES:
        builder.add(" ".join(_text(body).split()), "heading", level=1)
        return
    texts = [text for part in body.findall("{*}p") if (text := _text(part).strip())]
    listed = _place(shape) == "body" and len(texts) > 1
    for text in texts:
        builder.add(f"- {text}" if listed else text, "list" if listed else "paragraph")


def _add_notes(builder: TextBuilder, root: Element) -> None:
    texts = [_text(shape).strip() for shape in root.iter("{*}sp") if _place(shape) == "body"]
    notes = "\n".join(filter(None, texts))
    if notes:
        builder.add(f"Notes: {notes}")


def _add_graphic(builder: TextBuilder, root: Element) -> None:
    """Add the words of a diagram, or the labels and values of a chart."""
    words = [" ".join((part.text or "").split()) for part in root.iter("{*}t", "{*}v")]
    builder.add(" | ".join(filter(None, words)), "table")


def _text(element: Element) -> str:
    parts: list[str] = []
    for part in element.iter("{*}p", "{*}t", "{*}br", "{*}tab"):
        name = local_name(part)
        if name == "t":
            parts.append(part.text or "")
        else:
            parts.append("\t" if name == "tab" else "\n")
    return "".join(parts).strip("\n")
