"""Citation markers: numbering a run's passages, checking markers in answers, annotating them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from backend.kit.ids import new_id
from backend.ports.values import Citation, JsonObject

MARKER = re.compile(r"(?<![\w\])}])\[(\d{1,3})\](?!\()")
OPEN_MARKER = re.compile(r"\[\d{0,3}\Z")
FENCE = "```"


def number(text: str, citations: Sequence[Citation], *, known: list[Citation]) -> str:
    """Add a result's citations to the run's and give its text with the run's numbers.

    A result marks its own passages [1], [2] ...; they become [known + 1] and so on.
    """
    offset = len(known)
    known.extend(replace(one, id=one.id or new_id("cit")) for one in citations)

    def renumber(match: re.Match[str]) -> str:
        own = int(match[1])
        return f"[{own + offset}]" if 1 <= own <= len(citations) else match[0]

    return MARKER.sub(renumber, text)


class MarkerFilter:
    """Strip markers that point at nothing from streamed text, outside code fences.

    At most the last four characters are held back, and only when they may begin a marker.
    """

    def __init__(self, known: Sequence[Citation]) -> None:
        self._known = known
        self._held = ""
        self._before = ""
        self._in_code = False

    def feed(self, text: str) -> str:
        """Take a piece of text; give what can be shown."""
        text = self._held + text
        open_marker = OPEN_MARKER.search(text)
        cut = open_marker.start() if open_marker else len(text)
        self._held = text[cut:]
        return self._clean(text[:cut])

    def close(self) -> str:
        """Give what is still held."""
        held, self._held = self._held, ""
        return held

    def _clean(self, text: str) -> str:
        if "[" not in text and "`" not in text:
            self._before = text[-1:] or self._before
            return text
        parts = text.split(FENCE)
        for at, part in enumerate(parts):
            if not self._in_code:
                joined = MARKER.sub(self._keep, self._before + part)
                parts[at] = joined[len(self._before) :]
            if at < len(parts) - 1:
                self._in_code = not self._in_code
                self._before = ""
        self._before = text[-1:] or self._before
        return FENCE.join(parts)

    def _keep(self, match: re.Match[str]) -> str:
        return match[0] if 1 <= int(match[1]) <= len(self._known) else ""


def annotate(content: str, citations: Sequence[Citation], *, public_url: str) -> list[JsonObject]:
    """Give OpenAI `url_citation` annotations, one per marker in an answer.

    Indices are characters into `content`. A passage without an address of its own points at this
    server's citation resource.
    """
    found: list[JsonObject] = []
    for match in MARKER.finditer(content):
        at = int(match[1])
        if not 1 <= at <= len(citations):
            continue
        citation = citations[at - 1]
        url_citation: JsonObject = {
            "url": citation.url or f"{public_url}/api/citations/{citation.id}",
            "title": citation.title,
            "start_index": match.start(),
            "end_index": match.end(),
        }
        found.append({"type": "url_citation", "url_citation": url_citation})
    return found
