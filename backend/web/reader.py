"""Reads public web pages: fetch within bounds, judge what came, have a child process find the text.

Not for: what happens inside the child (`reading_child`), or which addresses are public (`kit`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from backend.kit.fair_places import FairPlaces
from backend.kit.http import FetchError, FetchLimits
from backend.kit.patient_http import BUSY_STATUS, FIRST_SERVER_FAULT, twice_at_most
from backend.kit.plain_text import one_line, visible
from backend.kit.public_address import AddressPolicy, AddressRefused, Target, read_target
from backend.kit.public_http import Lookup, PublicHttp, PublicReply
from backend.kit.workers import (
    WorkerCrashed,
    WorkerLimits,
    WorkerPool,
    WorkerRefused,
    WorkerTimeout,
)
from backend.ports.clock import Clock
from backend.ports.web import PageUnreadable, WebPage
from backend.web.media import Media, media_of
from backend.web.page_cache import PageCache
from backend.web.robots_keeper import RobotsKeeper

logger = logging.getLogger(__name__)
_READ = "backend.web.reading_child:read_page"
_ACCEPT = (
    "text/html,application/xhtml+xml,application/pdf,text/*;q=0.9,application/json;q=0.9,*/*;q=0.5"
)
_CHILD_BYTES = 768 * 1024 * 1024
# JSON writes a character as up to twelve bytes; a page has a million characters at most.
_ANSWER_BYTES = 13_000_000
_AT_ONCE = 8
_CHILDREN = 2
_WALL_MORE_S = 5.0
_BACKOFF_S = 1.0
_MAX_TITLE_CHARS = 300
_FIRST_REDIRECT = 300
_WHY = {
    401: "It asks for a log-in.",
    402: "It asks for payment.",
    403: "The site refuses to show it to this server.",
    404: "There is no such page.",
    410: "The page is gone.",
    429: "The site asks for fewer requests; try again later.",
    451: "It is withheld for legal reasons.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """How pages are read; see WEB__ in docs/settings.md for each."""

    policy: AddressPolicy
    user_agent: str = "Steward/0.1 (self-hosted agent server)"
    timeout_s: float = 20.0
    max_bytes: int = 10 * 1024 * 1024
    max_redirects: int = 5
    robots: bool = True
    cache_s: float = 300.0
    cache_bytes: int = 4 * 1024 * 1024
    read_cpu_s: float = 15.0


class PublicWebReader:
    """The `WebReader` over HTTP; child processes start with the first page and end when idle."""

    def __init__(self, options: WebOptions, *, clock: Clock, lookup: Lookup | None = None) -> None:
        self._options = options
        self._clock = clock
        agent = options.user_agent
        self._http = PublicHttp(
            options.policy,
            clock=clock,
            user_agent=agent,
            max_redirects=options.max_redirects,
            lookup=lookup,
        )
        keeper = RobotsKeeper(
            self._http, clock=clock, user_agent=agent, timeout_s=options.timeout_s
        )
        self._admit = keeper.admit if options.robots else _anything
        self._cache = PageCache(ttl_s=options.cache_s, max_bytes=options.cache_bytes, clock=clock)
        self._places = FairPlaces(_AT_ONCE)
        limits = WorkerLimits(
            memory_bytes=_CHILD_BYTES,
            cpu_s=options.read_cpu_s,
            wall_s=options.read_cpu_s + _WALL_MORE_S,
            output_bytes=_ANSWER_BYTES,
        )
        self._children = WorkerPool(_READ, clock=clock, size=_CHILDREN, limits=limits)

    async def read(self, url: str, *, owner: str = "") -> WebPage:
        """Fetch and read one page; see `ports.web.WebReader`."""
        try:
            asked = read_target(url).url
            if (kept := self._cache.get(asked)) is not None:
                return kept
            async with self._places.place(owner):
                reply = await self._fetch(asked)
                page = await self._page(reply, owner=owner)
        except AddressRefused as exc:
            raise PageUnreadable(_sentence(exc)) from exc
        except FetchError as exc:
            raise PageUnreadable(_sentence(exc), final=False) from exc
        if "no-store" not in reply.headers.get("cache-control", "").lower():
            self._cache.put((asked, reply.url), page)
        return page

    async def aclose(self) -> None:
        """End the child processes and what looks names up."""
        await self._children.aclose()
        self._http.close()

    async def _fetch(self, url: str) -> PublicReply:
        def once(left_s: float) -> Any:  # noqa: ANN401 - a coroutine
            limits = FetchLimits(timeout_s=left_s, max_bytes=self._options.max_bytes)
            return self._http.get(url, limits=limits, accept=_ACCEPT, admit=self._admit)

        reply: PublicReply = await twice_at_most(
            once, clock=self._clock, timeout_s=self._options.timeout_s, backoff_s=_BACKOFF_S
        )
        if reply.status >= _FIRST_REDIRECT:
            raise _refusal(reply.status)
        if not reply.body.strip():
            raise PageUnreadable("There is nothing on it.")
        return reply

    async def _page(self, reply: PublicReply, *, owner: str) -> WebPage:
        media = media_of(reply.headers.get("content-type", ""), reply.body)
        found = await self._read(reply, media, owner=owner)
        return WebPage(
            url=reply.url,
            title=one_line(found["title"], max_chars=_MAX_TITLE_CHARS),
            text=visible(found["text"]),
            media_type=media.type,
            date=found["date"],
            pages=found["pages"],
        )

    async def _read(self, reply: PublicReply, media: Media, *, owner: str) -> Mapping[str, Any]:
        with _file_for_child() as (file, path):
            await asyncio.to_thread(_fill, file, reply.body)
            call = {
                "path": path,
                "kind": media.kind,
                "charset": media.charset,
                "url": reply.url,
            }
            return await self._parse(call, owner=owner)

    async def _parse(self, call: Mapping[str, str], *, owner: str) -> Mapping[str, Any]:
        try:
            return await self._children.call(call, owner=owner)
        except WorkerTimeout as exc:
            raise PageUnreadable("It is too large or too tangled to be read in time.") from exc
        except WorkerCrashed as exc:
            logger.info("a page reader ended: %s", exc)
            raise PageUnreadable("Reading it needs more memory than this server allows.") from exc
        except WorkerRefused as exc:
            raise PageUnreadable(_reason(exc)) from exc


async def _anything(_: Target) -> None:
    """Admit every address, where robots.txt is not asked."""


@contextmanager
def _file_for_child() -> Generator[tuple[BinaryIO, str]]:
    """Give a file that only its owner can read, and take it away whatever happens meanwhile."""
    try:
        handle, path = tempfile.mkstemp(prefix="steward-page-")
    except OSError as exc:
        raise _no_room(exc) from exc
    try:
        yield os.fdopen(handle, "wb"), path
    finally:
        Path(path).unlink(missing_ok=True)


def _fill(file: BinaryIO, body: bytes) -> None:
    try:
        with file:
            file.write(body)
    except OSError as exc:
        raise _no_room(exc) from exc


def _no_room(exc: OSError) -> PageUnreadable:
    logger.warning("a page could not be written to the temporary folder: %s", exc)
    return PageUnreadable("This server has no room to read it now.", final=False)


def _refusal(status: int) -> PageUnreadable:
    temporary = status == BUSY_STATUS or status >= FIRST_SERVER_FAULT
    usual = "The site fails at the moment." if temporary else "The site does not show it."
    why = _WHY.get(status, usual)
    msg = f"{why.removesuffix('.')} (status {status})."
    return PageUnreadable(msg, final=not temporary)


def _reason(refused: WorkerRefused) -> str:
    """Give what the child says of a page; the words of any other failure are for the log."""
    if refused.kind == PageUnreadable.__name__:
        return str(refused)
    logger.warning("a page reader failed with %s: %s", refused.kind, refused)
    return "It cannot be read by this server."


def _sentence(exc: FetchError) -> str:
    words = str(exc)
    return f"{words[:1].upper()}{words[1:].removesuffix('.')}."
