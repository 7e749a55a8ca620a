"""A double of Tavily, SearXNG and DuckDuckGo's HTML page, with invented results."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import quote

from aiohttp import web

from tests.fakes.faulty_server import FaultyServer

CHALLENGE = (
    '<html><body><div class="anomaly-modal__mask"><div class="anomaly-modal__modal">'
    '<form id="challenge-form" action="//duckduckgo.com/anomaly.js?sv=html">'
    "Select all squares containing a duck</form></div></div></body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One invented web page."""

    title: str
    url: str
    snippet: str


PAGES = (
    Page(title="Tide tables", url="https://tides.example/", snippet="High water at noon."),
    Page(title="Harbour news", url="https://news.example/a?id=1", snippet="A new pier opened."),
    Page(title="Boats", url="https://boats.example/list", snippet="Rowing boats & sails."),
)


@dataclass
class SearchDouble(FaultyServer):
    """Serves the three protocols; `key` is the only key Tavily's route accepts."""

    pages: tuple[Page, ...] = PAGES
    key: str = "tvly-test"
    bodies: list[dict[str, Any]] = field(default_factory=list)
    challenge_status: int = 0
    json_allowed: bool = True

    def __post_init__(self) -> None:
        FaultyServer.__init__(self)
        self.post("/tavily/search", self._tavily)
        self.get("/searxng/search", self._searxng)
        self.get("/html/", self._duckduckgo)

    async def _tavily(self, request: web.Request) -> web.Response:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            detail = {"error": "Unauthorized: missing or invalid API key."}
            return web.json_response({"detail": detail}, status=401)
        body = await request.json()
        self.bodies.append(body)
        results = [
            {
                "title": page.title,
                "url": page.url,
                "content": page.snippet,
                "score": 0.9,
                "raw_content": None,
            }
            for page in self.pages[: body["max_results"]]
        ]
        answer = {"query": body["query"], "follow_up_questions": None, "answer": None}
        return web.json_response({**answer, "images": [], "results": results, "response_time": 0.1})

    async def _searxng(self, request: web.Request) -> web.Response:
        if request.query.get("format") != "json" or not self.json_allowed:
            return web.Response(status=403, text="<h1>Forbidden</h1>", content_type="text/html")
        results = [
            {"url": p.url, "title": p.title, "content": p.snippet, "engine": "double", "score": 1.0}
            for p in self.pages
        ]
        fixed = {"answers": [], "corrections": [], "infoboxes": [], "suggestions": []}
        answer = {"query": request.query["q"], "number_of_results": 0, "results": results}
        return web.json_response({**answer, **fixed, "unresponsive_engines": []})

    async def _duckduckgo(self, request: web.Request) -> web.Response:
        if self.challenge_status:
            body = CHALLENGE
            return web.Response(status=self.challenge_status, text=body, content_type="text/html")
        words = escape(request.query["q"])
        shown = "".join(_result(page) for page in self.pages)
        nothing = '<div class="no-results">No results.</div>' if not self.pages else ""
        markup = (
            f"<!DOCTYPE html><html><head><title>{words} at DuckDuckGo</title></head><body>"
            f'<form><input name="q" value="{words}"></form><div id="links" class="results">'
            f"{_ADVERTISEMENT}{shown}{nothing}</div></body></html>"
        )
        return web.Response(text=markup, content_type="text/html")


_ADVERTISEMENT = (
    '<div class="result results_links result--ad"><h2 class="result__title"><a rel="nofollow" '
    'class="result__a" href="https://duckduckgo.com/y.js?ad_domain=ads.example&amp;u3=x">Buy now'
    '</a></h2><a class="result__snippet" href="https://duckduckgo.com/y.js">Cheap</a></div>'
)


def _result(page: Page) -> str:
    link = f"//duckduckgo.com/l/?uddg={quote(page.url, safe='')}&amp;rut=0123abcd"
    return (
        '<div class="result results_links results_links_deep web-result "><div class="links_main '
        f'links_deep result__body"><h2 class="result__title"><a rel="nofollow" class="result__a" '
        f'href="{link}">{escape(page.title)}</a></h2><div class="result__extras"><a '
        f'class="result__url" href="{link}">{escape(page.url)}</a></div><a class="result__snippet" '
        f'href="{link}">{escape(page.snippet).replace("pier", "<b>pier</b>")}</a></div></div>'
    )
