"""Places are shared: one with many jobs cannot keep out another with one."""

from __future__ import annotations

import asyncio

import pytest

from backend.kit.fair_places import FairPlaces


class Jobs:
    """Jobs that hold a place until they are ended; `began` lists their owners in order."""

    def __init__(self, count):
        self.places = FairPlaces(count)
        self.began = []
        self._ends = {}

    def start(self, owner, name):
        self._ends[name] = asyncio.Event()
        return asyncio.create_task(self._hold(owner, name))

    async def end(self, name):
        self._ends[name].set()
        await settled()

    async def _hold(self, owner, name):
        async with self.places.place(owner):
            self.began.append(name)
            await self._ends[name].wait()


async def settled(passes=10):
    """Let the loop go round, so that every task goes on until it waits."""
    for _ in range(passes):
        passed = asyncio.Event()
        asyncio.get_running_loop().call_soon(passed.set)
        await passed.wait()


async def started(jobs, *pairs):
    tasks = [jobs.start(owner, name) for owner, name in pairs]
    await settled()
    return tasks


async def test_one_place_of_several_is_left_to_another():
    """However many jobs somebody has, who comes next need not wait."""
    jobs = Jobs(2)
    tasks = await started(jobs, ("anna", "a1"), ("anna", "a2"), ("anna", "a3"), ("ben", "b1"))
    assert jobs.began == ["a1", "b1"]
    for name in ("a1", "a2", "a3", "b1"):
        await jobs.end(name)
    await asyncio.gather(*tasks)
    assert jobs.began == ["a1", "b1", "a2", "a3"]


async def test_the_only_place_goes_round():
    """One with many jobs has them done in turn with the others'."""
    jobs = Jobs(1)
    given = [("anna", "a1"), ("anna", "a2"), ("anna", "a3"), ("ben", "b1")]
    tasks = await started(jobs, *given)
    assert jobs.began == ["a1"]
    for name in ("a1", "b1", "a2", "a3"):
        await jobs.end(name)
    await asyncio.gather(*tasks)
    assert jobs.began == ["a1", "b1", "a2", "a3"]


async def test_who_holds_least_is_next():
    """A free place passes over those who have one already, and over those who may have no more."""
    jobs = Jobs(3)
    given = [
        ("anna", "a1"),
        ("ben", "b1"),
        ("anna", "a2"),
        ("anna", "a3"),
        ("ben", "b2"),
        ("cleo", "c1"),
    ]
    tasks = await started(jobs, *given)
    assert jobs.began == ["a1", "b1", "a2"]
    await jobs.end("b1")
    assert jobs.began[3:] == ["c1"]
    await jobs.end("c1")
    assert jobs.began[4:] == ["b2"]
    await jobs.end("b2")
    assert jobs.began[5:] == []
    await jobs.end("a1")
    assert jobs.began[5:] == ["a3"]
    for name in ("a2", "a3"):
        await jobs.end(name)
    await asyncio.gather(*tasks)


async def test_work_of_nobody_may_hold_every_place():
    """Such as a self-test, beside which there is nobody yet."""
    jobs = Jobs(2)
    tasks = await started(jobs, ("", "1"), ("", "2"))
    assert jobs.began == ["1", "2"]
    for name in ("1", "2"):
        await jobs.end(name)
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("when", ["waiting", "in the moment of the gift"])
async def test_a_place_given_to_one_who_left_is_not_lost(when):
    """It goes on to the next."""
    jobs = Jobs(1)
    async with jobs.places.place("anna"):
        gone, last = await started(jobs, ("ben", "b"), ("cleo", "c"))
        if when == "waiting":
            gone.cancel()
    gone.cancel()
    await settled()
    assert gone.cancelled()
    assert jobs.began == ["c"]
    await jobs.end("c")
    await last
