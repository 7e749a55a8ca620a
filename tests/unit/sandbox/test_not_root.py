"""The same walls for a server that is not root: this folder's tests, run again as `nobody`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.processes import ROOT, required_program

NOBODY = "65534"
AGAIN = ("test_escapes.py", "test_held_out.py", "test_running.py")


def test_the_walls_hold_for_a_server_that_is_not_root(tmp_path: Path) -> None:
    """A user namespace instead of a user id of its own; a closed home is laid open for it first."""
    if os.geteuid() != 0:
        pytest.skip("the tests beside this one have just done that")
    work = tmp_path / "work"
    work.mkdir()
    work.chmod(0o777)
    done = subprocess.run(
        [*_as_nobody(work), sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
         "--basetemp=/mnt/t", *(str(Path(__file__).with_name(one)) for one in AGAIN)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout


def _as_nobody(work: Path) -> list[str]:
    needed = [Path(sys.base_prefix), ROOT]
    needed += [(ROOT / one).resolve().parent for one in (".venv", ".sandbox")]
    command = [required_program("bwrap"), "--bind", "/", "/", "--dev", "/dev"]
    for closed in {Path("/", *one.parts[1:2]) for one in needed if not _open_to_all(one)}:
        command += ["--perms", "0755", "--tmpfs", str(closed)]
        inside = sorted({one for one in needed if one.is_relative_to(closed)})
        command += [part for one in inside for part in _shown(one, closed)]
    for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
        command += ["--cap-add", capability]
    return [
        *command, "--bind", str(work), "/mnt", "--chdir", str(ROOT), "--clearenv",
        "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/mnt", "--setenv", "CI", "true",
        "--setenv", "PYTHONDONTWRITEBYTECODE", "1",
        required_program("setpriv"), "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups",
        "--inh-caps=-all", "--bounding-set=-all", "--",
    ]  # fmt: skip


def _shown(path: Path, closed: Path) -> Iterator[str]:
    for parent in reversed(path.relative_to(closed).parents[:-1]):
        yield from ("--perms", "0755", "--dir", str(closed / parent))
    yield from ("--ro-bind", str(path), str(path))


def _open_to_all(path: Path) -> bool:
    return all(one.stat().st_mode & 0o001 for one in (path, *path.parents))
