"""One run from the start of bubblewrap to the end of its last process, seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from backend.ports.sandbox import CodeJob, SandboxUnavailable
from backend.sandbox.bwrap import Programs, Walls, command, figures_source
from backend.sandbox.frames import BrokenStream, FrameReader, Told
from backend.sandbox.interpreter import View
from backend.sandbox.limits import RunLimits
from backend.sandbox.processes import Grip
from backend.sandbox.seccomp import program
from backend.sandbox.syscalls import Machine
from backend.sandbox.watchdog import Excess, Watchdog

Stop = Literal["time", "output", "cancelled", "broken"]
_PART_BYTES: Final = 64 * 1024
_REASON_CHARS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all runs have in common."""

    programs: Programs
    view: View
    machine: Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: what it told, what it wrote, and what ended it."""

    told: Told
    stdout: bytes
    stderr: bytes
    code: int
    stopped: Stop | None = None
    excess: Excess | None = None
    peak_bytes: int = 0


@dataclass(slots=True)
class _Output:
    """One stream of output, kept up to a bound."""

    most: int
    kept: bytearray = field(default_factory=bytearray)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Read to the end, keep the beginning."""
        while part := await stream.read(_PART_BYTES):
            room = self.most - len(self.kept)
            self.kept += part[:room]
            if len(part) > room:
                self.over.set()


class _Streams:
    """Everything that comes out of a run, read at the same time until the last writer is gone."""

    def __init__(self, process: Process, frames: FrameReader, limits: RunLimits) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self.frames = frames
        self.out, self.err = _Output(limits.output_bytes), _Output(limits.output_bytes)
        self.hearing = asyncio.create_task(frames.hear())
        self.tasks = [
            self.hearing,
            asyncio.create_task(self.out.read(process.stdout)),
            asyncio.create_task(self.err.read(process.stderr)),
        ]

    @property
    def stopped(self) -> Stop | None:
        """What of it alone ended the run."""
        if self.out.over.is_set() or self.err.over.is_set():
            return "output"
        return "broken" if isinstance(self.hearing.exception(), BrokenStream) else None


class OneRun:
    """Carries out one job; `stop` may be called at any time and leads to the end of `outcome`."""

    def __init__(self, ground: Ground, limits: RunLimits, *, uid: int | None) -> None:
        self._ground = ground
        self._limits = limits
        self._uid = uid
        self._stop = asyncio.Event()
        self._watchdog: Watchdog | None = None

    def stop(self) -> None:
        """End it early."""
        self._stop.set()

    async def outcome(self, job: CodeJob, inputs: Sequence[tuple[str, str]]) -> Ended:
        """Run it to its end; afterwards nothing of it is left.

        Raises:
            SandboxUnavailable: when the walls could not be put up.
        """
        reading, writing = os.pipe2(os.O_CLOEXEC)
        filter_fd = _filter_file(self._ground.machine)
        try:
            process = await self._start(filter_fd, writing, inputs)
        except OSError as exc:
            os.close(reading)
            msg = f"bubblewrap cannot be started: {exc}"
            raise SandboxUnavailable(msg) from exc
        finally:
            os.close(filter_fd)
            os.close(writing)
        stream = asyncio.StreamReader(limit=_PART_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", buffering=0)
        )
        try:
            streams = _Streams(process, FrameReader(stream, self._limits), self._limits)
            return await self._watched(
                process, streams, _task(job, inputs), _seconds(job, self._limits)
            )
        finally:
            transport.close()

    async def _start(
        self, filter_fd: int, result_fd: int, inputs: Sequence[tuple[str, str]]
    ) -> Process:
        walls = Walls(
            seccomp_fd=filter_fd, result_fd=result_fd, uid=self._uid, inputs=tuple(inputs)
        )
        ground = self._ground
        return await asyncio.create_subprocess_exec(
            *command(ground.programs, ground.view, walls, self._limits),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_PART_BYTES,
            pass_fds=(filter_fd, result_fd),
            env={},
            cwd=os.sep,
        )

    async def _watched(
        self, process: Process, streams: _Streams, task: bytes, seconds: float
    ) -> Ended:
        grip = Grip(process)
        try:
            stopped = await self._talk(grip, streams, task, seconds)
        finally:
            grip.kill()
            await asyncio.wait(streams.tasks)
            await grip.gone()
            if self._watchdog is not None:
                self._watchdog.stop()
        watched = self._watchdog
        if watched is None and stopped != "cancelled":
            raise SandboxUnavailable(_why_not(stopped, streams.err, process))
        return Ended(
            told=streams.frames.told,
            stdout=bytes(streams.out.kept),
            stderr=bytes(streams.err.kept),
            code=process.returncode or 0,
            stopped=streams.stopped or stopped,
            excess=watched.excess if watched else None,
            peak_bytes=watched.peak_bytes if watched else 0,
        )

    async def _talk(
        self, grip: Grip, streams: _Streams, task: bytes, seconds: float
    ) -> Stop | None:
        """Wait until it is up, hold it, and only then give it the code."""
        frames, hearing = streams.frames, {streams.hearing}
        stopped = await self._first(hearing, [frames.hello], self._limits.start_s)
        if stopped is not None:
            return stopped
        if not frames.hello.is_set():  # the walls were refused: bubblewrap is ending by itself
            await grip.own_end()
            return None
        grip.hold()
        if grip.init is None or grip.outer.stdin is None:
            return None
        self._watchdog = Watchdog(grip.init, self._limits)
        self._watchdog.start()
        streams.tasks.append(asyncio.create_task(_feed(grip.outer.stdin, task)))
        stopped = await self._first(hearing, [streams.out.over, streams.err.over], seconds)
        if streams.hearing.done() and streams.frames.told.ending is None:
            await grip.own_end()
        return stopped

    async def _first(
        self, ends: set[asyncio.Task[None]], events: list[asyncio.Event], seconds: float
    ) -> Stop | None:
        """Wait for an end, one of the events, a stop from outside, or the time."""
        stopping = asyncio.create_task(self._stop.wait())
        bells = [asyncio.create_task(one.wait()) for one in events]
        try:
            await asyncio.wait(
                [*ends, stopping, *bells], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if stopping.done():
                return "cancelled"
            if any(one.done() for one in [*ends, *bells]):
                return None
            return "time"
        finally:
            for one in (stopping, *bells):
                one.cancel()


def _filter_file(machine: Machine) -> int:
    descriptor = os.memfd_create("filter", os.MFD_CLOEXEC)
    os.write(descriptor, program(machine))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _task(job: CodeJob, inputs: Sequence[tuple[str, str]]) -> bytes:
    names = [name for _, name in inputs]
    return marshal.dumps({
        "code": job.code,
        "earlier": list(job.earlier),
        "inputs": names,
        "figures": figures_source(),
    })


def _seconds(job: CodeJob, limits: RunLimits) -> float:
    return min(job.timeout_s or limits.timeout_s, limits.timeout_s)


async def _feed(stdin: asyncio.StreamWriter, task: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        stdin.write(task)
        await stdin.drain()
    stdin.close()


def _why_not(stopped: Stop | None, err: _Output, process: Process) -> str:
    if stopped == "time":
        return "the sandbox did not start in time"
    said = err.kept.decode("utf-8", "replace").strip()[-_REASON_CHARS:]
    return said or f"bubblewrap ended with code {process.returncode}"
