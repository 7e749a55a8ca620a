"""Where uploaded bytes lie: `uploads/{user_id}/{file_id}`; names given by people never become paths.

Not for: what the files are (`ports.document_stores`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from backend.kit.incoming import written_before
from backend.kit.owned_folder import OwnedFolder
from backend.ports.documents import File

INCOMING = ".incoming"


class UploadFolder:
    """The folder of all uploads, readable by its owner alone."""

    def __init__(self, root: Path) -> None:
        self._folder = OwnedFolder(root)

    def path(self, user_id: str, file_id: str) -> Path:
        """Say where a file's bytes lie."""
        return self._folder.path(user_id, file_id)

    def find(self, files: Iterable[File]) -> Path | None:
        """Give the bytes of the first of these files (all of one document) that is there."""
        paths = (self.path(one.user_id, one.id) for one in files)
        return next((path for path in paths if path.is_file()), None)

    def take_in(self, received: Path, *, user_id: str, file_id: str) -> Path:
        """Move received bytes to their place; they are on the disk when this returns."""
        return self._folder.put(received, owner_id=user_id, file_id=file_id)

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
        self._folder.remove(user_id, file_id)

    def remove_user(self, user_id: str) -> None:
        """Remove all bytes of a user; harmless when there are none."""
        self._folder.remove_owner(user_id)

    def written_before(self, before_s: float) -> list[Path]:
        """List what was last written before then, in seconds since 1970: no upload that is under way."""
        held = self._folder.held(spared=INCOMING)
        return [path for path in held if written_before(path, before_s)]

    def remove_unknown(self, held: Sequence[Path], known: Mapping[str, frozenset[str]]) -> int:
        """Remove those listed, before the rows were read, that no row names; tell how many."""
        return self._folder.remove_unknown(held, known)

    def sweep(self, known: Mapping[str, frozenset[str]]) -> int:
        """At start: remove what a crash left behind, that is bytes without a row; tell how many."""
        held = self._folder.held(spared=INCOMING)
        return self._folder.remove_unknown(held, known)
