"""Reads one web page, PDF or text file at an address, in parts that can be cited.

Not for: finding addresses (`web_search`), or pages that only a browser with scripts can show.
"""

from __future__ import annotations

from pydantic import AliasChoices, Field

from backend.errors import ToolFailed, ToolRetry, ToolUnavailable
from backend.kit.plain_text import unmarked
from backend.kit.public_address import with_scheme
from backend.kit.text_pieces import pieces
from backend.ports.tools import (
    Services,
    Tool,
    ToolArgs,
    ToolContext,
    ToolOptions,
    ToolResult,
    Touch,
)
from backend.ports.values import Citation
from backend.ports.web import PageUnreadable, WebPage, WebReader

NAME = "web_fetch"
DESCRIPTION = (
    "Reads the text of one web page, PDF or text file at an address. Use it when the user gives an "
    "address, or to read a page that web_search found. Long pages come in parts: call again with "
    'start as told. Example: {"url": "https://example.org/news/today"}. '
    'Example for the next part: {"url": "https://example.org/report.pdf", "start": 8000}.'
)
TOUCHES: frozenset[Touch] = frozenset({"reads_outside"})


class Args(ToolArgs):
    """Which page, from where on."""

    url: str = Field(
        min_length=1,
        max_length=4_000,
        description="Address of the page, such as https://example.org/page.",
        validation_alias=AliasChoices(
            "url", "link", "address", "uri", "page", "href", "website", "webpage", "site", "input", "query"
        ),
    )  # fmt: skip
    start: int = Field(
        default=0,
        ge=0,
        le=10_000_000,
        description="Character to begin at; 0 for the beginning.",
        validation_alias=AliasChoices("start", "offset", "from", "position", "start_index"),
    )


class Options(ToolOptions):
    """How much of a page is shown at once, and how long one citable passage of it is."""

    max_chars: int = Field(default=8_000, ge=500, le=200_000)
    passage_chars: int = Field(default=1_000, ge=200, le=20_000)


class WebFetch:
    """Reads one page per call."""

    def __init__(self, options: Options, web: WebReader) -> None:
        self._options = options
        self._web = web

    async def run(self, args: Args, context: ToolContext) -> ToolResult:
        """Read it; ToolFailed when it cannot be had, ToolRetry when `start` lies behind its end."""
        url = with_scheme(args.url.strip("<>\"'` "))
        try:
            page = await self._web.read(url, owner=context.user_id)
        except PageUnreadable as exc:
            msg = f"{url[:300]} cannot be read. {exc}"
            raise ToolFailed(msg) from exc
        if args.start >= len(page.text):
            msg = f"the page has {len(page.text)} characters; start must be smaller than that."
            raise ToolRetry(msg)
        return self._result(page, start=args.start)

    def _result(self, page: WebPage, *, start: int) -> ToolResult:
        whole = pieces(page.text, size=self._options.max_chars, start=start)
        end = whole[0][1]
        spans = pieces(page.text, size=self._options.passage_chars, start=start, end=end)
        shown = [text for at, stop in spans if (text := page.text[at:stop].strip("\n"))]
        title = page.title or page.url
        cited = tuple(Citation(title=title, text=text, url=page.url) for text in shown)
        passages = [f"[{n}] {unmarked(text)}" for n, text in enumerate(shown, 1)]
        next_start = end if end < len(page.text) else None
        return ToolResult(
            text="\n".join([*_head(page), "", *passages, *_left_out(page, start, next_start)]),
            data={
                "url": page.url,
                "title": page.title,
                "date": page.date,
                "media_type": page.media_type,
                "chars": len(page.text),
                "start": start,
                "next_start": next_start,
            },
            citations=cited,
        )


def _head(page: WebPage) -> list[str]:
    pages = f", {page.pages} pages" if page.pages else ""
    date = f", dated {page.date}" if page.date else ""
    return [unmarked(page.title) or "(no title)", f"{page.url}{date}{pages}"]


def _left_out(page: WebPage, start: int, next_start: int | None) -> list[str]:
    """Say which part of a long page this is."""
    total = len(page.text)
    if next_start is None:
        return [f"(characters {start} to {total}, the end of the page)"] if start else []
    return [
        f"(characters {start} to {next_start} of {total}; {total - next_start} left out. "
        f"To read on, call again with start {next_start}.)"
    ]


def build(options: Options, services: Services) -> Tool:
    """Make the tool; ToolUnavailable on a server that reads no pages."""
    if services.web is None:
        msg = "this server reads no web pages"
        raise ToolUnavailable(msg)
    return WebFetch(options, services.web)
