"""Which processes a sandbox left behind, as the host sees them.

Orphans come to this process instead of the system's first one, so that whatever is started below it
stays below it, and tests that run at the same time do not see each other's.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
from pathlib import Path

from backend.sandbox.processes import tree

_PR_SET_CHILD_SUBREAPER = 36
_others: set[int] = set()


def adopt_orphans() -> None:
    """Have orphans below this process come to it; what lives there already is of no concern."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _others.clear()
    _others.update(tree(os.getpid()))


def sandbox_processes() -> list[tuple[int, str]]:
    """List what has come to live below this process since; the dead do not count."""
    found: list[tuple[int, str]] = []
    for pid in set(tree(os.getpid())[1:]) - _others:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:
            continue
        facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if not facts["State"].strip().startswith("Z"):
            found.append((pid, facts["Name"].strip()))
    return found


async def all_gone() -> bool:
    """Wait until nothing lives below this process, half a minute at most."""
    try:
        async with asyncio.timeout(30):
            while sandbox_processes():
                await asyncio.to_thread(sandbox_processes)
    except TimeoutError:
        return False
    return True


def resident_kib() -> int:
    """Tell how much memory this process holds."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])
