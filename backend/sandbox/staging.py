"""Copies of the files that code may read, in a private folder for as long as the run lasts.

A dropped user id cannot read the originals (they are their owner's alone), and the copies cannot be
turned into the originals. Everything left by a server that died is swept by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from backend.kit.folder_lock import FolderInUse, FolderLock
from backend.kit.ids import new_id
from backend.ports.sandbox import InputFile, SandboxUnavailable
from backend.sandbox.frames import free_name, shown_name
from backend.sandbox.limits import RunLimits

_PART_BYTES: Final = 1024 * 1024


class NotStaged(Exception):
    """The files could not be laid ready; the message says why, without paths of this machine."""


class TooMuchInput(NotStaged):
    """The files are too many or too large; the message says so."""


class Staging:
    """A folder of this server's own under `folder`, held by a lock, with one folder per run."""

    def __init__(self, folder: Path) -> None:
        """Make it.

        Raises:
            SandboxUnavailable: when this server may not write there, or nothing more fits.
        """
        self.folder = folder / new_id("box")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sweep(folder)
            self.folder.mkdir(mode=0o700)
            self._lock: FolderLock | None = FolderLock(self.folder)
        except OSError as exc:
            msg = (
                f"the folder {folder.name} in DATA_DIR cannot be used: {exc.strerror}; "
                "this server must write there"
            )
            raise SandboxUnavailable(msg) from exc

    def close(self) -> None:
        """Remove it with everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _sweep(folder: Path) -> None:
    for left in folder.iterdir():
        if not left.is_dir():
            continue
        with contextlib.suppress(FolderInUse, OSError):
            lock = FolderLock(left)
            shutil.rmtree(left, ignore_errors=True)
            lock.release()


class StagedRun:
    """The copies of one run. `fill` and `remove` block: they belong in a thread."""

    def __init__(self, staging: Path) -> None:
        self.folder = staging / new_id("run")
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Have a `fill` that is at work end early."""
        self._stopped.set()

    def fill(
        self, files: Sequence[InputFile], limits: RunLimits, *, named: bool = False
    ) -> tuple[tuple[str, str], ...]:
        """Copy; give where each copy is and the name it has inside.

        With `named`, copies have those names here too, for a folder that is shown as a whole.

        Raises:
            TooMuchInput: before anything is over the limits.
            NotStaged: when a file cannot be read, or the disk is full.
        """
        try:
            return self._filled(files, limits, named=named)
        except OSError as exc:
            msg = f"the files cannot be copied: {exc.strerror}"
            raise NotStaged(msg) from exc

    def remove(self) -> None:
        """Remove the copies."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _filled(
        self, files: Sequence[InputFile], limits: RunLimits, *, named: bool
    ) -> tuple[tuple[str, str], ...]:
        if len(files) > limits.input_files:
            msg = f"{len(files)} files are too many; {limits.input_files} are allowed"
            raise TooMuchInput(msg)
        self.folder.mkdir(mode=0o700)
        placed: list[tuple[str, str]] = []
        left = limits.input_bytes
        for number, file in enumerate(files):
            name = free_name(shown_name(file.name), {taken for _, taken in placed})
            copy = self.folder / (name if named else str(number))
            left -= self._copy(file.path, copy, left)
            placed.append((str(copy), name))
        return tuple(placed)

    def _copy(self, source: Path, target: Path, most: int) -> int:
        count = 0
        with source.open("rb") as read, target.open("xb") as write:
            while (part := read.read(_PART_BYTES)) and not self._stopped.is_set():
                count += len(part)
                if count > most:
                    msg = "the files are too large together for the working folder"
                    raise TooMuchInput(msg)
                write.write(part)
            os.fchmod(write.fileno(), 0o444)
        return count
