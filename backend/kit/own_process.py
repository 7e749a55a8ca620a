"""What a process can do about itself: give way to others, and end with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Literal

_PR_SET_PDEATHSIG = 1
_NICE = 15


def lower_priority(priority: Literal["idle", "low", "normal"]) -> None:
    """Let other processes go first; what this process starts inherits it.

    `idle` runs only where nobody else wants to (Linux; elsewhere it is `low`), `low` gets a small
    share of a busy machine.
    """
    if priority == "normal" or sys.platform == "win32":
        return
    if priority == "idle" and hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        return
    os.nice(_NICE)


def die_with_parent(parent_pid: int) -> None:
    """Have the system end this process when its parent ends, however that ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # it died before the call above
            sys.exit(0)
