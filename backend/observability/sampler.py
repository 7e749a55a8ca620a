"""Measures this server once a minute, for the history that administrators look at."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from backend.errors import StewardError
from backend.observability.minutes import ModelMinutes
from backend.ports.clock import Clock
from backend.ports.inside import PerformanceStore, Sample
from backend.ports.measuring import Queue

logger = logging.getLogger(__name__)
EVERY_S = 60.0


class Machine:
    """What this process and its children take of the machine; looked at in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Any = None
        self._spent: dict[int, float] = {}
        self._looked_s = 0.0

    def look(self) -> tuple[float, int, int, int]:
        """Give the processors used since the last look, bytes of memory, and the disk: free and in all."""
        now_s = time.monotonic()
        spent, memory = self._children()
        more = sum(s - self._spent.get(pid, 0.0) for pid, s in spent.items())
        cpu = more / (now_s - self._looked_s) if self._looked_s else 0.0
        self._spent, self._looked_s = spent, now_s
        disk = shutil.disk_usage(self._folder if self._folder.exists() else Path.cwd())
        return max(0.0, cpu), memory, disk.free, disk.total

    def _children(self) -> tuple[dict[int, float], int]:
        import psutil  # noqa: PLC0415 - costs memory, and the first minute need not have it

        process = self._process = self._process or psutil.Process()
        spent: dict[int, float] = {}
        memory = 0
        for one in (process, *process.children(recursive=True)):
            try:
                times, size = one.cpu_times(), one.memory_info().rss
            except psutil.Error:  # it has ended meanwhile
                continue
            spent[one.pid] = times.user + times.system
            memory += size
        return spent, memory


class Sampler:
    """Measures, keeps what it measured, and forgets what is old."""

    def __init__(
        self,
        store: PerformanceStore,
        clock: Clock,
        *,
        server: str,
        machine: Machine,
        minutes: ModelMinutes,
        standing: Callable[[], Awaitable[tuple[int, Queue | None]]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._server = server
        self._machine = machine
        self._minutes = minutes
        self._standing = standing

    async def measure(self) -> Sample:
        """Give how this server stands now."""
        cpu, memory, free, whole = await asyncio.to_thread(self._machine.look)
        runs, queue = await self._standing()
        jobs = queue.waiting + queue.running + queue.postponed if queue else 0
        return Sample(
            at_ms=self._clock.now_ms(),
            server=self._server,
            cpu=round(cpu, 4),
            memory_bytes=memory,
            disk_free_bytes=free,
            disk_bytes=whole,
            active_runs=runs,
            queue=jobs,
        )

    async def run(self) -> None:
        """Keep a sample every minute, for ever; a database that fails costs that minute alone."""
        await self.measure()
        while True:
            await self._clock.sleep(EVERY_S)
            await self.keep()

    async def keep(self) -> None:
        """Keep a sample of now, and how the models answered since the last one."""
        try:
            sample = await self.measure()
            models = self._minutes.take(at_ms=sample.at_ms, server=self._server)
            await self._store.add(sample, models)
        except (StewardError, OSError) as exc:
            logger.warning("a measurement could not be kept: %s", type(exc).__name__)
