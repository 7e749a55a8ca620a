"""Fetches public files that a person names, such as an image in a message.

robots.txt is not asked: it speaks to programs that wander, and a person has chosen this address. Not
for: pages a model wants to read (`reader`), or what the bytes are.
"""

from __future__ import annotations

from email.message import Message
from typing import Any
from urllib.parse import unquote, urlsplit

from backend.kit.fair_places import FairPlaces
from backend.kit.http import FetchError, FetchLimits
from backend.kit.patient_http import BUSY_STATUS, FIRST_SERVER_FAULT, twice_at_most
from backend.kit.public_address import AddressPolicy, AddressRefused
from backend.kit.public_http import Lookup, PublicHttp, PublicReply
from backend.kit.upload_names import MAX_NAME_CHARS, clean_file_name
from backend.ports.clock import Clock
from backend.ports.web import PageUnreadable, WebFile

_AT_ONCE = 8
_BACKOFF_S = 0.5
_FIRST_REDIRECT = 300
_DEFAULT_NAME = "download"


class PublicFiles:
    """The `WebFiles` over HTTP; nothing is kept between two fetches."""

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        clock: Clock,
        user_agent: str,
        timeout_s: float,
        max_redirects: int,
        lookup: Lookup | None = None,
    ) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._places = FairPlaces(_AT_ONCE)
        self._http = PublicHttp(
            policy,
            clock=clock,
            user_agent=user_agent,
            max_redirects=max_redirects,
            lookup=lookup,
        )

    async def fetch(self, url: str, *, max_bytes: int, owner: str = "") -> WebFile:
        """Fetch one file; see `ports.web.WebFiles`."""

        def once(left_s: float) -> Any:  # noqa: ANN401 - a coroutine
            return self._http.get(url, limits=FetchLimits(timeout_s=left_s, max_bytes=max_bytes))

        try:
            async with self._places.place(owner):
                reply: PublicReply = await twice_at_most(
                    once, clock=self._clock, timeout_s=self._timeout_s, backoff_s=_BACKOFF_S
                )
        except AddressRefused as exc:
            raise PageUnreadable(str(exc)) from exc
        except FetchError as exc:
            raise PageUnreadable(str(exc), final=False) from exc
        if reply.status >= _FIRST_REDIRECT:
            passing = reply.status == BUSY_STATUS or reply.status >= FIRST_SERVER_FAULT
            msg = f"the server answers with status {reply.status}"
            raise PageUnreadable(msg, final=not passing)
        if not reply.body:
            raise PageUnreadable("there is nothing at that address")
        return WebFile(url=reply.url, filename=_name(reply), content=reply.body)

    def close(self) -> None:
        """Let go of what looks names up."""
        self._http.close()


def _name(reply: PublicReply) -> str:
    """Take the name the server gives, else the last part of the address."""
    told = Message()
    told["content-disposition"] = reply.headers.get("content-disposition", "attachment")
    try:
        given = told.get_filename() or ""
    except (LookupError, ValueError):
        given = ""
    path = unquote(urlsplit(reply.url).path)
    return (clean_file_name(given) or clean_file_name(path) or _DEFAULT_NAME)[-MAX_NAME_CHARS:]
