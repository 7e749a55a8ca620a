"""Waiting for a document to change."""

from __future__ import annotations

import asyncio

from backend.documents.news import DocumentNews
from tests.fakes.clock import WatchedClock


async def test_a_change_wakes_who_waits_for_that_document_alone():
    """Others go on waiting."""
    news = DocumentNews(WatchedClock())
    mine, other = news.subscribe("doc_1"), news.subscribe("doc_2")
    news.changed("doc_1")
    assert (mine.done(), other.done()) == (True, False)


async def test_news_without_a_name_wakes_everybody():
    """A switch of the index may concern any document."""
    news = DocumentNews(WatchedClock())
    waiters = [news.subscribe("doc_1"), news.subscribe("doc_2")]
    news.changed("")
    assert all(one.done() for one in waiters)


async def test_a_change_between_subscribing_and_waiting_is_not_missed():
    """The future is taken before the look at the database."""
    news = DocumentNews(WatchedClock())
    waiter = news.subscribe("doc_1")
    news.changed("doc_1")
    await asyncio.wait_for(news.wait("doc_1", waiter, at_most_s=60), 5)


async def test_waiting_ends_with_the_time():
    """Nobody hangs when the worker says nothing."""
    clock = WatchedClock()
    news = DocumentNews(clock)
    waiting = asyncio.ensure_future(news.wait("doc_1", news.subscribe("doc_1"), at_most_s=2.0))
    await clock.until_asked(2.0)
    clock.step(2.0)
    await asyncio.wait_for(waiting, 5)
    news.changed("doc_1")


async def test_nobody_waits_once_the_server_stops():
    """Who waits is woken, and who comes later does not wait at all."""
    news = DocumentNews(WatchedClock())
    before = news.subscribe("doc_1")
    news.close()
    assert before.done()
    after = news.subscribe("doc_2")
    await asyncio.wait_for(news.wait("doc_2", after, at_most_s=60), 5)
