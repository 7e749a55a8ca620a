"""The worker pool with real processes: limits hold, and the next call always works."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backend.kit.clocks import SteppedClock, SystemClock
from backend.kit.workers import (
    WorkerCrashed,
    WorkerLimits,
    WorkerPool,
    WorkerRefused,
    WorkerTimeout,
)

ROOT = Path(__file__).resolve().parents[3]
MIB = 1024 * 1024
TARGET = "tests.fakes.worker_functions:act"
Build = Callable[..., WorkerPool]


@pytest.fixture
async def build() -> AsyncIterator[Build]:
    """Make pools that are closed, and checked to leave no process and no unseen error, after the test."""
    pools: list[WorkerPool] = []
    unseen: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))

    def make(
        *, clock: SystemClock | SteppedClock | None = None, size: int = 1, **limits: float
    ) -> WorkerPool:
        bounds = WorkerLimits(**{"memory_bytes": 128 * MIB, "cpu_s": 30.0, **limits})  # type: ignore[arg-type]
        pool = WorkerPool(TARGET, clock=clock or SteppedClock(), size=size, limits=bounds)
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        pids = pool.pids
        await pool.aclose()
        assert not [pid for pid in pids if is_alive(pid)]
    gc.collect()
    assert unseen == []


def is_alive(pid: int) -> bool:
    """Tell whether the process exists and is no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until the condition holds; real processes need real time."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.to_thread(os.sched_yield)


async def test_a_call_brings_the_value_of_the_function(build: Build) -> None:
    """What the function returns arrives as JSON, from another process than this one."""
    answer = await build().call({"do": "echo", "say": ["é", 1.5, None]})

    assert answer["said"] == ["é", 1.5, None]
    assert answer["pid"] != os.getpid()


async def test_no_process_runs_before_the_first_call(build: Build) -> None:
    """A pool that nobody uses costs nothing."""
    assert build().pids == ()


async def test_a_worker_is_used_again(build: Build) -> None:
    """The second call meets the same process."""
    pool = build()

    first, second = await pool.call({"do": "echo"}), await pool.call({"do": "echo"})

    assert first == second


async def test_a_hanging_call_is_killed_at_the_wall_limit(build: Build, tmp_path: Path) -> None:
    """After wall_s the process is dead, the caller knows, and the next call has a new worker."""
    clock, mark = SteppedClock(), tmp_path / "pid"
    pool = build(clock=clock, wall_s=3)
    call = asyncio.ensure_future(pool.call({"do": "hang", "mark": str(mark)}))
    await until(lambda: mark.exists() and mark.read_text() != "")

    clock.step(3)

    with pytest.raises(WorkerTimeout, match="more than 3 seconds"):
        await call
    pid = int(mark.read_text())
    await until(lambda: not is_alive(pid))
    answer = await pool.call({"do": "echo", "say": 1})
    assert answer["said"] == 1
    assert answer["pid"] != pid


async def test_one_owner_leaves_a_worker_to_others(build: Build, tmp_path: Path) -> None:
    """With all workers but one at its calls, its next call waits and another's does not."""
    clock, marks = SteppedClock(), [tmp_path / "pid-1", tmp_path / "pid-2"]
    pool = build(clock=clock, size=2, wall_s=3)
    hanging = [
        asyncio.ensure_future(pool.call({"do": "hang", "mark": str(mark)}, owner="anna"))
        for mark in marks
    ]
    await until(lambda: marks[0].exists() and marks[0].read_text() != "")

    answer = await pool.call({"do": "echo", "say": 1}, owner="ben")

    assert answer["said"] == 1
    assert not marks[1].exists()
    for call in hanging:
        call.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_spinning_call_is_ended_by_its_cpu_limit(build: Build) -> None:
    """CPU is counted per call, so a spinning function ends although no clock was stepped."""
    pool = build(cpu_s=0.2)

    with pytest.raises(WorkerTimeout, match=r"0\.2 seconds of CPU"):
        await pool.call({"do": "spin"})

    assert (await pool.call({"do": "echo", "say": 2}))["said"] == 2


async def test_a_greedy_call_is_bounded_in_memory(build: Build) -> None:
    """A function that allocates without end fails inside its own address space."""
    pool = build()

    with pytest.raises(WorkerCrashed, match="memory"):
        await pool.call({"do": "hog"})

    assert (await pool.call({"do": "echo", "say": 3}))["said"] == 3


@pytest.mark.parametrize(
    ("order", "words"),
    [({"code": 7}, "code 7"), ({"signal": signal.SIGSEGV}, f"signal {int(signal.SIGSEGV)}")],
)
async def test_a_dying_worker_is_told_and_replaced(
    build: Build, order: dict[str, int], words: str
) -> None:
    """The caller hears how the process ended, and the next call works."""
    pool = build()

    with pytest.raises(WorkerCrashed, match=words):
        await pool.call({"do": "die", **order})

    assert (await pool.call({"do": "echo", "say": 4}))["said"] == 4


async def test_a_worker_killed_while_idle_is_replaced_unseen(build: Build) -> None:
    """A worker that vanished between two calls costs the second one nothing but a start."""
    pool = build()
    await pool.call({"do": "echo"})
    (pid,) = pool.pids

    os.kill(pid, signal.SIGKILL)
    await until(lambda: pool.pids == ())

    assert (await pool.call({"do": "echo", "say": 5}))["said"] == 5


async def test_what_the_function_prints_does_not_reach_the_protocol(build: Build) -> None:
    """Garbage on standard output, also below Python, is lost and harms nothing."""
    pool = build()

    assert await pool.call({"do": "litter"}) == "clean"
    assert (await pool.call({"do": "echo", "say": 6}))["said"] == 6


async def test_an_exception_of_the_function_is_told_by_name_and_message(build: Build) -> None:
    """The worker survives, and the caller learns which exception it was."""
    pool = build()

    with pytest.raises(WorkerRefused) as caught:
        await pool.call({"do": "refuse"})

    assert (str(caught.value), caught.value.kind) == ("not with me", "Picky")
    assert len(pool.pids) == 1


@pytest.mark.parametrize(
    ("order", "kind"),
    [({"do": "flood", "size": 5_000}, "TooLarge"), ({"do": "strange"}, "NotJson")],
)
async def test_an_answer_that_does_not_fit_is_refused(
    build: Build, order: dict[str, object], kind: str
) -> None:
    """Answers above output_bytes and values that are not JSON never cross the pipe."""
    with pytest.raises(WorkerRefused) as caught:
        await build(output_bytes=1_000).call(order)

    assert caught.value.kind == kind


async def test_a_worker_sees_nothing_of_its_parent_s_environment(build: Build) -> None:
    """No variable, no folder and no input of the server reaches the function."""
    seen = await build().call({"do": "surroundings"})

    assert seen == {"environment": ["LC_ALL"], "folder": "/", "stdin": ""}


async def test_cancelling_the_caller_kills_the_work(build: Build, tmp_path: Path) -> None:
    """Work that nobody waits for does not go on."""
    mark = tmp_path / "pid"
    pool = build()
    call = asyncio.ensure_future(pool.call({"do": "hang", "mark": str(mark)}))
    await until(lambda: mark.exists() and mark.read_text() != "")

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: not is_alive(int(mark.read_text())))
    assert (await pool.call({"do": "echo", "say": 7}))["said"] == 7


async def test_processes_started_by_the_function_die_with_it(build: Build, tmp_path: Path) -> None:
    """The whole process group of a stopped call ends, not only the worker."""
    mark = tmp_path / "pid"
    call = asyncio.ensure_future(
        build().call({"do": "hang", "mark": str(mark), "with_child": True})
    )
    await until(lambda: mark.exists() and mark.read_text() != "")

    call.cancel()

    await until(lambda: not is_alive(int(mark.read_text())))
    await asyncio.wait({call})


async def test_calls_share_the_workers_and_all_are_answered(build: Build) -> None:
    """Ten calls on two workers end, each with its own answer, with at most two processes."""
    pool = build(size=2)

    answers = await asyncio.gather(*(pool.call({"do": "echo", "say": n}) for n in range(10)))

    assert [answer["said"] for answer in answers] == list(range(10))
    assert len({answer["pid"] for answer in answers}) <= 2


async def test_an_idle_worker_stops_and_a_later_call_starts_another(build: Build) -> None:
    """After idle_s of the clock the memory goes back to the system."""
    clock = SteppedClock()
    pool = build(clock=clock, idle_s=60)
    first = await pool.call({"do": "echo"})
    await until(lambda: clock_has_sleepers(clock))

    clock.step(59)
    await until(lambda: True)
    assert pool.pids == (first["pid"],)
    clock.step(1)

    await until(lambda: not is_alive(first["pid"]))
    assert (await pool.call({"do": "echo"}))["pid"] != first["pid"]


def clock_has_sleepers(clock: SteppedClock) -> bool:
    """Tell whether somebody waits for the clock."""
    return any(not woken.done() for _, _, woken in clock._sleepers)


async def test_closing_kills_running_calls(build: Build, tmp_path: Path) -> None:
    """A server that shuts down does not wait for a computation."""
    mark = tmp_path / "pid"
    pool = build()
    call = asyncio.ensure_future(pool.call({"do": "hang", "mark": str(mark)}))
    await until(lambda: mark.exists() and mark.read_text() != "")

    await pool.aclose()

    with pytest.raises(WorkerCrashed):
        await call
    with pytest.raises(WorkerCrashed, match="closed"):
        await pool.call({"do": "echo"})


async def test_a_function_that_cannot_be_loaded_is_named() -> None:
    """A wrong target is a clear error and not a hang."""
    pool = WorkerPool("tests.fakes.worker_functions:nothing", clock=SteppedClock())

    with pytest.raises(WorkerCrashed, match="nothing"):
        await pool.call({})

    await pool.aclose()


async def test_memory_too_small_to_load_is_named(build: Build) -> None:
    """An address space in which Python itself does not fit is told, not waited for."""
    with pytest.raises(WorkerCrashed):
        await build(memory_bytes=4 * MIB).call({"do": "echo"})


PARENT = """
import asyncio, os, sys
from backend.kit.clocks import SystemClock
from backend.kit.workers import WorkerPool

async def main():
    pool = WorkerPool("tests.fakes.worker_functions:act", clock=SystemClock())
    await pool.call({"do": "echo"})
    print(*pool.pids, flush=True)
    await pool.call({"do": "hang"})

asyncio.run(main())
"""


async def test_workers_die_with_a_killed_parent() -> None:
    """When the server is killed, its busy worker does not stay behind."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, cwd=ROOT, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert is_alive(pid)

    parent.kill()
    await parent.wait()

    await until(lambda: not is_alive(pid))
