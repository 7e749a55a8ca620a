"""The processes of one run as the system lists them: who they are, what they hold, their end.

A process id may be given to another process after an end, so whatever is ended is held by a pidfd.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_GONE_S: Final = 5.0
_OWN_END_S: Final = 0.5
_ROLLUP = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")
_STATUS = (b"RssAnon:", b"RssShmem:", b"VmSwap:")


def children(pid: int) -> list[int]:
    """List the children of all threads of a process; empty when it is gone."""
    found: list[int] = []
    try:
        for thread in (_PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_bytes().split())
    except OSError:
        return found
    return found


def tree(pid: int) -> list[int]:
    """List a process and everything below it."""
    found, waiting = [pid], [pid]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def rough_bytes(pids: list[int]) -> int:
    """Sum up private and shared memory and swap; pages shared after a fork count several times."""
    return sum(_sum_kib(pid, "status", _STATUS) for pid in pids) * 1024


def exact_bytes(pids: list[int]) -> int:
    """Sum up the same with shared pages divided among their holders; slower than `rough_bytes`."""
    total = 0
    for pid in pids:
        exact = _sum_kib(pid, "smaps_rollup", _ROLLUP)
        total += exact or _sum_kib(pid, "status", _STATUS)
    return total * 1024


def _sum_kib(pid: int, name: str, wanted: tuple[bytes, ...]) -> int:
    try:
        lines = (_PROC / str(pid) / name).read_bytes().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(wanted))


@dataclass(frozen=True, slots=True)
class Held:
    """How much a folder in memory holds."""

    bytes: int = 0
    files: int = 0


def held_by(init: int, folder: str) -> Held | None:
    """Ask how full a folder inside is, by way of its first process; None when it cannot be seen."""
    try:
        found = os.statvfs(_PROC / str(init) / "root" / folder.lstrip("/"))
    except OSError:
        return None
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    return Held(bytes=used, files=found.f_files - found.f_ffree)


def end_first_for_memory(pids: list[int]) -> None:
    """Have the kernel choose these processes first when the machine runs out of memory."""
    for pid in pids:
        with contextlib.suppress(OSError):
            (_PROC / str(pid) / "oom_score_adj").write_bytes(b"1000")


class Grip:
    """Holds a started bubblewrap and the first process inside, whose end ends all the others."""

    def __init__(self, outer: Process) -> None:
        self.outer = outer
        self.init: int | None = None
        self._descriptors: list[int] = []

    def hold(self) -> None:
        """Take hold of what is inside; call it while nothing of strangers runs yet."""
        for pid in children(self.outer.pid):
            with contextlib.suppress(OSError):
                self._descriptors.append(os.pidfd_open(pid))
                self.init = pid

    async def own_end(self) -> None:
        """Let it come to the end it is at by itself, so that the reason is not lost; not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_OWN_END_S):
                await self.outer.wait()

    def kill(self) -> None:
        """End everything inside at once; without a hold, everything that bubblewrap has started."""
        if not self._descriptors and self.outer.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                # Stopped, it cannot start anything between the look and the end.
                self.outer.send_signal(signal.SIGSTOP)
                self.hold()
                self.outer.kill()
        for descriptor in self._descriptors:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)

    async def gone(self) -> None:
        """Wait until nothing is left; output must be read to its end meanwhile, or it never is."""
        try:
            # Real time on purpose: a killed process takes milliseconds; this bounds a sick system.
            async with asyncio.timeout(_GONE_S):
                for descriptor in self._descriptors:
                    await _ended(descriptor)
                await self.outer.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.outer.kill()
            await self.outer.wait()
        finally:
            for descriptor in self._descriptors:
                os.close(descriptor)
            self._descriptors.clear()


async def _ended(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _done, ended)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
