"""A folder of files by owner and id: `root/{owner}/{id}`, readable by this account of the system alone.

Names given by people never become paths. Not for: what the files are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from backend.kit.incoming import written_before
from backend.kit.owned_files import check_id

_ANY_ID = "any"
_MOST_TRIES = 20


class OwnedFolder:
    """Files by owner and id; folders of owners come and go with their files."""

    local = True

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, owner_id: str, file_id: str) -> Path:
        """Say where a file's bytes lie."""
        return self._root / check_id(owner_id) / check_id(file_id)

    def fetch(self, owner_id: str, file_id: str) -> Path | None:
        """Give the path of a file's bytes; None when they are gone."""
        path = self.path(owner_id, file_id)
        return path if path.is_file() else None

    def put(self, ready: Path, *, owner_id: str, file_id: str) -> None:
        """Move a finished file of the same file system to its place; it is on the disk by then."""
        path = self.path(owner_id, file_id)
        sync(ready)
        for tries_left in reversed(range(_MOST_TRIES)):
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                ready.replace(path)
                break
            except (FileNotFoundError, FileExistsError):  # the folder is being removed as empty
                if not tries_left:
                    raise
        sync(path.parent)

    def put_back(self, owner_id: str, file_id: str, *, kept_id: str) -> None:
        """Drop bytes that are there already under `kept_id`, or make good for those that had gone."""
        path, place = self.path(owner_id, file_id), self.path(owner_id, kept_id)
        if place.is_file():
            path.unlink(missing_ok=True)
        else:
            path.replace(place)

    def share(self, owner_id: str, file_id: str, *, among: str) -> None:
        """Let a file with the same bytes as another take no room of its own, where links exist."""
        path = self.path(owner_id, file_id)
        twin = path.with_name(f"{path.name}.link")
        try:
            twin.unlink(missing_ok=True)
            os.link(self.path(owner_id, among), twin)
            twin.replace(path)
        except OSError:
            twin.unlink(missing_ok=True)

    def remove(self, owner_id: str, file_id: str) -> None:
        """Remove a file's bytes; harmless when they are gone."""
        path = self.path(owner_id, file_id)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others are in it, or have come meanwhile
            path.parent.rmdir()

    def remove_owner(self, owner_id: str) -> None:
        """Remove all bytes of an owner; harmless when there are none."""
        shutil.rmtree(self.path(owner_id, _ANY_ID).parent, ignore_errors=True)

    def held(
        self, *, spared: str, owner_id: str | None = None, before_s: float | None = None
    ) -> list[Path]:
        """List what is there, of all owners or of one, except in the folder `spared`."""
        if not self._root.is_dir():
            return []
        folders = (
            self._root.iterdir() if owner_id is None else [self.path(owner_id, _ANY_ID).parent]
        )
        return [
            path
            for folder in folders
            if folder.name != spared and folder.is_dir()
            for path in folder.iterdir()
            if before_s is None or written_before(path, before_s)
        ]

    def remove_unknown(self, held: Sequence[Path], known: Mapping[str, frozenset[str]]) -> int:
        """Remove those of the listed files that no row names; tell how many.

        Rows are to be read after the files were listed, and made before their bytes: then nothing
        that is just being made can be taken for something left behind.
        """
        lost = [path for path in held if path.name not in known.get(path.parent.name, ())]
        for path in lost:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
        return len(lost)


def sync(path: Path) -> None:
    """Have the system write a file or folder to the disk, where it can."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some file systems cannot sync folders
        return
    finally:
        os.close(handle)
