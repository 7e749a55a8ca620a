"""Keeping pages, bounded in time and bytes."""

from __future__ import annotations

from backend.ports.web import WebPage
from backend.web.page_cache import PageCache
from tests.fakes.instant_clock import InstantClock


def page(name: str, chars: int = 1_000) -> WebPage:
    return WebPage(url=name, title=name, text="x" * chars, media_type="text/plain")


async def test_pages_leave_by_age():
    """At the second they are too old."""
    clock = InstantClock()
    cache = PageCache(ttl_s=60, max_bytes=10_000, clock=clock)
    kept = page("a")
    cache.put(["a", "b", "a"], kept)
    await clock.sleep(59)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (kept, kept, None)
    await clock.sleep(1)
    assert (cache.get("a"), cache.get("b")) == (None, None)


def test_pages_leave_when_there_are_too_many_bytes():
    """The oldest first; the same address counts once."""
    cache = PageCache(ttl_s=60, max_bytes=2_500, clock=InstantClock())
    for name in ("a", "a", "b"):
        cache.put([name], page(name))
    assert cache.get("a") is not None
    cache.put(["c"], page("c"))
    assert [name for name in "abc" if cache.get(name)] == ["b", "c"]


def test_a_page_larger_than_the_cache_is_not_kept():
    """It would drive out all others."""
    cache = PageCache(ttl_s=60, max_bytes=2_500, clock=InstantClock())
    cache.put(["a"], page("a"))
    cache.put(["big"], page("big", 5_000))
    assert cache.get("big") is None
    assert cache.get("a") is not None


def test_a_cache_without_time_keeps_nothing():
    """WEB__CACHE_S=0."""
    cache = PageCache(ttl_s=0, max_bytes=2_500, clock=InstantClock())
    cache.put(["a"], page("a"))
    assert cache.get("a") is None
