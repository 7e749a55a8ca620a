"""Deadlines and slots on a clock that only moves when told."""

from __future__ import annotations

import asyncio

import pytest

from backend.kit.waiting import DeadlineExceeded, Slots, SlotsFull, side_by_side, within
from tests.fakes.clock import WatchedClock


@pytest.fixture
def clock():
    return WatchedClock()


async def wait_for(event):
    await event.wait()
    return "done"


async def test_work_in_time_gives_its_result(clock):
    """The deadline leaves no trace."""
    event = asyncio.Event()
    event.set()
    assert await within(clock, 5, wait_for(event)) == "done"


async def test_work_that_is_late_is_cancelled(clock):
    """The work is cancelled before TimeoutError is raised."""
    work = asyncio.ensure_future(wait_for(asyncio.Event()))

    async def join():
        return await work

    task = asyncio.create_task(within(clock, 5, join()))
    await clock.until_asked(5)
    clock.step(5)
    with pytest.raises(TimeoutError):
        await task
    assert work.cancelled()


async def test_an_error_of_the_work_passes(clock):
    """Only lateness is a TimeoutError."""

    async def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        await within(clock, 5, fail())


async def test_a_timeout_of_the_work_itself_is_not_a_missed_deadline(clock):
    """Whoever waits can tell the two apart."""

    async def give_up():
        raise TimeoutError

    with pytest.raises(TimeoutError) as caught:
        await within(clock, 5, give_up())
    assert not isinstance(caught.value, DeadlineExceeded)


async def test_work_side_by_side_gives_results_in_order():
    """Whatever ends first."""
    event = asyncio.Event()

    async def last():
        await event.wait()
        return 1

    async def first():
        event.set()
        return 2

    assert await side_by_side([last(), first()]) == [1, 2]


async def test_the_first_failure_stops_the_work_beside_it():
    """The rest has ended before the failure is raised."""
    ended = []

    async def slow():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("slow")

    async def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        await side_by_side([slow(), fail()])
    assert ended == ["slow"]


async def test_slots_are_given_in_the_order_of_asking(clock):
    """The queue is first come, first served."""
    slots = Slots(1, max_waiting=2, clock=clock)
    await slots.take(patience_s=9)
    order: list[int] = []

    async def take(number):
        await slots.take(patience_s=9)
        order.append(number)
        slots.give()

    tasks = [asyncio.create_task(take(number)) for number in range(2)]
    while len(clock.asked) < 2:
        await clock.until_asked(9)
        await within(clock, 9, wait_for(_set()))
    with pytest.raises(SlotsFull):
        await slots.take(patience_s=9)
    slots.give()
    await asyncio.gather(*tasks)
    assert order == [0, 1]


def _set():
    event = asyncio.Event()
    event.set()
    return event


async def test_waiting_for_a_slot_has_an_end(clock):
    """Whoever waits longer than its patience is sent away, and its place is free."""
    slots = Slots(1, max_waiting=1, clock=clock)
    await slots.take(patience_s=9)
    task = asyncio.create_task(slots.take(patience_s=9))
    await clock.until_asked(9)
    clock.step(9)
    with pytest.raises(SlotsFull):
        await task
    slots.give()
    await slots.take(patience_s=9)


async def test_a_slot_given_to_one_who_left_is_not_lost(clock):
    """Cancelled while waiting, or in the moment of the gift, the slot goes on."""
    slots = Slots(1, max_waiting=2, clock=clock)
    await slots.take(patience_s=9)
    gone = asyncio.create_task(slots.take(patience_s=9))
    await clock.until_asked(9)
    slots.give()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await slots.take(patience_s=9)
