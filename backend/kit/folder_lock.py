"""Hold a folder for one process, until it ends however it ends."""

from __future__ import annotations

import os
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
