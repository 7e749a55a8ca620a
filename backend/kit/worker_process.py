"""One worker process as its parent sees it: start, one exchange at a time, kill, reap.

Used by `workers.WorkerPool`, which owns deadlines and replacement. Not for use alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from backend.kit.worker_child import LENGTH

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from backend.kit.worker_child import main; main(int(sys.argv[1]))"
)
_ENVELOPE_BYTES = 1_000
_PART_BYTES = 65_536


class WorkerError(Exception):
    """A call in a worker process did not bring a value; the message says why."""


class WorkerTimeout(WorkerError):
    """It took too long and was stopped."""


class WorkerCrashed(WorkerError):
    """The process ran out of memory, died, or could not start."""


class WorkerRefused(WorkerError):
    """The function raised an exception; `kind` is the name of its class."""

    def __init__(self, message: str, *, kind: str = "") -> None:
        self.kind = kind
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Bounds of one process: address space, and per call CPU, wall clock and answer size."""

    memory_bytes: int = 512 * 1024 * 1024
    cpu_s: float = 3.0
    wall_s: float = 3.0
    start_s: float = 20.0
    idle_s: float = 60.0
    output_bytes: int = 1_000_000
    open_files: int = 64


class WorkerProcess:
    """A process that is being started; `ready` is done when it can take calls, or says why not."""

    def __init__(self, target: str, limits: WorkerLimits, *, import_path: Sequence[str]) -> None:
        self._limits = limits
        self._process: Process | None = None
        self._killed = False
        self._pipe = asyncio.Lock()  # one reader at a time: an exchange, then the last rites
        setup = {
            "target": target,
            "memory_bytes": limits.memory_bytes,
            "output_bytes": limits.output_bytes,
            "open_files": limits.open_files,
            "cpu_s": limits.cpu_s,
        }
        self.ready = asyncio.ensure_future(self._start(orjson.dumps(setup), import_path))
        self.ready.add_done_callback(look_at_outcome)

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process is not None else None

    @property
    def gone(self) -> bool:
        """Whether it failed to start or has ended by itself."""
        if not self.ready.done():
            return False
        return self.ready.cancelled() or self.ready.exception() is not None or self.pid is None

    async def exchange(self, body: bytes) -> dict[str, Any]:
        """Send one call and read its answer; cancelling leaves the pipe unusable.

        Raises:
            WorkerTimeout: the process was ended for its CPU time.
            WorkerCrashed: it died, or wrote something that is not an answer.
        """
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise WorkerCrashed("the worker process is not running")
        async with self._pipe:
            return await self._talk(process, process.stdin, process.stdout, body)

    async def _talk(
        self,
        process: Process,
        calls: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
        body: bytes,
    ) -> dict[str, Any]:
        try:
            calls.write(LENGTH.pack(len(body)) + body)
            await calls.drain()
            (size,) = LENGTH.unpack(await answers.readexactly(LENGTH.size))
            if size > self._limits.output_bytes + _ENVELOPE_BYTES:
                msg = f"the worker announced an answer of {size} bytes"
                raise WorkerCrashed(msg)
            return orjson.loads(await answers.readexactly(size))
        except orjson.JSONDecodeError as exc:
            raise WorkerCrashed("the worker wrote something that is not JSON") from exc
        except (asyncio.IncompleteReadError, ConnectionError) as exc:
            raise self._cause_of_death(await process.wait()) from exc

    def kill(self) -> None:
        """End the process and its group at once; harmless when it is gone."""
        self._killed = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)

    async def reap(self) -> None:
        """Wait until a killed process is gone.

        The pipe is drained first: `Process.wait` never returns while it holds unread data.
        """
        with contextlib.suppress(WorkerError, asyncio.CancelledError):
            await asyncio.shield(self.ready)
        if self._process is None or self._process.stdout is None:
            return
        async with self._pipe:
            while await self._process.stdout.read(_PART_BYTES):
                pass
            await self._process.wait()

    async def _start(self, setup: bytes, import_path: Sequence[str]) -> None:
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                "-c",
                _BOOT,
                str(os.getpid()),
                orjson.dumps(list(import_path)).decode(),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={"LC_ALL": "C.UTF-8"},
                cwd=os.sep,
                start_new_session=True,
            )
        except OSError as exc:
            msg = f"the worker process cannot start: {exc}"
            raise WorkerCrashed(msg) from exc
        if self._killed:
            self.kill()
        await self._greet(setup)

    async def _greet(self, setup: bytes) -> None:
        try:
            # Real time on purpose: this bounds a broken installation, not the work of a caller.
            async with asyncio.timeout(self._limits.start_s):
                answer = await self.exchange(setup)
        except TimeoutError as exc:
            self.kill()
            msg = f"the worker was not ready within {self._limits.start_s:g} seconds"
            raise WorkerCrashed(msg) from exc
        if "ok" not in answer:
            reason = answer.get("memory") or answer.get("broken")
            msg = f"the worker cannot load its function: {reason}"
            raise WorkerCrashed(msg)

    def _cause_of_death(self, code: int) -> WorkerError:
        if sys.platform != "win32" and code == -signal.SIGPROF:
            return WorkerTimeout(f"it used more than {self._limits.cpu_s:g} seconds of CPU")
        if code < 0:
            return WorkerCrashed(f"the worker process was ended by signal {-code}")
        return WorkerCrashed(f"the worker process ended with code {code}")


def look_at_outcome(future: asyncio.Future[Any]) -> None:
    """Take note of a failure, so that asyncio does not report it when nobody waits any more."""
    if not future.cancelled():
        future.exception()
