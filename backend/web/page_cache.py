"""Pages read a moment ago, so that reading on or reading again does not fetch again."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from backend.ports.clock import Clock
from backend.ports.web import WebPage


@dataclass(frozen=True, slots=True)
class _Kept:
    until_s: float
    size: int
    page: WebPage


class PageCache:
    """Pages by address for `ttl_s` seconds, `max_bytes` of text at most; the oldest leave first."""

    def __init__(self, *, ttl_s: float, max_bytes: int, clock: Clock) -> None:
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._bytes = 0

    def get(self, url: str) -> WebPage | None:
        """Give the page while it is fresh."""
        kept = self._kept.get(url)
        if kept is None:
            return None
        if kept.until_s <= self._clock.monotonic_s():
            self._drop(url)
            return None
        return kept.page

    def put(self, urls: Iterable[str], page: WebPage) -> None:
        """Keep a page under every address it was asked for or found at."""
        size = sys.getsizeof(page.text)
        if self._ttl_s <= 0 or size > self._max_bytes:
            return
        until_s = self._clock.monotonic_s() + self._ttl_s
        for url in dict.fromkeys(urls):
            self._drop(url)
            self._kept[url] = _Kept(until_s, size, page)
            self._bytes += size
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, url: str) -> None:
        kept = self._kept.pop(url, None)
        if kept is not None:
            self._bytes -= kept.size
