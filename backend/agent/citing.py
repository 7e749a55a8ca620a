"""Citation markers: numbering a run's passages, checking markers in answers, annotating them.

Code is left alone: `a[1]` in a fence or between backticks is an index, not a citation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend.kit.ids import new_id
from backend.ports.values import Citation, JsonObject

FENCE = "```"
CODE = r"```|`|\n"
ONE = re.compile(r"\[(\d{1,3})\]")
# "[1]" and "[1][2]", but no link "[1](url)". Behind an ASCII word it may be an index, `a[1]`: good
# enough to annotate when there is such a passage, not to strip or renumber.
RUN = r"(?:\[\d{1,3}\])+(?!\()"
SURE = re.compile(rf"{CODE}|(?<![A-Za-z0-9_\])}}]){RUN}")
LIKELY = re.compile(rf"{CODE}|(?<![\])}}]){RUN}")
UNDECIDED = re.compile(r"(?:(?:\[\d{1,3}\])*(?:\[\d{0,3}\]?)?|(?<!`)`{1,2})\Z")


def number(text: str, citations: Sequence[Citation], *, known: list[Citation]) -> str:
    """Add a result's citations to the run's and give its text with the run's numbers.

    A result marks its own passages [1], [2] ...; they become [known + 1] and so on.
    """
    offset = len(known)
    known.extend(replace(one, id=one.id or new_id("cit")) for one in citations)

    def renumber(match: re.Match[str]) -> str:
        own = int(match[1])
        return f"[{own + offset}]" if 1 <= own <= len(citations) else match[0]

    return SURE.sub(lambda found: ONE.sub(renumber, found[0]), text)


@dataclass(slots=True)
class Code:
    """Whether a text, read so far, stands within a code fence or between backticks."""

    fenced: bool = False
    quoted: bool = False

    def see(self, mark: str) -> bool:
        """Take a fence, a backtick or a line's end; tell whether it was one of them."""
        if mark == FENCE:
            self.fenced, self.quoted = not self.fenced, False
        elif mark == "`":
            self.quoted = not self.quoted and not self.fenced
        elif mark == "\n":
            self.quoted = False
        else:
            return False
        return True


class MarkerFilter:
    """Strip markers that point at nothing from streamed text, outside code.

    Only what may still become a marker or a fence is held back.
    """

    def __init__(self, known: Sequence[Citation]) -> None:
        self._known = known
        self._held = ""
        self._before = ""
        self._code = Code()

    def feed(self, text: str) -> str:
        """Take a piece of text; give what can be shown."""
        text = self._held + text
        undecided = UNDECIDED.search(text)
        cut = undecided.start() if undecided else len(text)
        self._held = text[cut:]
        return self._clean(text[:cut])

    def close(self) -> str:
        """Give what is still held."""
        held, self._held = self._held, ""
        return self._clean(held)

    def _clean(self, text: str) -> str:
        whole = self._before + text
        start = len(self._before)
        self._before = text[-1:] or self._before
        if "[" not in text and "`" not in text and "\n" not in text:
            return text
        kept: list[str] = []
        for match in SURE.finditer(whole, start):
            if self._code.see(match[0]) or self._code.fenced or self._code.quoted:
                continue
            kept += (whole[start : match.start()], ONE.sub(self._keep, match[0]))
            start = match.end()
        return "".join([*kept, whole[start:]])

    def _keep(self, match: re.Match[str]) -> str:
        return match[0] if 1 <= int(match[1]) <= len(self._known) else ""


def annotate(content: str, citations: Sequence[Citation], *, public_url: str) -> list[JsonObject]:
    """Give OpenAI `url_citation` annotations, one per marker in an answer.

    Indices are characters into `content`. A passage without an address of its own points at this
    server's citation resource.
    """
    found: list[JsonObject] = []
    for start, end, at in _markers(content) if citations else ():
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


def shifted(annotations: Sequence[JsonObject], chars: int) -> list[JsonObject]:
    """Move annotations by what a stream has shown before the answer itself."""
    if not chars:
        return list(annotations)
    spans = [dict[str, Any](one["url_citation"]) for one in annotations]
    for span in spans:
        span["start_index"] += chars
        span["end_index"] += chars
    return [{"type": "url_citation", "url_citation": span} for span in spans]


def _markers(content: str) -> Iterator[tuple[int, int, int]]:
    """Find each marker outside code: start, end, number."""
    code = Code()
    for run in LIKELY.finditer(content):
        if code.see(run[0]) or code.fenced or code.quoted:
            continue
        for one in ONE.finditer(content, run.start(), run.end()):
            yield one.start(), one.end(), int(one[1])
