"""Looks things up in Wikipedia: an article's introduction, one of its sections, or a search.

Not for: the open web (`web_search`), or reading pages outside Wikipedia.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import AliasChoices, Field

from backend.errors import ToolFailed, ToolRetry
from backend.kit.http import FetchError, FetchLimits
from backend.kit.mediawiki import Wiki, WikiPage, find_section, is_busy, sections
from backend.kit.patient_http import PatientHttp
from backend.kit.plain_text import shorten
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

NAME = "wikipedia"
DESCRIPTION = (
    "Looks up people, places, events, science and history in Wikipedia. Use it for lasting facts; "
    "use web_search for news and prices. Give the article title as query; if you do not know the "
    'title, set action to "search" first. Example: {"query": "Marie Curie"}. '
    'Example for one section: {"query": "Marie Curie", "action": "section", "section": "Death"}.'
)
TOUCHES: frozenset[Touch] = frozenset({"reads_outside"})

_LANGUAGE = re.compile(r"[a-z]{2,12}(-[a-z]{2,12}){0,2}")
_OPTIONS_SHOWN = 25


class Args(ToolArgs):
    """What to look up."""

    query: str = Field(
        description="Article title, or the words to search for.",
        min_length=1,
        max_length=300,
        validation_alias=AliasChoices(
            "query", "q", "title", "page", "topic", "search_query", "search", "input", "entity"
        ),
    )
    action: Literal["summary", "search", "section"] = Field(
        default="summary",
        description="summary: the introduction; search: list articles; section: one section's text.",
        validation_alias=AliasChoices("action", "mode", "operation"),
    )
    section: str = Field(
        default="",
        max_length=200,
        description="Heading of the wanted section, only for action section.",
        validation_alias=AliasChoices("section", "heading", "section_title"),
    )
    language: str = Field(
        default="",
        description="Language code such as en, de or fr; empty means the default.",
        max_length=40,
        validation_alias=AliasChoices("language", "lang"),
    )
    max_results: int = Field(
        default=5,
        ge=1,
        le=20,
        description="How many articles a search lists.",
        validation_alias=AliasChoices("max_results", "limit", "results", "n", "num_results"),
    )


class Options(ToolOptions):
    """Where Wikipedia is and how much of it is read; `{language}` in the address is filled in."""

    base_url: str = Field(default="https://{language}.wikipedia.org", pattern=r"^https?://[^\s/]+$")
    language: str = Field(default="en", pattern=rf"^{_LANGUAGE.pattern}$")
    contact: str = Field(default="", max_length=200, pattern=r"^[\x20-\x7e]*$")
    timeout_s: float = Field(default=15.0, gt=0, le=120)
    backoff_s: float = Field(default=1.0, ge=0, le=60)
    max_lag_s: int = Field(default=5, ge=1, le=60)
    max_answer_bytes: int = Field(default=4_000_000, ge=10_000)
    max_passage_chars: int = Field(default=4_000, ge=200, le=50_000)


class Wikipedia:
    """Reads one Wikipedia per call, in the language asked for."""

    def __init__(self, options: Options, services: Services) -> None:
        self._options = options
        limits = FetchLimits(timeout_s=options.timeout_s, max_bytes=options.max_answer_bytes)
        pause_s = options.backoff_s
        self._http = PatientHttp(
            services.http, services.clock, limits=limits, backoff_s=pause_s, is_busy=is_busy
        )
        # https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
        contact = options.contact or "no contact given"
        self._user_agent = f"Steward/0.1 (self-hosted agent server; {contact})"

    async def run(self, args: Args, context: ToolContext) -> ToolResult:  # noqa: ARG002 - the port's signature
        """Look it up; ToolRetry names similar titles or the sections there are."""
        wiki = self._wiki(args.language)
        try:
            if args.action == "search":
                return await self._search(wiki, args)
            if args.action == "section" or args.section:
                return await self._section(wiki, args)
            return await self._summary(wiki, args)
        except FetchError as exc:
            msg = f"Wikipedia cannot be read now: {exc}."
            raise ToolFailed(msg) from exc

    def _wiki(self, asked: str) -> Wiki:
        language = asked.casefold() or self._options.language
        if not _LANGUAGE.fullmatch(language):
            msg = 'language must be a code such as "en", "de" or "zh-min-nan".'
            raise ToolRetry(msg)
        return Wiki(
            self._http,
            root_url=self._options.base_url.replace("{language}", language),
            user_agent=self._user_agent,
            max_lag_s=self._options.max_lag_s,
        )

    async def _search(self, wiki: Wiki, args: Args) -> ToolResult:
        found = await wiki.search(args.query, limit=args.max_results)
        if not found.hits:
            raise ToolRetry(_nothing(args.query, found.suggestion))
        lines = [f"[{n}] {hit.title} - {hit.snippet}" for n, hit in enumerate(found.hits, 1)]
        results = [{"title": hit.title, "snippet": hit.snippet} for hit in found.hits]
        cited = [
            Citation(title=hit.title, text=hit.snippet, url=wiki.page_url(hit.title))
            for hit in found.hits
        ]
        text = "\n".join([*lines, "Call again with one of these titles to read it."])
        return ToolResult(text=text, data={"results": results}, citations=tuple(cited))

    async def _summary(self, wiki: Wiki, args: Args) -> ToolResult:
        page = await self._page(wiki, args.query, whole=False)
        if page.ambiguous:
            return await self._choices(wiki, page)
        return self._passage(wiki, page, heading="", text=page.text)

    async def _section(self, wiki: Wiki, args: Args) -> ToolResult:
        page = await self._page(wiki, args.query, whole=True)
        if page.ambiguous:
            return await self._choices(wiki, page)
        found = find_section(page.text, args.section)
        if found is not None:
            return self._passage(wiki, page, heading=found[0], text=found[1])
        names = "; ".join(name for name, passage in sections(page.text)[1:] if passage)
        msg = f'"{page.title}" has no section "{args.section}". Its sections: {names or "none"}.'
        raise ToolRetry(shorten(msg, 2_000))

    async def _page(self, wiki: Wiki, title: str, *, whole: bool) -> WikiPage:
        page = await wiki.page(title, whole=whole)
        if page is not None:
            return page
        found = await wiki.search(title, limit=5)
        names = [hit.title for hit in found.hits]
        same = next((name for name in names if name.casefold() == title.casefold()), None)
        if same and (page := await wiki.page(same, whole=whole)):
            return page
        raise ToolRetry(_nothing(title, found.suggestion, *names))

    async def _choices(self, wiki: Wiki, page: WikiPage) -> ToolResult:
        names = (await wiki.links(page.title))[:_OPTIONS_SHOWN]
        listed = "\n".join(f"- {name}" for name in names)
        cited = Citation(title=page.title, text=listed, url=wiki.page_url(page.title))
        intro = f'"{page.title}" can mean several articles [1]:'
        text = f"{intro}\n{listed}\nCall again with the title that fits."
        data = {"title": page.title, "disambiguation": True, "options": list(names)}
        return ToolResult(text=text, data=data, citations=(cited,))

    def _passage(self, wiki: Wiki, page: WikiPage, *, heading: str, text: str) -> ToolResult:
        cut = shorten(text, self._options.max_passage_chars) or "(the article has no text here)"
        name = f"{page.title} - {heading}" if heading else page.title
        url = wiki.page_url(page.title)
        return ToolResult(
            text=f"{name} [1]\n\n{cut}",
            data={"title": page.title, "section": heading, "url": url, "cut": cut != text},
            citations=(Citation(title=name, text=cut, url=url),),
        )


def _nothing(title: str, *similar: str) -> str:
    close = "; ".join(dict.fromkeys(name for name in similar if name))
    mend = f"Similar titles: {close}." if close else "Try fewer or other words."
    return f'Wikipedia has no article "{title}". {mend}'


def build(options: Options, services: Services) -> Tool:
    """Make the tool; it needs nothing that could be missing."""
    return Wikipedia(options, services)
