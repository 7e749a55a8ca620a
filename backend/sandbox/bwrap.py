"""The command line that puts the walls up, for both ways of running.

A server that is not root gives the code a user namespace. A root server must not: the limit of
processes does not bind root, and inside a user namespace the code would still be root outside. It
drops to a user id of its own per run instead. Not for: limits set inside (`boot`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from backend.ports.sandbox import SandboxUnavailable
from backend.sandbox.interpreter import FONTS, PREFIX, View, open_folder
from backend.sandbox.limits import RunLimits

WORK: Final = "/box"
TEMP: Final = "/tmp"  # noqa: S108 - inside, where it is private
SETPRIV: Final = "/sbx/setpriv"
UIDS: Final = range(62_000, 65_000)
_HELP_S: Final = 3.0

_BOOT = Path(__file__).with_name("boot.py")
_OUTSIDE_ID = "65534"
_FONT_CACHE = f"{TEMP}/matplotlib"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_ENVIRONMENT = {
    "HOME": WORK,
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "LD_LIBRARY_PATH": f"{PREFIX}/lib",
    "MALLOC_ARENA_MAX": "2",
    "MPLBACKEND": "module://steward_figures",
    "MPLCONFIGDIR": _FONT_CACHE,
    "PATH": f"{PREFIX}/bin",
    "TMPDIR": TEMP,
    "TZ": "UTC",
    **dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS"), "1"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The programs of the system that are needed; `setpriv` only by a root server."""

    bwrap: str
    setpriv: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """What differs from run to run: descriptors the child inherits, the user id, the files to show."""

    seccomp_fd: int
    result_fd: int
    uid: int | None
    inputs: tuple[tuple[str, str], ...]


def find_programs() -> Programs:
    """Find them; they must do all that is asked of them here.

    Raises:
        SandboxUnavailable: naming what to install.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        msg = "bubblewrap is not installed; on Debian or Ubuntu: apt-get install bubblewrap"
        raise SandboxUnavailable(msg)
    missing = [one for one in ("--size", "--perms", "--clearenv") if one not in _help(bwrap)]
    if missing:
        msg = (
            f"bubblewrap is too old ({', '.join(missing)} missing); version 0.7 or newer is needed"
        )
        raise SandboxUnavailable(msg)
    setpriv = shutil.which("setpriv")
    if os.geteuid() == 0 and setpriv is None:
        msg = "a server that runs as root needs setpriv (package util-linux), or an account of its own"
        raise SandboxUnavailable(msg)
    return Programs(bwrap=bwrap, setpriv=setpriv)


@cache
def _help(bwrap: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system
            [bwrap, "--help"], capture_output=True, text=True, timeout=_HELP_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as exc:
        msg = f"{bwrap} does not run, not even with --help: {exc}"
        raise SandboxUnavailable(msg) from exc
    return done.stdout


@cache
def _boot_source() -> str:
    return _BOOT.read_text(encoding="utf-8")


@cache
def figures_source() -> str:
    """Give the text of `figures`, which goes inside with each job."""
    return _BOOT.with_name("figures.py").read_text(encoding="utf-8")


def command(programs: Programs, view: View, walls: Walls, limits: RunLimits) -> list[str]:
    """Write the whole command."""
    return [
        programs.bwrap,
        *_namespaces(programs, root=walls.uid is not None),
        "--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox",
        *view.mounts,
        *_folders(view, limits, shared=walls.uid is not None),
        *_inputs(walls),
        *_setpriv_mount(programs, root=walls.uid is not None),
        "--remount-ro", "/",
        "--chdir", WORK,
        *(part for name, value in _ENVIRONMENT.items() for part in ("--setenv", name, value)),
        "--seccomp", str(walls.seccomp_fd),
        "--",
        *_dropped(walls.uid),
        view.python, "-I", "-S", "-B", "-X", "utf8", "-c", _boot_source(),
        str(walls.result_fd), *_boot_numbers(limits),
    ]  # fmt: skip


def _namespaces(programs: Programs, *, root: bool) -> list[str]:
    common = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    common += ["--unshare-cgroup-try", "--cap-drop", "ALL"]
    if root:
        needed = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
        return [*common, *(part for one in needed for part in ("--cap-add", one))]
    nested = ["--disable-userns"] if "--disable-userns" in _help(programs.bwrap) else []
    return ["--unshare-user", *common, *nested, "--uid", _OUTSIDE_ID, "--gid", _OUTSIDE_ID]


def _folders(view: View, limits: RunLimits, *, shared: bool) -> list[str]:
    """Make the folders in memory; a dropped user id owns none of them, so all may write there."""
    mode = ["--perms", "1777"] if shared else ["--perms", "0755"]
    parts = [*mode, "--size", str(limits.work_bytes), "--tmpfs", WORK]
    parts += [*mode, "--size", str(limits.temp_bytes), "--tmpfs", TEMP]
    parts += [*mode, "--dir", _FONT_CACHE]
    for name in view.font_lists:
        parts += ["--symlink", f"{FONTS}/{name}", f"{_FONT_CACHE}/{name}"]
    parts += open_folder("/dev")
    for device in _DEVICES:
        parts += ["--dev-bind", device, device]
    return parts


def _inputs(walls: Walls) -> list[str]:
    return [part for path, name in walls.inputs for part in ("--ro-bind", path, f"{WORK}/{name}")]


def _setpriv_mount(programs: Programs, *, root: bool) -> list[str]:
    return ["--ro-bind", programs.setpriv, SETPRIV] if root and programs.setpriv else []


def _dropped(uid: int | None) -> list[str]:
    if uid is None:
        return []
    return [
        SETPRIV, "--reuid", str(uid), "--regid", str(uid), "--clear-groups",
        "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--",
    ]  # fmt: skip


def _boot_numbers(limits: RunLimits) -> list[str]:
    """Give the limits that the program inside sets itself, in the order it reads them."""
    return [
        str(one)
        for one in (
            limits.cpu_s,
            limits.memory_bytes,
            limits.processes,
            limits.open_files,
            min(limits.work_bytes, limits.memory_bytes),
            limits.value_chars,
            limits.made_files,
            limits.made_file_bytes,
            limits.made_total_bytes,
        )
    ]
