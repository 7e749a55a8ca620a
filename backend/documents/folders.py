"""Where uploaded bytes lie: `uploads/{user_id}/{file_id}`; names given by people never become paths.

Not for: what the files are (`ports.document_stores`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from backend.ports.documents import File

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
INCOMING = ".incoming"
_ANY_ID = "any"
_MOST_TRIES = 20


class UploadFolder:
    """The folder of all uploads, readable by its owner alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, user_id: str, file_id: str) -> Path:
        """Say where a file's bytes lie."""
        if not _ID.fullmatch(user_id) or not _ID.fullmatch(file_id):
            msg = "an id with other characters than ours cannot be a path"
            raise ValueError(msg)
        return self._root / user_id / file_id

    def find(self, files: Iterable[File]) -> Path | None:
        """Give the bytes of the first of these files (all of one document) that is there."""
        paths = (self.path(one.user_id, one.id) for one in files)
        return next((path for path in paths if path.is_file()), None)

    def take_in(self, received: Path, *, user_id: str, file_id: str) -> Path:
        """Move received bytes to their place; they are on the disk when this returns."""
        path = self.path(user_id, file_id)
        _sync(received)
        for tries_left in reversed(range(_MOST_TRIES)):
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                received.replace(path)
                break
            except (FileNotFoundError, FileExistsError):  # the folder is being removed as empty
                if not tries_left:
                    raise
        _sync(path.parent)
        return path

    def share(self, path: Path, *, among: Path) -> None:
        """Let a file with the same bytes as another take no room of its own, where links exist."""
        twin = path.with_name(f"{path.name}.link")
        try:
            twin.unlink(missing_ok=True)
            os.link(among, twin)
            twin.replace(path)
        except OSError:
            twin.unlink(missing_ok=True)

    def remove(self, user_id: str, file_id: str) -> None:
        """Remove a file's bytes; harmless when they are gone."""
        path = self.path(user_id, file_id)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others are in it, or have come meanwhile
            path.parent.rmdir()

    def remove_user(self, user_id: str) -> None:
        """Remove all bytes of a user; harmless when there are none."""
        shutil.rmtree(self.path(user_id, _ANY_ID).parent, ignore_errors=True)

    def sweep(self, known: Mapping[str, frozenset[str]]) -> int:
        """At start: remove what a crash left behind, that is bytes without a row; tell how many."""
        removed = 0
        if not self._root.is_dir():
            return removed
        for folder in self._root.iterdir():
            if folder.name == INCOMING or not folder.is_dir():
                continue
            if folder.name not in known:
                removed += sum(1 for _ in folder.iterdir())
                shutil.rmtree(folder, ignore_errors=True)
                continue
            for path in folder.iterdir():
                if path.name not in known[folder.name]:
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some file systems cannot sync folders
        return
    finally:
        os.close(handle)
