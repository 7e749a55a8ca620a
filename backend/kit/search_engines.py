"""How three search services are asked and how their answers are read.

Protocols: https://docs.tavily.com/documentation/api-reference/endpoint/search,
https://docs.searxng.org/dev/search_api.html and the HTML page of DuckDuckGo.
Not for: choosing among them, retrying, or cleaning what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from backend.kit.duckduckgo_html import read_page
from backend.kit.http import FetchError, HttpReply
from backend.kit.json_shapes import json_object, mapping, objects
from backend.kit.patient_http import Ask
from backend.kit.plain_text import one_line

TimeRange = Literal["any", "day", "week", "month", "year"]
_OK = 200
_CHALLENGE = 202

# Country -> (its main language, its name at Tavily). DuckDuckGo writes "uk" where ISO has "gb".
REGIONS: Mapping[str, tuple[str, str]] = {
    "ar": ("es", "argentina"),
    "at": ("de", "austria"),
    "au": ("en", "australia"),
    "be": ("nl", "belgium"),
    "br": ("pt", "brazil"),
    "ca": ("en", "canada"),
    "ch": ("de", "switzerland"),
    "cn": ("zh", "china"),
    "cz": ("cs", "czech republic"),
    "de": ("de", "germany"),
    "dk": ("da", "denmark"),
    "es": ("es", "spain"),
    "fi": ("fi", "finland"),
    "fr": ("fr", "france"),
    "gb": ("en", "united kingdom"),
    "gr": ("el", "greece"),
    "hu": ("hu", "hungary"),
    "ie": ("en", "ireland"),
    "in": ("en", "india"),
    "it": ("it", "italy"),
    "jp": ("jp", "japan"),
    "kr": ("kr", "south korea"),
    "mx": ("es", "mexico"),
    "nl": ("nl", "netherlands"),
    "no": ("no", "norway"),
    "nz": ("en", "new zealand"),
    "pl": ("pl", "poland"),
    "pt": ("pt", "portugal"),
    "ro": ("ro", "romania"),
    "se": ("sv", "sweden"),
    "tr": ("tr", "turkey"),
    "ua": ("uk", "ukraine"),
    "us": ("en", "united states"),
    "za": ("en", "south africa"),
}
_ANYWHERE = frozenset({"", "any", "all", "wt-wt", "worldwide", "global", "world"})
_SPOKEN = {"uk": "gb", "usa": "us"}
_SPANS = {
    "": "any",
    "all": "any",
    "none": "any",
    "d": "day",
    "w": "week",
    "m": "month",
    "y": "year",
}
# DuckDuckGo's own codes, where they are not ISO 639.
_ISO_LANGUAGES = {"jp": "ja", "kr": "ko"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is searched for; `region` is a key of REGIONS or empty."""

    words: str
    max_results: int
    time_range: TimeRange = "any"
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawHit:
    """One result as the service gave it: neither address nor text is to be trusted."""

    url: object
    title: object
    snippet: object


@dataclass(frozen=True, slots=True)
class Engine:
    """One service: how it is asked, and how its answer is read."""

    name: str
    ask: Callable[[Query], Ask]
    read: Callable[[HttpReply], list[RawHit]]


def tavily(*, url: str, key: str) -> Engine:
    """Tavily with an account's key."""
    return Engine("Tavily", lambda query: ask_tavily(query, url=url, key=key), read_tavily)


def searxng(*, url: str) -> Engine:
    """Somebody's own SearXNG."""
    return Engine("SearXNG", lambda query: ask_searxng(query, url=url), read_searxng)


def duckduckgo(*, url: str, user_agent: str) -> Engine:
    """DuckDuckGo's page for browsers without scripts."""
    return Engine(
        "DuckDuckGo",
        lambda query: ask_duckduckgo(query, url=url, user_agent=user_agent),
        read_duckduckgo,
    )


def region_code(text: str) -> str | None:
    """Read "de", "DE", "uk", "us-en", "en-US" or "germany" as a key of REGIONS; None when it is none of them."""
    word = text.strip().casefold().replace("_", "-")
    if word in _ANYWHERE:
        return ""
    names = {name: code for code, (_, name) in REGIONS.items()}
    parts = [_SPOKEN.get(part, part) for part in word.split("-")]
    if text.strip()[-2:].isupper():  # BCP 47 writes the country last, in capitals
        parts.reverse()
    return next((part for part in [*parts, names.get(word, "")] if part in REGIONS), None)


def time_range(value: object) -> object:
    """Read "d", "past week", "last_month" or an empty text as a TimeRange; else leave it."""
    if not isinstance(value, str):
        return value
    word = value.casefold().replace("_", " ").removeprefix("past ").removeprefix("last ").strip()
    return _SPANS.get(word, word)


def ask_tavily(query: Query, *, url: str, key: str) -> Ask:
    """Make Tavily's request; the key travels in a header, never in the address."""
    body: dict[str, object] = {
        "query": query.words,
        "max_results": query.max_results,
        "search_depth": "basic",
        "topic": "general",
    }
    if query.time_range != "any":
        body["time_range"] = query.time_range
    if query.region:
        body["country"] = REGIONS[query.region][1]
    return Ask(method="POST", url=url, json=body, headers={"authorization": f"Bearer {key}"})


def read_tavily(reply: HttpReply) -> list[RawHit]:
    """Read Tavily's answer; raise FetchError with its reason when it refuses."""
    if reply.status != _OK:
        raise FetchError(_status(reply, told=_tavily_reason(reply)))
    return _hits(json_object(reply).get("results"))


def ask_searxng(query: Query, *, url: str) -> Ask:
    """Make SearXNG's request; its instance must allow the format json."""
    params = {"q": query.words, "format": "json"}
    if query.time_range != "any":
        params["time_range"] = query.time_range
    if query.region:
        language = REGIONS[query.region][0]
        params["language"] = f"{_ISO_LANGUAGES.get(language, language)}-{query.region.upper()}"
    return Ask(url=f"{url.rstrip('/')}/search", params=params)


def read_searxng(reply: HttpReply) -> list[RawHit]:
    """Read SearXNG's answer; raise FetchError, naming the setting when JSON is switched off."""
    if reply.status != _OK:
        refused = reply.status == 403
        hint = "add json to search.formats in its settings.yml" if refused else ""
        raise FetchError(_status(reply, told=hint))
    return _hits(json_object(reply).get("results"))


def ask_duckduckgo(query: Query, *, url: str, user_agent: str) -> Ask:
    """Make DuckDuckGo's request as its own form does."""
    params = {"q": query.words}
    if query.time_range != "any":
        params["df"] = query.time_range[0]
    if query.region:
        country = "uk" if query.region == "gb" else query.region
        params["kl"] = f"{country}-{REGIONS[query.region][0]}"
    return Ask(url=url, params=params, headers={"user-agent": user_agent, "accept": "text/html"})


def read_duckduckgo(reply: HttpReply) -> list[RawHit]:
    """Read the result page; raise FetchError on a challenge or a page that is no result page.

    The results are looked at first: the page echoes the query, so words in it prove nothing.
    """
    if reply.status not in {_OK, _CHALLENGE}:
        raise FetchError(_status(reply))
    page = read_page(reply.body.decode("utf-8", errors="replace"))
    if page.results:
        return [
            RawHit(url=found.url, title="".join(found.title), snippet="".join(found.snippet))
            for found in page.results
            if found.url
        ]
    if page.blocked or reply.status == _CHALLENGE:
        msg = "it asks for proof of being human (too many requests from this address)"
        raise FetchError(msg)
    if not page.said_no_results:
        msg = "the answer is not a result page"
        raise FetchError(msg)
    return []


def _hits(results: object) -> list[RawHit]:
    return [
        RawHit(url=hit.get("url"), title=hit.get("title"), snippet=hit.get("content"))
        for hit in objects(results)
    ]


def _status(reply: HttpReply, *, told: str = "") -> str:
    return f"it answered with status {reply.status}" + (f": {told}" if told else "")


def _tavily_reason(reply: HttpReply) -> str:
    try:
        answer = json_object(reply)
    except FetchError:
        return ""
    detail = mapping(answer.get("detail")).get("error") or answer.get("detail")
    return one_line(detail, max_chars=200)
