"""What DOCX, PPTX and XLSX have in common: relationships between parts, and the document's title."""

from __future__ import annotations

from dataclasses import dataclass

from backend.documents.packed import Package, resolve
from backend.documents.xml_parts import Element, parse_xml


@dataclass(frozen=True, slots=True)
class Relation:
    """One arrow from a part to another: its id, the last word of its type, and where it points."""

    id: str
    type: str
    target: str


def relations(package: Package, part: str) -> list[Relation]:
    """List where a part points to inside the package."""
    folder, _, name = part.rpartition("/")
    rels = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
    data = package.read_if_present(rels)
    if data is None:
        return []
    return [
        Relation(
            element.get("Id", ""),
            element.get("Type", "").rpartition("/")[2],
            resolve(part, element.get("Target", "")),
        )
        for element in parse_xml(data, name=rels).findall("{*}Relationship")
        if element.get("TargetMode", "") != "External"
    ]


def main_part(package: Package, *, usual: str) -> str:
    """Find the part that holds the document."""
    found = (one.target for one in relations(package, "") if one.type == "officeDocument")
    return next(found, usual)


def core_title(package: Package) -> str:
    """Give the title among the document's properties."""
    name = "docProps/core.xml"
    data = package.read_if_present(name)
    element = parse_xml(data, name=name).find("{*}title") if data else None
    return (element.text or "").strip() if element is not None else ""


def value(element: Element | None, name: str = "val") -> str:
    """Give an attribute in whatever namespace it stands, empty when there is none."""
    if element is None:
        return ""
    for key, given in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return given
    return ""
