"""The loop of a worker: how much at once, when it ends, and what failures leave."""

from __future__ import annotations

import asyncio
import gc

import pytest

from backend.documents.ingest import LEASE_S
from backend.documents.work_loop import LOOK_AGAIN_S, WorkLoop
from backend.errors import ServerFault, Unavailable
from tests.fakes.ingest_parts import ANN, Workshop, away

PATIENCE_S = 60


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


def loop_of(shop, **options):
    return WorkLoop(shop.ingest(), shop.stores.jobs, clock=shop.clock, **options)


async def run_until_idle(shop, loop, *, idle_s=30.0):
    """Run the loop to its end, stepping time."""
    await ended(shop, asyncio.ensure_future(loop.run(idle_s=idle_s)))


async def ended(shop, running):
    """Step time as soon as a loop only waits, until it has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while not running.done():
            shop.clock.asked.clear()
            waiting = asyncio.ensure_future(shop.clock.until_asked(LOOK_AGAIN_S))
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            shop.clock.step(LOOK_AGAIN_S)
    await running


async def test_everything_that_waits_is_done_and_then_the_loop_ends(shop):
    """A worker that is not needed gives its memory back."""
    files = [await shop.upload(f"text {n}", f"{n}.txt") for n in range(5)]
    await run_until_idle(shop, loop_of(shop))
    assert {(await shop.look(file)).state for file in files} == {"ready"}


async def test_work_that_is_postponed_keeps_the_loop_alive(shop):
    """Nobody has to wake the worker when the embedder comes back."""
    shop.embedder.faults = [away()]
    file = await shop.upload("text")
    await run_until_idle(shop, loop_of(shop))
    assert (await shop.look(file)).state == "ready"


async def test_a_failing_database_is_tried_again(shop):
    """A moment of a locked database costs no upload."""
    file = await shop.upload("text")
    get, failures = shop.stores.documents.get, [Unavailable("locked")]

    async def sometimes(user_id, document_id):
        if failures:
            raise failures.pop()
        return await get(user_id, document_id)

    shop.stores.documents.get = sometimes
    await run_until_idle(shop, loop_of(shop))
    assert (await shop.look(file)).state == "ready"


async def test_a_fault_that_would_come_again_is_not_tried_for_ever(shop):
    """Only what may pass is waited for; anything else fails the document once."""
    shop.reader.faults = [ServerFault(), ServerFault()]
    file = await shop.upload("text")
    await run_until_idle(shop, loop_of(shop))
    assert (await shop.look(file)).state == "failed"
    assert len(shop.reader.read_names) == 1


async def test_a_database_that_takes_nothing_at_all_loses_no_job(shop):
    """The disk is full for a while: not even the postponing is written, and the lease runs out."""
    file = await shop.upload("text")
    mark, postpone = shop.stores.documents.mark, shop.stores.jobs.postpone
    full = [Unavailable("the disk is full")] * 2

    def refusing(work):
        async def write(*args, **kwargs):
            if full:
                raise full.pop()
            return await work(*args, **kwargs)

        return write

    shop.stores.documents.mark, shop.stores.jobs.postpone = refusing(mark), refusing(postpone)
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: faults.append(told))
    await run_until_idle(shop, loop_of(shop))
    gc.collect()
    assert (await shop.look(file)).state == "ready"
    assert faults == []


async def test_a_bug_fails_one_document_and_not_the_worker(shop, caplog):
    """The next upload is read as if nothing had been."""
    shop.reader.faults = [ZeroDivisionError("a bug")]
    files = [await shop.upload("one", "1.txt"), await shop.upload("two", "2.txt")]
    await run_until_idle(shop, loop_of(shop))
    states = [(await shop.look(file)).state for file in files]
    assert sorted(states) == ["failed", "ready"]
    assert "ZeroDivisionError" in caplog.text


async def test_documents_of_one_user_are_bounded_and_of_others_go_on(shop):
    """At most `per_user` at once of each, however many wait."""
    running, most = 0, 0
    read = shop.reader.read

    async def counted(path, filename, *, recognised):
        nonlocal running, most
        running += 1
        most = max(most, running)
        others_may_run = asyncio.Event()
        asyncio.get_running_loop().call_soon(others_may_run.set)
        await others_may_run.wait()
        running -= 1
        return await read(path, filename, recognised=recognised)

    shop.reader.read = counted
    for number in range(6):
        await shop.upload(f"text {number}", f"{number}.txt")
    await run_until_idle(shop, loop_of(shop, at_once=4, per_user=1))
    assert most == 1
    assert len(shop.reader.read_names) == 6


async def test_a_new_embedder_is_built_up_when_nothing_waits(shop):
    """In the background, after the uploads."""
    await shop.upload("text")
    await run_until_idle(shop, loop_of(shop))
    old, fresh = shop.embedder, type(shop.embedder)("test-two")
    shop.embedder = fresh
    shop.older["test-one"] = old
    await run_until_idle(shop, loop_of(shop))
    assert await shop.stores.spaces.active() == "test-two"
    assert "" in shop.told


async def test_stopping_leaves_the_job_to_be_taken_again(shop):
    """SIGTERM in the middle of a document loses nothing."""
    gate = asyncio.Event()
    started = asyncio.Event()
    read = shop.reader.read

    async def slow(path, filename, *, recognised):
        started.set()
        await gate.wait()
        return await read(path, filename, recognised=recognised)

    shop.reader.read = slow
    file = await shop.upload("text")
    running = asyncio.ensure_future(loop_of(shop).run(idle_s=None))
    await asyncio.wait_for(started.wait(), PATIENCE_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await shop.stores.jobs.waiting() == 1
    gate.set()
    assert await shop.stores.jobs.release_all() == 0
    await shop.work()
    assert (await shop.look(file)).state == "ready"
    assert (await shop.stores.documents.count_by_state(ANN.id))["ready"] == 1


class HeldReader:
    """Holds up the reading of a document until it is let go on, and counts how often it was begun."""

    def __init__(self, shop):
        self._read = shop.reader.read
        self.begun, self.ended = 0, 0
        self.started, self.gate = asyncio.Event(), asyncio.Event()
        shop.reader.read = self.read

    async def read(self, path, filename, *, recognised):
        self.begun += 1
        self.started.set()
        try:
            await self.gate.wait()
        finally:
            self.ended += 1
        return await self._read(path, filename, recognised=recognised)


async def beats(shop, number):
    """Let time pass, a third of a lease at a time, with everything that it sets off."""
    for _ in range(number):
        await asyncio.wait_for(shop.clock.until_asked(LEASE_S / 3), PATIENCE_S)
        shop.clock.asked.clear()
        shop.clock.step(LEASE_S / 3)


async def test_a_document_that_takes_longer_than_a_lease_is_read_once(shop):
    """The loop does not take its own job again while it is still at it."""
    held = HeldReader(shop)
    file = await shop.upload("text")
    running = asyncio.ensure_future(loop_of(shop).run(idle_s=30.0))
    await asyncio.wait_for(held.started.wait(), PATIENCE_S)
    await beats(shop, 10)
    others = await shop.stores.jobs.claim(now_ms=shop.clock.now_ms(), lease_s=1, per_user=9)
    held.gate.set()
    await ended(shop, running)
    assert (others, held.begun) == (None, 1)
    assert (await shop.look(file)).state == "ready"


async def test_reading_stops_when_the_document_is_erased(shop):
    """A bomb that its owner has deleted keeps no place from others."""
    held = HeldReader(shop)
    file = await shop.upload("text")
    running = asyncio.ensure_future(loop_of(shop).run(idle_s=30.0))
    await asyncio.wait_for(held.started.wait(), PATIENCE_S)
    await shop.stores.files.delete(ANN.id, file.id)
    await beats(shop, 2)
    await ended(shop, running)
    assert (held.begun, held.ended) == (1, 1)


async def test_a_job_whose_lease_ran_out_unnoticed_is_not_begun_twice(shop):
    """A machine that slept wakes up with leases that are over."""
    held = HeldReader(shop)
    file = await shop.upload("text")
    loop = loop_of(shop)
    running = asyncio.ensure_future(loop.run(idle_s=30.0))
    await asyncio.wait_for(held.started.wait(), PATIENCE_S)
    await shop.stores.jobs.release_all()
    loop.wake()
    await beats(shop, 2)
    held.gate.set()
    await ended(shop, running)
    assert held.begun == 1
    assert (await shop.look(file)).state == "ready"
