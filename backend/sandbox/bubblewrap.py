"""Full Python behind bubblewrap: runs jobs, a few at a time, and words what came of each.

Not for: whether the walls hold here (`selftest`), the fallback (`monty`), or the walls (`bwrap`).
"""

from __future__ import annotations

import asyncio
import os
import platform
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from backend.kit.fair_places import FairPlaces
from backend.ports.sandbox import CodeJob, CodeOutcome, Exit, SandboxUnavailable
from backend.sandbox.bwrap import UIDS, find_programs
from backend.sandbox.interpreter import look
from backend.sandbox.limits import MIB, RunLimits, SandboxOptions
from backend.sandbox.one_run import Ended, Ground, OneRun
from backend.sandbox.staging import NotStaged, StagedRun, Staging
from backend.sandbox.syscalls import Machine

_CPU_SIGNAL = 24
_SIGNALS = 128
_NAMES = {
    4: "an illegal instruction",
    6: "an abort",
    7: "a bus error",
    8: "an arithmetic fault",
    9: "a kill from inside, or because the machine was out of memory",
    11: "a fault in memory",
    15: "a signal to end",
    31: "a forbidden system call",
}


class Bubblewrap:
    """Makes a wall for every job. Belongs to one event loop."""

    def __init__(self, options: SandboxOptions) -> None:
        """Look at the machine.

        Raises:
            SandboxUnavailable: when something that is needed is missing.
        """
        if sys.platform != "linux":
            msg = "bubblewrap needs Linux"
            raise SandboxUnavailable(msg)
        machine = platform.machine()
        if machine not in get_args(Machine):
            msg = f"there is no system call filter for machines of the kind {machine}"
            raise SandboxUnavailable(msg)
        self.options = options
        self.ground = Ground(
            programs=find_programs(),
            view=look(options.site_dir),
            machine=machine,  # pyright: ignore[reportArgumentType] - compared just before
        )
        self._staging = Staging(options.folder)
        self._places = FairPlaces(options.concurrent)
        self.as_root = os.geteuid() == 0
        self._uids: set[int] = set()
        self._running: dict[asyncio.Task[CodeOutcome], OneRun] = {}

    async def run(self, job: CodeJob, limits: RunLimits | None = None) -> CodeOutcome:
        """Run it once there is a place; cancelling ends it, and returns only when nothing is left.

        Raises:
            SandboxUnavailable: when the walls could not be put up this time.
        """
        async with self._places.place(job.owner):
            uid = self._free_uid() if self.as_root else None
            try:
                return await self._unbroken(job, limits or self.options.limits, uid)
            finally:
                self._uids.discard(uid or 0)

    def _free_uid(self) -> int:
        """Choose a user id that no other run of this machine is likely to have: its processes are counted by it.

        Another server on the machine, also one in a container, chooses out of the same ones.
        """
        uid = random.SystemRandom().choice([one for one in UIDS if one not in self._uids])
        self._uids.add(uid)
        return uid

    async def _unbroken(self, job: CodeJob, limits: RunLimits, uid: int | None) -> CodeOutcome:
        """Let the run come to its own end also when its caller is cancelled: told to stop, it hurries."""
        run = OneRun(self.ground, limits, uid=uid)
        staged = StagedRun(self._staging.folder)
        work = asyncio.create_task(_carry_out(run, staged, job, limits))
        self._running[work] = run
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            staged.stop()
            run.stop()
            await _until_done(work)
            raise
        finally:
            del self._running[work]

    async def aclose(self) -> None:
        """End everything that still runs."""
        for run in self._running.values():
            run.stop()
        if self._running:
            await asyncio.wait(list(self._running))
        await asyncio.to_thread(self._staging.close)


async def _until_done(work: asyncio.Task[CodeOutcome]) -> None:
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            continue  # it is on its way out already; leaving now would leave things behind
    if not work.cancelled():
        work.exception()


async def _carry_out(
    run: OneRun, staged: StagedRun, job: CodeJob, limits: RunLimits
) -> CodeOutcome:
    started_s = time.monotonic()
    try:
        inputs: Sequence[tuple[str, str]] = ()
        if job.files:
            inputs = await asyncio.to_thread(staged.fill, job.files, limits)
        ended = await run.outcome(job, inputs)
    except NotStaged as exc:
        return CodeOutcome(exit="exception", error=f"Nothing was run: {exc}.")
    except OSError as exc:
        msg = f"this machine cannot start a run now: {exc.strerror}"
        raise SandboxUnavailable(msg) from exc
    finally:
        if job.files:
            await asyncio.to_thread(staged.remove)
    outcome = worded(ended, job, limits)
    return replace(outcome, duration_ms=int((time.monotonic() - started_s) * 1000))


def worded(ended: Ended, job: CodeJob, limits: RunLimits) -> CodeOutcome:
    """Say how a run ended; what the outside saw wins over what the inside told."""
    how, why = _ending(ended, job, limits)
    told = ended.told
    return CodeOutcome(
        exit=how,
        stdout=ended.stdout.decode("utf-8", "replace"),
        stderr=ended.stderr.decode("utf-8", "replace"),
        value=told.value,
        error="\n".join(one for one in (told.error, why) if one),
        files=tuple(told.files),
        notes=tuple(told.notes),
    )


def _ending(ended: Ended, job: CodeJob, limits: RunLimits) -> tuple[Exit, str]:
    seconds = min(job.timeout_s or limits.timeout_s, limits.timeout_s)
    reasons: dict[str | None, tuple[Exit, str]] = {
        "memory": ("memory", f"used more than {limits.memory_bytes // MIB} MiB of memory"),
        "files": ("memory", f"made more than {limits.work_files} files"),
        "output": ("output", f"wrote more than {limits.output_bytes} bytes of output"),
        "time": ("time", f"took more than {seconds:g} seconds"),
    }
    if found := reasons.get(ended.excess or ended.stopped):
        return found[0], f"Stopped: it {found[1]}."
    if ended.stopped is None and ended.told.ending is not None:
        return ended.told.ending, ""
    return _died(ended, limits)


def _died(ended: Ended, limits: RunLimits) -> tuple[Exit, str]:
    if ended.stopped == "cancelled":
        return "killed", "Stopped: the call was ended."
    if ended.stopped == "broken":
        return "killed", "Stopped: it disturbed the way its results are brought back."
    signal = ended.code - _SIGNALS
    if signal == _CPU_SIGNAL:
        return "time", f"Stopped: it used more than {limits.cpu_s} seconds of processor time."
    if signal in _NAMES:
        return "killed", f"The interpreter was ended by {_NAMES[signal]} (signal {signal})."
    return "killed", f"The interpreter ended by itself without a result (code {ended.code})."
