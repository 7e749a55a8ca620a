"""Citations of a run: numbering the passages its tools bring, annotating the answer's markers.

Not for: markers while the answer streams (`markers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, cast

from backend.agent.markers import ONE, SURE, markers
from backend.kit.ids import new_id
from backend.ports.values import ChatMessage, Citation, JsonObject


def number(text: str, citations: Sequence[Citation], *, known: list[Citation]) -> str:
    """Add a result's citations to the run's and give its text with the run's numbers.

    A result marks its own passages [1], [2] ...; they become [known + 1] and so on. A passage that
    the run has already keeps the number it has.
    """
    numbers = {one.id: at for at, one in enumerate(known, 1)}
    mine: list[str] = []
    for one in citations:
        if one.id not in numbers:
            known.append(replace(one, id=one.id or new_id("cit")))
            numbers[known[-1].id] = len(known)
        mine.append(f"[{numbers[one.id or known[-1].id]}]")
    return SURE.sub(
        lambda found: ONE.sub(
            lambda own: mine[int(own[1]) - 1] if 1 <= int(own[1]) <= len(mine) else own[0], found[0]
        ),
        text,
    )


def annotate(content: str, citations: Sequence[Citation], *, public_url: str) -> list[JsonObject]:
    """Give OpenAI `url_citation` annotations, one per marker in an answer.

    Indices are characters into `content`. A passage without an address of its own points at this
    server's citation resource.
    """
    found: list[JsonObject] = []
    for start, end, at in markers(content) if citations else ():
        if not 1 <= at <= len(citations):
            continue
        citation = citations[at - 1]
        url_citation: JsonObject = {
            "url": citation.url or f"{public_url}/api/citations/{citation.id}",
            "title": citation.title,
            "start_index": start,
            "end_index": end,
        }
        found.append({"type": "url_citation", "url_citation": url_citation})
    return found


def lightened(
    content: str, citations: Sequence[Citation], *, beside: AbstractSet[str]
) -> list[Citation]:
    """Give citations without the text of those of `beside` that the answer does not cite.

    An attached document is all citations: their places are kept, since the numbers count them.
    """
    cited = {at for _, _, at in markers(content)}
    return [
        replace(one, text="") if one.id in beside and at not in cited else one
        for at, one in enumerate(citations, 1)
    ]


def shifted(annotations: Sequence[JsonObject], chars: int) -> list[JsonObject]:
    """Move annotations by what a stream has shown before the answer itself."""
    if not chars:
        return list(annotations)
    spans = [dict[str, Any](one["url_citation"]) for one in annotations]
    for span in spans:
        span["start_index"] += chars
        span["end_index"] += chars
    return [{"type": "url_citation", "url_citation": span} for span in spans]


def without_markers(message: ChatMessage) -> ChatMessage:
    """Give an annotated message without what its annotations span, and without them."""
    annotations, content = message.get("annotations"), message.get("content")
    if annotations is None or not isinstance(content, str):
        return message
    for start, end in sorted(filter(None, map(_span, annotations)), reverse=True):
        content = content[:start].removesuffix(" ") + content[end:]
    bare: ChatMessage = {**message, "content": content}
    del bare["annotations"]
    return bare


def _span(annotation: JsonObject) -> tuple[int, int] | None:
    """Read where an annotation stands; a client may send anything here."""
    found: object = annotation.get("url_citation")
    if not isinstance(found, dict):
        return None
    named = cast("JsonObject", found)
    start, end = named.get("start_index"), named.get("end_index")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end:
        return start, end
    return None
