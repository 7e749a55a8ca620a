"""A double of the MediaWiki Action API, answering as `formatversion=2` does, with invented articles."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.faulty_server import FaultyServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One invented article; `links` makes it a disambiguation page."""

    title: str
    text: str = ""
    links: tuple[str, ...] = ()
    snippet: str = ""


HARBOUR = Article(
    title="Lunden Harbour",
    text="Lunden Harbour is an invented port on the river Oor. It was opened in 1872.\n\n\n"
    "== History ==\nThe first pier was built by Ada Brix.\n\n\n"
    "=== Second pier ===\nThe second pier followed in 1901.\n\n\n"
    "== Trade ==\nMostly timber.",
    snippet='an invented <span class="searchmatch">port</span> on the river &amp; lake',
)
ORBIT = Article(title="Orbit", links=("Apsis", "Orbit (band)", "Orbit (planet)"))
CAFE = Article(title="Café Zürich?", text="A café with a question mark in its name.")


@dataclass
class WikipediaDouble(FaultyServer):
    """Answers titles, redirects and searches; `error` puts a MediaWiki error into a 200."""

    articles: list[Article] = field(default_factory=lambda: [HARBOUR, ORBIT, CAFE])
    redirects: dict[str, str] = field(default_factory=lambda: {"Port of Lunden": "Lunden Harbour"})
    suggestion: str = ""
    errors: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        FaultyServer.__init__(self)
        self.get("/w/api.php", self._api)
        self.get("/wiki/{title}", self._read)

    async def _read(self, request: web.Request) -> web.Response:
        title = request.match_info["title"].replace("_", " ")
        known = {article.title for article in self.articles}
        return web.Response(status=200 if title in known else 404, text=title)

    async def _api(self, request: web.Request) -> web.Response:
        query = request.query
        assert (query["action"], query["format"], query["formatversion"]) == ("query", "json", "2")
        if self.errors:
            code, info = self.errors.pop(0)
            body = {"error": {"code": code, "info": info}, "servedby": "double"}
            headers = {"MediaWiki-API-Error": code, "Retry-After": "2"}
            return web.json_response(body, headers=headers)
        if query.get("list") == "search":
            return web.json_response(self._search(query["srsearch"], int(query["srlimit"])))
        return web.json_response({"batchcomplete": True, "query": self._pages(request)})

    def _search(self, words: str, limit: int) -> dict[str, object]:
        wanted = words.casefold().split()
        hits = [
            {"ns": 0, "title": article.title, "pageid": n, "snippet": article.snippet}
            for n, article in enumerate(self.articles, start=1)
            if any(word in (article.title + article.text).casefold() for word in wanted)
        ]
        info: dict[str, object] = {"totalhits": len(hits)}
        if self.suggestion:
            info |= {"suggestion": self.suggestion, "suggestionsnippet": self.suggestion}
        return {"batchcomplete": True, "query": {"searchinfo": info, "search": hits[:limit]}}

    def _pages(self, request: web.Request) -> dict[str, object]:
        query = request.query
        title = query["titles"]
        if "|" in title:  # several titles in one request, as the real API reads it
            first = {"pageid": 1, "ns": 0, "title": title.split("|")[0], "extract": "first"}
            return {"pages": [first, {"ns": 0, "title": "second", "missing": True}]}
        if "<" in title:
            page = {"title": title, "invalidreason": "illegal characters", "invalid": True}
            return {"pages": [page]}
        target = self.redirects.get(title, title)
        found = next((a for a in self.articles if a.title == target), None)
        if found is None:
            return {"pages": [{"ns": 0, "title": target, "missing": True}]}
        page: dict[str, object] = {"pageid": 7, "ns": 0, "title": found.title}
        if "links" in query["prop"] and found.links:
            page["links"] = [{"ns": 0, "title": name} for name in found.links]
        if "extracts" in query["prop"]:
            intro = found.text.split("\n\n\n", maxsplit=1)[0]
            page["extract"] = intro if "exintro" in query else found.text
            if found.links:
                page["pageprops"] = {"disambiguation": ""}
        moved = [{"from": title, "to": target}] if target != title else []
        return {"redirects": moved, "pages": [page]}
