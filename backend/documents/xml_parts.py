"""Parses the XML inside office files safely: no entities, no network, no trees of any size.

lxml is loaded when the first document needs it. Not for: HTML (`html_text`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Protocol, cast

from backend.documents.extracted import Unreadable


class Element(Protocol):
    """What readers use of an lxml element; comments have a `tag` that is no string."""

    tag: Any
    text: str | None
    tail: str | None

    @property
    def attrib(self) -> Mapping[str, str]:
        """Give all attributes."""
        ...

    def get(self, key: str, default: str = ..., /) -> str:
        """Give an attribute."""
        ...

    def iter(self, *tags: str) -> Iterator[Element]:
        """Walk it and everything below, in document order."""
        ...

    def itertext(self, *tags: str) -> Iterator[str]:
        """Walk the texts below, in document order."""
        ...

    def iterancestors(self, *tags: str) -> Iterator[Element]:
        """Walk everything above, from the inside."""
        ...

    def getparent(self) -> Element | None:
        """Give the element around it."""
        ...

    def find(self, path: str, /) -> Element | None:
        """Give the first that fits."""
        ...

    def findall(self, path: str, /) -> list[Element]:
        """Give all that fit."""
        ...

    def __iter__(self) -> Iterator[Element]: ...

    def __len__(self) -> int: ...


_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "huge_tree": False,
    "load_dtd": False,
    "dtd_validation": False,
}


def lxml_etree() -> Any:  # noqa: ANN401 - a compiled module without types
    """Load lxml."""
    from lxml import etree  # noqa: PLC0415 - lazy: document readers  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

    return cast("Any", etree)


def parse_xml(data: bytes, *, name: str) -> Element:
    """Parse one part; raise Unreadable with its name when it is broken."""
    etree = lxml_etree()
    try:
        parser = etree.XMLParser(remove_comments=True, remove_pis=True, **_SAFE)
        return cast("Element", etree.fromstring(data, parser))
    except etree.XMLSyntaxError as exc:
        raise _broken(name) from exc


def stream_blocks(stream: BinaryIO, *, tags: Sequence[str], name: str) -> Iterator[Element]:
    """Yield the outermost elements with these tags as they are read; each is forgotten afterwards.

    So a part of any length needs the memory of its largest block.
    """
    etree = lxml_etree()
    depth = 0
    events = cast(
        "Iterator[tuple[str, Element]]",
        etree.iterparse(
            stream,
            events=("start", "end"),
            tag=tags,
            remove_comments=True,
            remove_pis=True,
            **_SAFE,
        ),
    )
    try:
        for event, element in events:
            if event == "start":
                depth += 1
                continue
            depth -= 1
            if depth == 0:
                yield element
                _forget(element)
    except etree.XMLSyntaxError as exc:
        raise _broken(name) from exc


def local_name(element: Element) -> str:
    """Give the tag without its namespace, empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _forget(element: Element) -> None:
    cast("Any", element).clear(keep_tail=True)
    parent = element.getparent()
    if parent is not None:
        siblings = cast("Any", parent)
        while len(siblings) > 1:  # what stands before is done with
            del siblings[0]


def _broken(name: str) -> Unreadable:
    return Unreadable(f"The file is damaged: its part {name} is not valid XML.")
