"""Who is served when, by a clock that a test steps."""

from __future__ import annotations

import asyncio

import pytest

from backend.kit.fair_queue import FairQueue, QueueFull, QueueTooSlow
from tests.fakes.clock import WatchedClock


def queue(places: int = 1, *, max_waiting: int = 100, clock: WatchedClock | None = None):
    clock = clock or WatchedClock()
    return FairQueue(places, max_waiting=max_waiting, patience_s=30, clock=clock)


async def test_fifty_requests_of_one_do_not_keep_another_waiting_for_fifty():
    """The other's first request is served after one of the many."""
    line = queue()
    assert line.enter("ann") is None
    many = [line.enter("ann") for _ in range(50)]
    one = line.enter("bob")
    assert [line.before(it) for it in (many[0], one, many[1], many[49])] == [0, 1, 2, 50]
    line.give("ann")
    assert (many[0].come.done(), one.come.done()) == (True, False)
    line.give("ann")
    assert one.come.done()
    assert (line.running, line.waiting, line.held_by("bob")) == (1, 49, 1)


async def test_owners_take_turns_and_each_ones_requests_keep_their_order():
    """Round and round, whoever holds how many places."""
    line = queue()
    line.enter("x")
    waiters = {name: line.enter(name[0]) for name in ("a1", "a2", "a3", "b1", "b2", "c1")}
    served = []
    owner = "x"
    while line.waiting:
        line.give(owner)
        name = next(it for it, w in waiters.items() if w.come.done() and it not in served)
        served.append(name)
        owner = name[0]
    assert served == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_what_is_told_of_the_wait_is_how_it_comes():
    """`before` counts exactly those that are served earlier, when nobody else comes."""
    line = queue()
    line.enter("x")
    waiters = [line.enter(owner) for owner in "aaabbcabca"]
    told = [line.before(one) for one in waiters]
    served = {}
    owner = "x"
    while line.waiting:
        line.give(owner)
        waiter = next(one for one in waiters if one.come.done() and one not in served)
        served[waiter] = len(served)
        owner = waiter.owner
    assert told == [served[one] for one in waiters]


async def test_a_full_queue_refuses_at_once_and_a_place_that_is_left_is_free_at_once():
    """Neither the queue nor the places leak."""
    line = queue(max_waiting=1)
    line.enter("a")
    waiter = line.enter("a")
    with pytest.raises(QueueFull):
        line.enter("b")
    line.leave(waiter)
    again = line.enter("b")
    line.give("a")
    assert again.come.done()
    line.leave(again)  # whoever left just when the place came
    assert (line.running, line.waiting, line.owners()) == (0, 0, [])


async def test_patience_has_an_end_and_looks_come_every_second():
    """Who waited too long is out of the queue."""
    clock = WatchedClock()
    line = queue(clock=clock)
    line.enter("a")
    waiter = line.enter("b")
    look = asyncio.ensure_future(line.come_nearer(waiter))
    await clock.until_asked(1.0)
    clock.step(1)
    assert await look is False
    clock.step(29)
    with pytest.raises(QueueTooSlow):
        await asyncio.wait_for(asyncio.gather(line.come_nearer(waiter), stepped(clock)), 5)
    assert line.waiting == 0


async def stepped(clock: WatchedClock) -> None:
    await clock.until_asked(0.0)
    clock.step(0)


async def test_no_limit_is_no_queue():
    """Zero places let everybody in."""
    line = queue(0)
    assert [line.enter("a") for _ in range(100)] == [None] * 100
    assert line.running == 100
