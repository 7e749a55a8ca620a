"""Hold a folder for one process, or what lies in it for a moment, until it ends however it ends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None

NAME = "steward.lock"


class FolderInUse(Exception):
    """Another process holds the folder; the message names it if it can."""


class FolderLock:
    """A lock that the system itself lets go when the process ends, also after kill -9."""

    def __init__(self, folder: Path) -> None:
        """Take the lock; raise FolderInUse when another process has it."""
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip()
            os.close(self._file)
            raise FolderInUse(f"process {holder}" if holder else "another process") from exc
        os.ftruncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        """Let the folder go."""
        os.close(self._file)


@contextmanager
def changing(folder: Path) -> Generator[None]:
    """Be the only one who changes certain files of a folder, after whoever does; it need not be held.

    The lock is on the folder itself, so that nothing lies about in it.
    """
    with _flocked(folder, exclusive=True, wait=True):
        yield


@contextmanager
def unchanged(folder: Path) -> Generator[None]:
    """Keep what `changing` is for as it is, beside others who do; raise FolderInUse while it changes."""
    with _flocked(folder, exclusive=False, wait=False):
        yield


@contextmanager
def working_folder(within: Path, prefix: str) -> Generator[Path]:
    """Make a folder that goes at the end; until then `is_left` says that somebody works in it."""
    with tempfile.TemporaryDirectory(dir=within, prefix=prefix) as name, unchanged(Path(name)):
        yield Path(name)


def is_left(folder: Path) -> bool:
    """Tell whether whoever had made a working folder has ended without removing it."""
    try:
        with _flocked(folder, exclusive=True, wait=False):
            return True
    except (FolderInUse, FileNotFoundError):
        return False


@contextmanager
def _flocked(folder: Path, *, exclusive: bool, wait: bool) -> Generator[None]:
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise FolderInUse("another process") from exc
        yield
    finally:
        os.close(descriptor)
