"""The part of the MediaWiki Action API that reading an encyclopaedia needs.

Protocol: https://www.mediawiki.org/wiki/API:Query with `formatversion=2`.
Not for: editing, logging in, or wording for a model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from backend.kit.http import FetchError, HttpReply
from backend.kit.json_shapes import json_object, mapping, objects
from backend.kit.patient_http import Ask, PatientHttp, status_is_busy
from backend.kit.plain_text import from_html, one_line, paragraphs

MAX_TITLE_CHARS = 300
MAX_PASSAGE_CHARS = 60_000
_HEADING = re.compile(r"^(={2,6})\s*(.+?)\s*\1\s*$", re.MULTILINE)
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiPage:
    """One article as plain text; `ambiguous` marks a disambiguation page."""

    title: str
    text: str
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiHit:
    """One search result."""

    title: str
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiHits:
    """Search results in the wiki's order, and its spelling suggestion if it made one."""

    hits: tuple[WikiHit, ...]
    suggestion: str = ""


def is_busy(reply: HttpReply) -> bool:
    """Tell whether the wiki asks to come back later: 429, 5xx, or a `maxlag` error inside a 200."""
    return status_is_busy(reply) or reply.headers.get("mediawiki-api-error") in {
        "maxlag",
        "ratelimited",
    }


class Wiki:
    """One wiki; `root_url` is scheme and host, without a trailing slash."""

    def __init__(
        self, http: PatientHttp, *, root_url: str, user_agent: str, max_lag_s: int
    ) -> None:
        self._http = http
        self._root_url = root_url
        self._headers = {"user-agent": user_agent, "accept": "application/json"}
        self._max_lag_s = max_lag_s

    def page_url(self, title: str) -> str:
        """Build the address a reader opens for a title."""
        return f"{self._root_url}/wiki/{quote(title.replace(' ', '_'), safe=':()!,*')}"

    async def page(self, title: str, *, whole: bool = False) -> WikiPage | None:
        """Read the introduction of an article (or all of it); None when there is none.

        Raises:
            FetchError: when the wiki does not answer, or refuses.
        """
        if "|" in title:  # the API would read it as several titles
            return None
        wanted = {"prop": "extracts|pageprops", "ppprop": "disambiguation", "redirects": "1"}
        extent = {"exsectionformat": "wiki"} if whole else {"exintro": "1"}
        answer = await self._query({**wanted, **extent, "explaintext": "1", "titles": title})
        pages = objects(answer.get("pages"))
        if not pages or "missing" in pages[0] or "invalid" in pages[0]:
            return None
        return WikiPage(
            title=one_line(pages[0].get("title"), max_chars=MAX_TITLE_CHARS) or title,
            text=paragraphs(pages[0].get("extract"), max_chars=MAX_PASSAGE_CHARS),
            ambiguous="disambiguation" in mapping(pages[0].get("pageprops")),
        )

    async def links(self, title: str) -> tuple[str, ...]:
        """List the articles a page links to, those that start like its title first."""
        wanted = {"prop": "links", "plnamespace": "0", "pllimit": "max", "redirects": "1"}
        answer = await self._query({**wanted, "titles": title})
        pages = objects(answer.get("pages"))
        found = objects(pages[0].get("links")) if pages else []
        titles = [one_line(link.get("title"), max_chars=MAX_TITLE_CHARS) for link in found]
        stem = title.split(" (", maxsplit=1)[0].casefold()
        return tuple(sorted(filter(None, titles), key=lambda name: stem not in name.casefold()))

    async def search(self, words: str, *, limit: int) -> WikiHits:
        """Search the full text of the wiki."""
        wanted = {"list": "search", "srprop": "snippet", "srinfo": "suggestion"}
        answer = await self._query({**wanted, "srsearch": words, "srlimit": str(limit)})
        hits = [
            WikiHit(title=title, snippet=from_html(hit.get("snippet"), max_chars=400))
            for hit in objects(answer.get("search"))[:limit]
            if (title := one_line(hit.get("title"), max_chars=MAX_TITLE_CHARS))
        ]
        suggestion = mapping(answer.get("searchinfo")).get("suggestion")
        return WikiHits(
            hits=tuple(hits), suggestion=one_line(suggestion, max_chars=MAX_TITLE_CHARS)
        )

    async def _query(self, params: dict[str, str]) -> dict[str, Any]:
        fixed = {"action": "query", "format": "json", "formatversion": "2"}
        ask = Ask(
            url=f"{self._root_url}/w/api.php",
            params={**fixed, "maxlag": str(self._max_lag_s), **params},
            headers=self._headers,
        )
        reply = await self._http.fetch(ask)
        if reply.status != _OK:
            msg = f"it answered with status {reply.status}"
            raise FetchError(msg)
        answer = json_object(reply)
        if "error" in answer:
            raise FetchError(_refusal(answer["error"]))
        return mapping(answer.get("query"))


def sections(text: str) -> list[tuple[str, str]]:
    """Split a whole article at its headings into (heading, passage); the introduction has no name."""
    found = list(_HEADING.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    parts = [
        (match[2], text[match.end() : end].strip()) for match, end in zip(found, ends, strict=True)
    ]
    return [("", text[: found[0].start()].strip() if found else text), *parts]


def find_section(text: str, heading: str) -> tuple[str, str] | None:
    """Find a section by its heading: the same words first, then a heading that contains them."""
    wanted = heading.strip(" =").casefold()
    named = [(name, passage) for name, passage in sections(text)[1:] if passage and wanted]
    same = [part for part in named if part[0].casefold() == wanted]
    near = [part for part in named if wanted in part[0].casefold()]
    return next(iter(same + near), None)


def _refusal(error: object) -> str:
    told = mapping(error)
    code = one_line(told.get("code"), max_chars=60)
    return f"it refused ({code}): {one_line(told.get('info'), max_chars=300)}"
