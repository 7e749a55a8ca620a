"""What running code costs: the sandbox over the interpreter's own start, limited Python, the watchdog.

Rows of one table are measured in turns in one run, so that a busy machine counts for all of them.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from backend.ports.sandbox import CodeJob, SandboxUnavailable
from backend.sandbox.bubblewrap import Bubblewrap
from backend.sandbox.bwrap import UIDS
from backend.sandbox.limits import MIB, RunLimits, SandboxOptions
from backend.sandbox.monty import Monty
from backend.sandbox.one_run import OneRun

ROUNDS = 25
HEAVY_ROUNDS = 5
HERE = Path(".sandbox/site")
SITE = HERE if HERE.is_dir() else None
BOUND = 512 * MIB
HELLO = CodeJob(code="print('hello')")
PLAIN = [str(Path(sys.executable).resolve()), "-I", "-S", "-B", "-c", "print('hello')"]
MANY = """
import os, time
for _ in range(8):
    if not os.fork():
        held = []
        while True:
            held.append(bytearray(b"x") * (1 << 22))
time.sleep(60)
"""


async def timed_ms(work: Callable[[], Awaitable[object]]) -> float:
    """Do it once and give how long it took."""
    begun_s = time.perf_counter()
    await work()
    return (time.perf_counter() - begun_s) * 1000


async def plain() -> None:
    """Start the interpreter alone, as the sandbox starts it."""
    process = await asyncio.create_subprocess_exec(*PLAIN, stdout=subprocess.PIPE)
    await process.communicate()


async def starts(full: Bubblewrap, limited: Monty) -> list[str]:
    """Measure short calls in turns."""
    rows: dict[str, list[float]] = {"interpreter alone": [], "sandbox": [], "limited Python": []}
    works = [plain, lambda: full.run(HELLO), lambda: limited.run(HELLO)]
    for _ in range(ROUNDS + 1):
        for times, work in zip(rows.values(), works, strict=True):
            times.append(await timed_ms(work))
    middle = {name: statistics.median(times[1:]) for name, times in rows.items()}
    over = middle["sandbox"] - middle["interpreter alone"]
    lines = [f"| {name}, hello | {value:.0f} |" for name, value in middle.items()]
    return [*lines, f"| sandbox over the interpreter's own start | {over:.0f} |"]


async def imports(full: Bubblewrap) -> list[str]:
    """Measure calls that import what the sandbox offers."""
    lines: list[str] = []
    for name in ("numpy", "pandas", "matplotlib.pyplot"):
        job = CodeJob(code=f"import {name}")
        times = [await timed_ms(lambda job=job: full.run(job)) for _ in range(HEAVY_ROUNDS)]
        lines.append(f"| sandbox, import {name} | {statistics.median(times):.0f} |")
    return lines


async def overshoot(full: Bubblewrap) -> str:
    """Measure what eight greedy processes hold together when the watchdog ends them."""
    limits = RunLimits(memory_bytes=BOUND)
    uid = UIDS[0] if full.as_root else None
    held = [
        (await OneRun(full.ground, limits, uid=uid).outcome(CodeJob(code=MANY), ())).peak_bytes
        for _ in range(HEAVY_ROUNDS)
    ]
    low, high = ((one - BOUND) / MIB for one in (min(held), max(held)))
    return (
        f"Eight processes that take memory as fast as they can, bound {BOUND // MIB} MiB: held "
        f"{low:.0f} to {high:.0f} MiB more at the look that ended them."
    )


async def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        options = SandboxOptions(folder=Path(folder), site_dir=SITE)
        limited = Monty(replace(options, folder=Path(folder, "limited")))
        try:
            full = Bubblewrap(options)
            lines = [*await starts(full, limited), *(await imports(full) if SITE else [])]
            above = await overshoot(full)
        except SandboxUnavailable as exc:
            sys.stdout.write(f"not measured: {exc}\n")
            return
        way = "user id of its own" if full.as_root else "user namespace"
        head = f"| call ({way}) | p50 ms |\n|---|---|"
        sys.stdout.write("\n".join([head, *lines, "", above]) + "\n")
        await full.aclose()
        await limited.aclose()


if __name__ == "__main__":
    asyncio.run(main())
