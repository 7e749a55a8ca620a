"""Whether the walls hold on this machine, tried once with small and bounded probes."""

from __future__ import annotations

import sys
from ast import literal_eval
from dataclasses import replace
from pathlib import Path
from typing import Final

from backend.kit.ids import new_id
from backend.ports.sandbox import CodeJob, SandboxReport, SandboxUnavailable
from backend.sandbox.bubblewrap import Bubblewrap
from backend.sandbox.limits import MIB

_PROCESSES: Final = 8
_MEMORY: Final = 192 * MIB
_PROBE_S: Final = 20.0
_MANY: Final = 4
# numpy is compiled for one version of Python: it tells whether the folder of packages fits.
_TELLING: Final = "numpy"

_WALLS = """
import ctypes, os, signal, socket

def refused(attempt):
    try:
        attempt()
    except OSError:
        return True
    return False

def forks(most):
    made = []
    try:
        while len(made) < most:
            child = os.fork()
            if not child:
                signal.pause()
                os._exit(0)
            made.append(child)
    except OSError:
        pass
    for child in made:
        os.kill(child, signal.SIGKILL)
    return len(made)

unshare = ctypes.CDLL(None, use_errno=True).unshare
{
    "forks": forks(FORKS),
    "network": all(refused(lambda: socket.socket(one)) for one in (1, 2, 10, 16, 17, 40)),
    "host file": refused(lambda: open(CANARY).read()) and refused(lambda: open("/etc/passwd")),
    "processes of the host": refused(lambda: os.listdir("/proc")),
    "system folders": refused(lambda: open("/usr/lib/steward-probe", "w")),
    "namespaces": unshare(0x10000000) == -1,
}
"""
_ONE_TOO_LARGE = "len(bytearray(2 * MEMORY))"
_MANY_TOO_LARGE = """
import os, time
for _ in range(COUNT):
    if not os.fork():
        held = bytearray(b"x") * (MEMORY // 2)
        time.sleep(20)
        os._exit(0)
time.sleep(20)
"""


async def test_walls(sandbox: Bubblewrap) -> SandboxReport:
    """Try every wall.

    Raises:
        SandboxUnavailable: naming the first that does not hold, or why none could be put up.
    """
    canary = sandbox.options.folder / new_id("canary")
    canary.write_text("only the host may read this", encoding="utf-8")
    try:
        await _try_walls(sandbox, canary)
    finally:
        canary.unlink()
    await _try_memory(sandbox)
    return await _packages(sandbox)


async def _try_walls(sandbox: Bubblewrap, canary: Path) -> None:
    limits = replace(sandbox.options.limits, processes=_PROCESSES, timeout_s=_PROBE_S)
    code = _WALLS.replace("FORKS", str(2 * _PROCESSES)).replace("CANARY", repr(str(canary)))
    outcome = await sandbox.run(CodeJob(code=code), limits)
    if outcome.exit != "ok":
        msg = f"the sandbox did not pass its test: {outcome.exit} {outcome.error[-300:]}"
        raise SandboxUnavailable(msg)
    found = literal_eval(outcome.value)
    forks = found.pop("forks")
    if not 0 < forks < _PROCESSES:
        msg = f"processes are not bounded: {forks} were started under a limit of {_PROCESSES}"
        raise SandboxUnavailable(msg)
    open_walls = [name for name, holds in found.items() if not holds]
    if open_walls:
        msg = f"the sandbox does not hold here: {', '.join(open_walls)}"
        raise SandboxUnavailable(msg)


async def _try_memory(sandbox: Bubblewrap) -> None:
    limits = replace(sandbox.options.limits, memory_bytes=_MEMORY, timeout_s=_PROBE_S)
    for code in (_ONE_TOO_LARGE, _MANY_TOO_LARGE):
        filled = code.replace("MEMORY", str(_MEMORY)).replace("COUNT", str(_MANY))
        outcome = await sandbox.run(CodeJob(code=filled), limits)
        if outcome.exit != "memory":
            msg = f"memory is not bounded: a probe ended with {outcome.exit} {outcome.error[-300:]}"
            raise SandboxUnavailable(msg)


async def _packages(sandbox: Bubblewrap) -> SandboxReport:
    packages = sandbox.ground.view.packages
    if not packages:
        detail = "bubblewrap, the standard library alone; `make sandbox` installs packages"
        return SandboxReport(kind="full", detail=detail)
    if _TELLING in packages:
        outcome = await sandbox.run(CodeJob(code=f"import {_TELLING}"))
        if outcome.exit != "ok":
            version = ".".join(map(str, sys.version_info[:2]))
            detail = (
                f"bubblewrap, but the packages do not fit Python {version}: run `make sandbox`, "
                "or set SANDBOX__SITE_DIR"
            )
            return SandboxReport(kind="full", detail=detail)
    return SandboxReport(kind="full", packages=packages, detail="bubblewrap")
