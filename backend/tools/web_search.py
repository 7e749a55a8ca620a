"""Searches the web: Tavily when a key is set, then SearXNG, then DuckDuckGo.

Not for: reading a page that was found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr

from backend.errors import ToolFailed, ToolRetry, ToolUnavailable
from backend.kit import search_engines as engines
from backend.kit.http import FetchError, FetchLimits
from backend.kit.patient_http import PatientHttp
from backend.kit.plain_text import from_html, one_line, shorten
from backend.kit.service_rests import ServiceRests
from backend.kit.web_urls import same_page_key, web_url
from backend.ports.tools import (
    Services,
    Tool,
    ToolArgs,
    ToolContext,
    ToolOptions,
    ToolResult,
    Touch,
)
from backend.ports.values import Citation, Health

NAME = "web_search"
DESCRIPTION = (
    "Searches the web and lists titles, addresses and short passages. Use it for news, prices, "
    "products, software versions and anything recent or not in Wikipedia. Write a few key words, "
    'not a sentence. Example: {"query": "python 3.13 release date"}. '
    'For recent pages only: {"query": "solar storm", "time_range": "week"}.'
)
TOUCHES: frozenset[Touch] = frozenset({"reads_outside"})

_WEB_URL = r"^https?://\S+$"
_MAX_TITLE_CHARS = 200


class Args(ToolArgs):
    """What to search for."""

    query: str = Field(
        min_length=1,
        description="A few key words.",
        validation_alias=AliasChoices(
            "query", "q", "search_query", "search", "keywords", "input", "text", "question"
        ),
    )
    max_results: int = Field(
        default=5,
        ge=1,
        le=20,
        description="How many results to list.",
        validation_alias=AliasChoices("max_results", "num_results", "count", "limit", "n", "k"),
    )
    time_range: Annotated[engines.TimeRange, BeforeValidator(engines.time_range)] = Field(
        default="any",
        description="Only pages of the last day, week, month or year; any for all.",
        validation_alias=AliasChoices("time_range", "recency", "timelimit", "freshness"),
    )
    region: str = Field(
        default="",
        max_length=20,
        description="Two-letter country code such as us or de; empty for anywhere.",
        validation_alias=AliasChoices("region", "country"),
    )


class Options(ToolOptions):
    """Which services are asked, in this order; an empty key or address switches one off."""

    tavily_api_key: SecretStr = SecretStr("")
    tavily_url: str = Field(default="https://api.tavily.com/search", pattern=_WEB_URL)
    searxng_url: str = Field(default="", pattern=rf"^$|{_WEB_URL}")
    duckduckgo_enabled: bool = True
    duckduckgo_url: str = Field(default="https://html.duckduckgo.com/html/", pattern=_WEB_URL)
    user_agent: str = Field(default="Mozilla/5.0 (compatible; Steward/0.1)", max_length=200)
    timeout_s: float = Field(default=10.0, gt=0, le=120)
    backoff_s: float = Field(default=1.0, ge=0, le=60)
    rest_s: float = Field(default=60.0, ge=0, le=86_400)
    max_answer_bytes: int = Field(default=1_000_000, ge=10_000)
    max_results: int = Field(default=10, ge=1, le=20)
    max_query_chars: int = Field(default=400, ge=20, le=2_000)
    max_snippet_chars: int = Field(default=500, ge=50, le=5_000)


class WebSearch:
    """Asks one service after another until one has results; one that keeps failing rests."""

    def __init__(
        self, options: Options, services: Services, *, asked: list[engines.Engine]
    ) -> None:
        self._options = options
        self._engines = asked
        self._rests = ServiceRests(services.clock, rest_s=options.rest_s)
        limits = FetchLimits(timeout_s=options.timeout_s, max_bytes=options.max_answer_bytes)
        pause_s = options.backoff_s
        self._http = PatientHttp(services.http, services.clock, limits=limits, backoff_s=pause_s)

    async def run(self, args: Args, context: ToolContext) -> ToolResult:  # noqa: ARG002 - the port's signature
        """Search; ToolRetry when nothing is found, ToolFailed when no service could be asked."""
        query = self._query(args)
        failed: list[str] = []
        for engine in self._engines:
            try:
                raw = await self._ask(engine, query)
            except FetchError as exc:
                failed.append(f"{engine.name}: {exc}")
                continue
            if found := self._clean(raw)[: query.max_results]:
                return _result(found, engine=engine.name, failed=failed)
        if len(failed) == len(self._engines):
            msg = f"The web cannot be searched now. {'; '.join(failed)}."
            raise ToolFailed(msg)
        msg = f'Nothing was found for "{query.words}". Try fewer or other words.'
        raise ToolRetry(msg)

    async def health(self) -> Health:
        """Name the services in their order, and why one rests."""
        told = [(one.name, self._rests.reason(one.name)) for one in self._engines]
        detail = "; ".join(f"{name}: {why}" if why else name for name, why in told)
        return Health(ok=not all(why for _, why in told), detail=detail)

    async def _ask(self, engine: engines.Engine, query: engines.Query) -> list[engines.RawHit]:
        if why := self._rests.reason(engine.name):
            raise FetchError(why)
        try:
            reply = await self._http.fetch(engine.ask(query))
            raw = await asyncio.to_thread(engine.read, reply)
        except FetchError as exc:
            self._rests.failed(engine.name, str(exc))
            raise
        self._rests.worked(engine.name)
        return raw

    def _query(self, args: Args) -> engines.Query:
        region = engines.region_code(args.region)
        if region is None:
            msg = f"region must be empty or one of: {', '.join(engines.REGIONS)}."
            raise ToolRetry(msg)
        words = one_line(args.query, max_chars=self._options.max_query_chars).rstrip("…")
        return engines.Query(
            words=words,
            max_results=min(args.max_results, self._options.max_results),
            time_range=args.time_range,
            region=region,
        )

    def _clean(self, raw: Iterable[engines.RawHit]) -> list[Citation]:
        found: dict[str, Citation] = {}
        for hit in raw:
            url = web_url(hit.url)
            if url and (key := same_page_key(url)) not in found:
                title = from_html(hit.title, max_chars=_MAX_TITLE_CHARS) or shorten(url, 80)
                text = from_html(hit.snippet, max_chars=self._options.max_snippet_chars)
                found[key] = Citation(title=title, text=text, url=url)
        return list(found.values())


def _result(found: list[Citation], *, engine: str, failed: list[str]) -> ToolResult:
    lines = [f"[{n}] {hit.title} - {hit.url}\n{hit.text}" for n, hit in enumerate(found, 1)]
    results = [{"title": hit.title, "url": hit.url, "snippet": hit.text} for hit in found]
    data = {"engine": engine, "results": results, "failed": failed}
    if failed:
        lines.append(f"(found by {engine}; not by {'; '.join(failed)})")
    return ToolResult(text="\n".join(lines), data=data, citations=tuple(found))


def _enabled(options: Options) -> list[engines.Engine]:
    key = options.tavily_api_key.get_secret_value()
    asked: list[engines.Engine] = []
    if key:
        asked.append(engines.tavily(url=options.tavily_url, key=key))
    if options.searxng_url:
        asked.append(engines.searxng(url=options.searxng_url))
    if options.duckduckgo_enabled:
        page, agent = options.duckduckgo_url, options.user_agent
        asked.append(engines.duckduckgo(url=page, user_agent=agent))
    return asked


def build(options: Options, services: Services) -> Tool:
    """Make the tool; ToolUnavailable when every service is switched off."""
    asked = _enabled(options)
    if not asked:
        msg = (
            "no search service is set: give TAVILY_API_KEY or TOOLS__WEB_SEARCH__SEARXNG_URL, "
            "or allow TOOLS__WEB_SEARCH__DUCKDUCKGO_ENABLED"
        )
        raise ToolUnavailable(msg)
    return WebSearch(options, services, asked=asked)
