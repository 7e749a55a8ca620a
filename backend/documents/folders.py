"""Uploaded bytes by user and file; names given by people never become paths.

Not for: what the files are (`ports.document_stores`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from backend.errors import Unavailable
from backend.kit.owned_files import OwnedFiles
from backend.ports.documents import File

INCOMING = ".incoming"


class UploadFolder:
    """The bytes of all uploads. Plain methods may take a while: they are called in a thread."""

    def __init__(self, kept: OwnedFiles) -> None:
        self._kept = kept

    def find(self, files: Iterable[File]) -> Path | None:
        """Give the bytes of the first of these files (all of one document) that is there.

        Raises:
            Unavailable: when what keeps them cannot be reached.
        """
        try:
            found = (self._kept.fetch(one.user_id, one.id) for one in files)
            return next((path for path in found if path is not None), None)
        except OSError as exc:
            msg = "The store of uploaded files cannot be reached."
            raise Unavailable(msg, retry_after_s=5) from exc

    async def found(self, files: Iterable[File]) -> Path | None:
        """Give what `find` gives; what is not on this machine is fetched in a thread."""
        return self.find(files) if self._kept.local else await asyncio.to_thread(self.find, files)

    def take_in(self, received: Path, *, user_id: str, file_id: str) -> None:
        """Take received bytes to their place; they outlive a crash when this returns."""
        self._kept.put(received, owner_id=user_id, file_id=file_id)

    def put_back(self, file_id: str, *, kept: File) -> None:
        """Drop bytes that were there already as another file, or make good for bytes that had gone."""
        self._kept.put_back(kept.user_id, file_id, kept_id=kept.id)

    def share(self, file: File, twins: Iterable[File]) -> None:
        """Let a further name of known bytes take no room of its own."""
        for twin in twins:
            if twin.id != file.id and self._kept.fetch(twin.user_id, twin.id) is not None:
                self._kept.share(file.user_id, file.id, among=twin.id)
                return

    def remove(self, user_id: str, file_id: str) -> None:
        """Remove a file's bytes; harmless when they are gone."""
        self._kept.remove(user_id, file_id)

    def remove_user(self, user_id: str) -> None:
        """Remove all bytes of a user; harmless when there are none."""
        self._kept.remove_owner(user_id)

    def held(self, *, before_s: float | None = None) -> list[Path]:
        """List what is there, or what was last written before then, in seconds since 1970."""
        return list(self._kept.held(spared=INCOMING, before_s=before_s))

    def remove_unknown(self, held: list[Path], known: Mapping[str, frozenset[str]]) -> int:
        """Remove those listed, before the rows were read, that no row names; tell how many."""
        return self._kept.remove_unknown(held, known)
