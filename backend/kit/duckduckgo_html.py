"""Reads the result page of DuckDuckGo's version without scripts, https://html.duckduckgo.com/html/.

Not for: fetching it. Advertisements are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from backend.kit.html_scan import Tag, Text, scan


@dataclass(slots=True)
class RawResult:
    """One result as it stands on the page; `url` is still unchecked."""

    url: str
    title: list[str] = field(default_factory=list[str])
    snippet: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """What the page holds; `blocked` means it asks for proof of being human."""

    results: tuple[RawResult, ...]
    said_no_results: bool
    blocked: bool


def read_page(markup: str) -> ResultPage:
    """Parse a page, whatever it is; markers count only as class names, which a query cannot forge."""
    reader = _Reader()
    for token in scan(markup):
        reader.read(token)
    return ResultPage(
        results=tuple(reader.results),
        said_no_results="no-results" in reader.classes,
        blocked=any(name.startswith("anomaly-modal") for name in reader.classes),
    )


def target(href: str) -> str:
    """Take the real address out of a `//duckduckgo.com/l/?uddg=` link; advertisements give none."""
    parts = urlsplit(href)
    own = not parts.netloc or parts.netloc.endswith("duckduckgo.com")
    if own and parts.path.startswith("/l/"):
        return next(iter(parse_qs(parts.query).get("uddg", [])), "")
    if own and parts.path.startswith("/y.js"):
        return ""
    return href


class _Reader:
    """Collects links of class `result__a` and the `result__snippet` that follows each."""

    def __init__(self) -> None:
        self.results: list[RawResult] = []
        self.classes: set[str] = set()
        self._into: list[str] | None = None
        self._open_tag = ""
        self._depth = 0

    def read(self, token: Text | Tag) -> None:
        """Take the next token of the page."""
        if isinstance(token, Text):
            if self._into is not None:
                self._into.append(token.text)
        elif token.closing:
            self._close(token)
        else:
            self._open(token)

    def _open(self, tag: Tag) -> None:
        classes = tag.attributes.get("class", "").split()
        self.classes.update(classes)
        if self._into is not None:
            self._depth += tag.name == self._open_tag
        elif "result__a" in classes:
            self.results.append(RawResult(url=_target(tag.attributes.get("href", ""))))
            self._collect(tag, self.results[-1].title)
        elif "result__snippet" in classes and self.results:
            self._collect(tag, self.results[-1].snippet)

    def _close(self, tag: Tag) -> None:
        if self._into is not None and tag.name == self._open_tag:
            self._depth -= 1
            self._into = self._into if self._depth else None

    def _collect(self, tag: Tag, into: list[str]) -> None:
        self._into, self._open_tag, self._depth = into, tag.name, 1


def _target(href: str) -> str:
    try:
        return target(href)
    except ValueError:
        return ""
