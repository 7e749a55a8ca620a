"""The web ports: reading one public page as text, fetching one public file.

Not for: search services (`tools/web_search`) or addresses an administrator configured (`kit/http`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class PageUnreadable(Exception):
    """The page cannot be had; the message says why. `final` when another try would not help."""

    def __init__(self, message: str, *, final: bool = True) -> None:
        self.final = final
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPage:
    """A page as text. `url` is where it was found in the end, `date` is ISO (may be empty)."""

    url: str
    title: str
    text: str
    media_type: str
    date: str = ""
    pages: int = 0


class WebReader(Protocol):
    """Reads public pages; private addresses are refused at every hop."""

    async def read(self, url: str, *, owner: str = "") -> WebPage:
        """Fetch and read one page; raise PageUnreadable.

        `owner` is who asks: one owner's pages never take all the places there are.
        """
        ...

    async def aclose(self) -> None:
        """End its processes and connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFile:
    """The bytes of one address; `filename` is what the server or the address calls them."""

    url: str
    filename: str
    content: bytes


class WebFiles(Protocol):
    """Fetches files that a person names; private addresses are refused at every hop."""

    async def fetch(self, url: str, *, max_bytes: int, owner: str = "") -> WebFile:
        """Fetch one file whole within the time there is; raise PageUnreadable.

        `owner` is who asks: one owner's files never take all the places there are.
        """
        ...
