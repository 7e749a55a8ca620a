"""A disk of a few MiB that a test can fill: a tmpfs, mounted by root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

import pytest

from tests.fakes.processes import required_program


@contextmanager
def tiny_disk(folder: Path, *, mib: int) -> Iterator[Path]:
    """Mount one; where that is not permitted the test is skipped, and says so."""
    mount, umount = required_program("mount"), required_program("umount")
    folder.mkdir()
    options = f"size={mib}m,mode=700"
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = f"A FULL DISK WAS NOT TRIED: {done.stderr.strip() or 'mount failed'}"
        pytest.skip(reason)
    try:
        yield folder
    finally:
        subprocess.run([umount, "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing fits any more; give the file that takes the room."""
    path = disk / "something else.bin"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            _write(file, bytes(size))
    return path


def _write(file: FileIO, piece: bytes) -> None:
    with suppress(OSError):
        while file.write(piece) == len(piece):
            pass
