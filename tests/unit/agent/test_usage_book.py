"""Sums that are written behind the answers they are about."""

from __future__ import annotations

import asyncio

import pytest

from backend.agent.usage_book import LATE_S, UsageBook
from backend.errors import Unavailable
from backend.ports.stores import User
from backend.ports.usage import Used
from backend.ports.values import Usage
from backend.storage.stores import memory_stores
from tests.fakes.clock import WatchedClock

ME = User(id="me", username="me", password_hash="")
SPENT = Usage(prompt_tokens=4, completion_tokens=1)


class Store:
    """The store of this server, which counts writes, is away when `broken`, and waits for `free`."""

    def __init__(self, store):
        self.store = store
        self.writes = 0
        self.begun = asyncio.Event()
        self.written = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()
        self.broken = False

    async def add(self, used):
        self.writes += 1
        self.begun.set()
        await self.free.wait()
        if self.broken:
            raise Unavailable
        await self.store.add(used)
        self.written.set()

    def of_user(self, *args, **kwargs):
        return self.store.of_user(*args, **kwargs)

    def by_user(self, *, since_day):
        return self.store.by_user(since_day=since_day)


@pytest.fixture
async def stores():
    made = memory_stores()
    await made.users.add(ME)
    return made


@pytest.fixture
def clock():
    return WatchedClock()


@pytest.fixture
def store(stores):
    return Store(stores.usage)


@pytest.fixture
async def book(store, clock):
    return UsageBook(store, clock)


def note(book, times=1):
    for _ in range(times):
        book.note("me", SPENT, model="m", route="embedding")


def used(times, clock):
    day = clock.now_ms() // 86_400_000
    tokens = {"prompt_tokens": 4 * times, "completion_tokens": times}
    return [Used(user_id="me", day=day, model="m", route="embedding", runs=times, **tokens)]


async def test_many_requests_are_one_write(book, store, stores, clock):
    """A moment after the first of them."""
    note(book, 100)
    await clock.until_asked(LATE_S)
    assert store.writes == 0
    clock.step(LATE_S)
    await store.written.wait()
    assert store.writes == 1
    assert await stores.usage.of_user("me", since_day=0) == used(100, clock)


async def test_whoever_asks_is_told_all_at_once(book, clock):
    """What is still to be written is written first."""
    note(book, 2)
    assert list(await book.of_user("me", since_day=0)) == used(2, clock)
    note(book)
    [sums] = await book.by_user(since_day=0)
    assert (sums.user_id, sums.runs, sums.prompt_tokens) == ("me", 3, 12)


async def test_what_cannot_be_written_is_written_later(book, store, clock):
    """Nothing is lost and nothing counts twice."""
    store.broken = True
    note(book, 2)
    assert list(await book.of_user("me", since_day=0)) == []
    store.broken = False
    note(book)
    assert list(await book.of_user("me", since_day=0)) == used(3, clock)


async def test_whoever_asks_while_sums_are_written_waits_for_them(book, store, clock):
    """They are told of them, not of what was there before; so is the end of the server."""
    store.free.clear()
    note(book)
    await clock.until_asked(LATE_S)
    clock.step(LATE_S)
    await store.begun.wait()
    asking = [asyncio.create_task(it) for it in (book.of_user("me", since_day=0), book.aclose())]
    assert (await asyncio.wait(asking, timeout=0))[0] == set()
    store.free.set()
    found, _ = await asyncio.gather(*asking)
    assert list(found) == used(1, clock)


async def test_nothing_is_lost_when_whoever_asked_has_left(book, store, clock):
    """Their request is cancelled while it waits for the writing."""
    store.free.clear()
    note(book)
    asking = asyncio.create_task(book.of_user("me", since_day=0))
    await store.begun.wait()
    asking.cancel()
    await asyncio.wait([asking])
    store.free.set()
    assert list(await book.of_user("me", since_day=0)) == used(1, clock)


async def test_the_end_of_the_server_writes_what_is_left(book, stores, clock):
    """Without waiting for its time."""
    note(book)
    await book.aclose()
    assert await stores.usage.of_user("me", since_day=0) == used(1, clock)
