"""Runs a pure function in bounded worker processes: for heavy or risky work off the event loop.

The processes start on the first call, are killed and replaced when a call goes over a limit, and
stop when idle. Not for: code written by strangers (that needs the sandbox) or work that must finish.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from backend.kit.fair_places import FairPlaces
from backend.kit.log_context import start_unbound
from backend.kit.worker_process import (
    WorkerCrashed,
    WorkerError,
    WorkerLimits,
    WorkerProcess,
    WorkerRefused,
    WorkerTimeout,
    look_at_outcome,
)

__all__ = [
    "WorkerCrashed",
    "WorkerError",
    "WorkerLimits",
    "WorkerPool",
    "WorkerRefused",
    "WorkerTimeout",
]

DEFAULT_LIMITS = WorkerLimits()


class Timer(Protocol):
    """What deadlines need of a clock."""

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


@dataclass(slots=True)
class _Idle:
    """A worker that waits for work, since when (seconds of the pool's clock)."""

    process: WorkerProcess
    since_s: float


class WorkerPool:
    """At most `size` processes, each serving one call of `target` ("module:function") at a time.

    The function takes one JSON value and returns one. `import_path` replaces the folders that the
    processes import from (default: those of this process). Belongs to one event loop.
    """

    def __init__(
        self,
        target: str,
        *,
        clock: Timer,
        size: int = 1,
        limits: WorkerLimits = DEFAULT_LIMITS,
        import_path: Sequence[str] | None = None,
    ) -> None:
        self._target = target
        self._clock = clock
        self._limits = limits
        self._import_path = list(import_path or _own_import_path())
        self._places = FairPlaces(size)
        self._idle: list[_Idle] = []
        self._alive: set[WorkerProcess] = set()
        self._chores: set[asyncio.Task[None]] = set()
        self._reaper: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that run now."""
        return tuple(sorted(one.pid for one in self._alive if one.pid is not None))

    async def call(self, payload: object, *, owner: str = "") -> Any:  # noqa: ANN401 - any JSON
        """Run the function once; the wait for a free worker is not part of its time.

        `owner` is whose call it is: of several workers, one owner's calls never take all.

        Raises:
            WorkerTimeout: it took more than `wall_s` seconds or `cpu_s` seconds of CPU.
            WorkerCrashed: it ran out of memory, or the process died or could not start.
            WorkerRefused: the function raised; `kind` names the exception's class.
        """
        body = orjson.dumps(payload)
        async with self._places.place(owner):
            if self._closed:
                raise WorkerCrashed("the worker pool is closed")
            return await self._serve(self._take(), body)

    async def aclose(self) -> None:
        """Kill every worker, running calls included."""
        self._closed = True
        self._idle.clear()
        if self._reaper is not None:
            self._reaper.cancel()
        for worker in tuple(self._alive):
            self._discard(worker)
        while self._chores:
            await asyncio.wait(self._chores)

    async def _serve(self, worker: WorkerProcess, body: bytes) -> Any:  # noqa: ANN401
        kept = False
        began = False
        try:
            await asyncio.shield(worker.ready)
            began = True
            answer = await self._within_wall(worker, body)
            kept = True
        except asyncio.CancelledError:
            kept = not began and not self._closed  # no work was given to it yet
            raise
        finally:
            if kept:
                self._rest(worker)
            else:
                self._discard(worker)
                if began and not self._closed:
                    self._rest(self._start())
        return _opened(answer)

    async def _within_wall(self, worker: WorkerProcess, body: bytes) -> dict[str, Any]:
        reply = asyncio.ensure_future(worker.exchange(body))
        reply.add_done_callback(look_at_outcome)
        bell = asyncio.ensure_future(self._clock.sleep(self._limits.wall_s))
        try:
            await asyncio.wait({reply, bell}, return_when=asyncio.FIRST_COMPLETED)
            if not reply.done():
                msg = f"it took more than {self._limits.wall_s:g} seconds"
                raise WorkerTimeout(msg)
            answer = reply.result()
            if "memory" in answer:
                raise WorkerCrashed(answer["memory"])
            return answer
        finally:
            bell.cancel()
            reply.cancel()

    def _take(self) -> WorkerProcess:
        """Choose the worker that rested last, so that the others can go idle for good."""
        while self._idle:
            worker = self._idle.pop().process
            if not worker.gone:
                return worker
            self._discard(worker)
        return self._start()

    def _start(self) -> WorkerProcess:
        worker = WorkerProcess(self._target, self._limits, import_path=self._import_path)
        self._alive.add(worker)
        return worker

    def _discard(self, worker: WorkerProcess) -> None:
        if worker not in self._alive:
            return
        worker.kill()
        self._alive.remove(worker)
        chore = asyncio.ensure_future(worker.reap())
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    def _rest(self, worker: WorkerProcess) -> None:
        self._idle.append(_Idle(worker, self._clock.monotonic_s()))
        if self._reaper is None or self._reaper.done():
            self._reaper = start_unbound(self._stop_the_idle())

    async def _stop_the_idle(self) -> None:
        """Stop workers that had nothing to do for `idle_s`; end when none is left waiting."""
        while self._idle:
            oldest_s = min(one.since_s for one in self._idle)
            wait_s = oldest_s + self._limits.idle_s - self._clock.monotonic_s()
            if wait_s > 0:
                await self._clock.sleep(wait_s)
            now_s = self._clock.monotonic_s()
            for one in tuple(self._idle):
                if now_s - one.since_s >= self._limits.idle_s:
                    self._idle.remove(one)
                    self._discard(one.process)


def _opened(answer: dict[str, Any]) -> Any:  # noqa: ANN401
    if "ok" in answer:
        return answer["ok"]
    raise WorkerRefused(answer.get("refused", "no answer"), kind=answer.get("kind", ""))


def _own_import_path() -> list[str]:
    root = str(Path(__file__).resolve().parents[2])
    rest = [str(Path(entry).resolve()) for entry in sys.path if entry]
    return list(dict.fromkeys([root, *rest]))
