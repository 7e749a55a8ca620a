"""The supervisor over real processes: small programs that speak its lines."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from backend.errors import Unavailable
from backend.jobs.supervisor import LOOK_AGAIN_S, STEADY_S, WorkerSupervisor
from tests.fakes.clock import WatchedClock

ECHO = """
import sys
print('{"document": "started"}', flush=True)
for line in sys.stdin:
    print('{"document": "%s"}' % line.strip(), flush=True)
"""
ONE_JOB = """
import sys
print('{"document": "one"}', flush=True)
"""
DIES = "import sys; print('nonsense', flush=True); sys.exit(3)"
DEAF = """
import sys, time
print('{"document": "started"}', flush=True)
while True:
    time.sleep(60)
"""
LOUD = """
print("x" * 300_000)
print('{"document": "after"}', flush=True)
"""
PATIENCE_S = 60


class Heard:
    """What a worker told, and a way to wait for it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, said) -> None:
        self.said.append(said["document"])
        self._news.set()

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.said) < count:
                self._news.clear()
                await self._news.wait()
        return self.said


async def nobody() -> None:
    """Hold nothing."""


class Pending:
    """How often more work is found; each look takes one."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.looks = 0
        self.deaths = 0

    async def died(self) -> None:
        self.deaths += 1

    async def __call__(self) -> bool:
        self.looks += 1
        self.left -= 1
        return self.left >= 0


@pytest.fixture
async def make():
    made: list[WorkerSupervisor] = []

    def build(program, pending, heard, clock=None):
        one = WorkerSupervisor(
            [sys.executable, "-c", program],
            environ={"PATH": os.defpath},
            pending=pending,
            died=getattr(pending, "died", nobody),
            told=heard,
            clock=clock or WatchedClock(),
        )
        made.append(one)
        return one

    yield build
    for one in made:
        await one.aclose(grace_s=0.5)


async def test_nothing_runs_before_there_is_work(make):
    """A server without documents pays nothing."""
    supervisor = make(ECHO, Pending(0), Heard())
    assert supervisor.pid is None


async def test_a_wake_starts_the_process_and_later_ones_reach_it(make):
    """One process, told of every piece of news."""
    heard = Heard()
    supervisor = make(ECHO, Pending(0), heard)
    supervisor.wake()
    await heard.until(1)
    first = supervisor.pid
    supervisor.wake()
    assert await heard.until(2) == ["started", "work"]
    assert supervisor.pid == first


async def test_a_process_that_ended_is_started_again_while_work_waits(make):
    """Idle ends are no ends when something came in between."""
    heard, pending = Heard(), Pending(2)
    make(ONE_JOB, pending, heard).wake()
    assert await heard.until(3) == ["one", "one", "one"]
    assert pending.looks >= 2
    assert pending.deaths == 0


async def test_a_killed_process_is_started_again_after_a_pause(make):
    """kill -9 of the worker loses nothing and does not spin."""
    heard, clock, pending = Heard(), WatchedClock(), Pending(1)
    supervisor = make(ECHO, pending, heard, clock)
    supervisor.wake()
    await heard.until(1)
    os.kill(supervisor.pid, signal.SIGKILL)
    await clock.until_asked(2.0)
    assert (supervisor.pid, pending.deaths) == (None, 1)
    clock.step(2.0)
    assert await heard.until(2) == ["started", "started"]


async def test_pauses_between_failures_grow(make):
    """A broken worker is not started a thousand times a minute."""
    clock = WatchedClock()
    make(DIES, Pending(3), Heard(), clock).wake()
    for pause_s in (2.0, 4.0, 8.0):
        await clock.until_asked(pause_s)
        clock.step(pause_s)


async def test_it_says_how_the_process_is(make):
    """Whether it runs, waits for work, or ended by accident and with what."""
    clock, heard = WatchedClock(), Heard()
    well = make(ECHO, Pending(0), heard)
    assert "next document" in (await well.health()).detail
    well.wake()
    await heard.until(1)
    assert (await well.health()).detail == "It runs."
    broken = make(DIES, Pending(1), Heard(), clock)
    broken.wake()
    await clock.until_asked(2.0)
    found = await broken.health()
    assert (found.ok, "code 3" in found.detail, bool(found.fix)) == (False, True, True)


async def test_a_process_that_runs_again_is_well_after_a_while(make):
    """One accident is not told of for ever."""
    heard, clock = Heard(), WatchedClock()
    supervisor = make(ECHO, Pending(1), heard, clock)
    supervisor.wake()
    await heard.until(1)
    os.kill(supervisor.pid, signal.SIGKILL)
    await clock.until_asked(2.0)
    clock.step(2.0)
    await heard.until(2)
    assert not (await supervisor.health()).ok
    clock.step(STEADY_S)
    assert (await supervisor.health()).detail == "It runs."


async def test_closing_ends_a_process_that_does_not_listen(make):
    """A stop of the server does not hang on its worker."""
    heard = Heard()
    supervisor = make(DEAF, Pending(0), heard)
    supervisor.wake()
    await heard.until(1)
    pid = supervisor.pid
    await supervisor.aclose(grace_s=0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_closed_supervisor_starts_nothing(make):
    """News that arrives while stopping is for the next start."""
    supervisor = make(ECHO, Pending(5), Heard())
    await supervisor.aclose()
    supervisor.wake()
    assert supervisor.pid is None


async def test_a_database_that_is_busy_at_the_wrong_moment_ends_nothing(make):
    """The next upload is read, whatever the look for more work met."""
    heard, clock = Heard(), WatchedClock()
    busy = [Unavailable("locked")]

    async def pending():
        if busy:
            raise busy.pop()
        return False

    supervisor = make(ONE_JOB, pending, heard, clock)
    supervisor.wake()
    await clock.until_asked(LOOK_AGAIN_S)
    clock.step(LOOK_AGAIN_S)
    supervisor.wake()
    assert await heard.until(2) == ["one", "one"]


async def test_something_long_on_the_output_is_passed_over(make):
    """A library that prints does not cut the worker off."""
    heard = Heard()
    make(LOUD, Pending(0), heard).wake()
    assert await heard.until(1) == ["after"]


async def test_the_process_hears_no_keys_of_the_terminal(make):
    """Ctrl-C is for the server: it lets the worker give its jobs back, and starts no other meanwhile."""
    heard = Heard()
    supervisor = make(ECHO, Pending(0), heard)
    supervisor.wake()
    await heard.until(1)
    assert os.getpgid(supervisor.pid) != os.getpgid(0)
