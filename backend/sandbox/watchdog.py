"""Bounds the memory that all processes of a run hold together, and the number of their files.

Limits of the system count per process; ten processes hold ten times as much. This looks every
`tick_s` and ends the run when it is over. What can grow between two looks is the overshoot: measured
in docs/decisions/0018. It runs in a thread of its own, so that a busy event loop does not blind it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import Final, Literal

from backend.sandbox.bwrap import TEMP, WORK
from backend.sandbox.limits import RunLimits
from backend.sandbox.processes import (
    end_first_for_memory,
    exact_bytes,
    held_by,
    rough_bytes,
    tree,
)

TICK_S: Final = 0.02
Excess = Literal["memory", "files"]


class Watchdog:
    """Watches everything below the first process inside; `excess` says what it ended the run for."""

    def __init__(self, init: int, limits: RunLimits) -> None:
        self.excess: Excess | None = None
        self.peak_bytes = 0
        self._init = init
        self._limits = limits
        self._stopping = threading.Event()
        self._seen: set[int] = set()
        self._pidfd = os.pidfd_open(init)
        self._thread = threading.Thread(target=self._watch, name="sandbox-watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End; the run is over."""
        self._stopping.set()
        self._thread.join()
        os.close(self._pidfd)

    def _watch(self) -> None:
        while not self._stopping.wait(TICK_S):
            self.excess = self._look()
            if self.excess is not None:
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                return

    def _look(self) -> Excess | None:
        pids = tree(self._init)
        if new := [pid for pid in pids if pid not in self._seen]:
            end_first_for_memory(new)
            self._seen.update(new)
        folders = self._limits.work_bytes + self._limits.temp_bytes
        held = [held_by(self._init, folder) for folder in (WORK, TEMP)]
        if None not in held:
            known = [one for one in held if one is not None]
            if max(one.files for one in known) > self._limits.work_files:
                return "files"
            folders = sum(one.bytes for one in known)
        total = rough_bytes(pids) + folders
        if total > self._limits.memory_bytes:
            total = exact_bytes(pids) + folders
        self.peak_bytes = max(self.peak_bytes, total)
        return "memory" if total > self._limits.memory_bytes else None
