"""What keeps files by owner and id: a folder on this machine, or a bucket that several machines share.

Everything here may take a while: it is called in threads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class OwnedFiles(Protocol):
    """Files by owner and id; names given by people never become paths or keys.

    `local` tells that they lie on this machine: to fetch one takes no time.
    """

    local: bool

    def fetch(self, owner_id: str, file_id: str) -> Path | None:
        """Give a path with a file's bytes, to be read soon and never written; None when they are gone.

        Raises:
            OSError: when what keeps them cannot be reached.
        """
        ...

    def put(self, ready: Path, *, owner_id: str, file_id: str) -> None:
        """Take a finished file away to its place; it outlives a crash by then.

        Raises:
            OSError: when it cannot be kept; the finished file may be left where it was.
        """
        ...

    def put_back(self, owner_id: str, file_id: str, *, kept_id: str) -> None:
        """Let a file go whose bytes are those of another one; they make good for bytes that had gone."""
        ...

    def share(self, owner_id: str, file_id: str, *, among: str) -> None:
        """Let a file with the same bytes as `among` take no room of its own, where that can be."""
        ...

    def remove(self, owner_id: str, file_id: str) -> None:
        """Remove a file's bytes; harmless when they are gone."""
        ...

    def remove_owner(self, owner_id: str) -> None:
        """Remove all bytes of an owner; harmless when there are none."""
        ...

    def held(
        self, *, spared: str, owner_id: str | None = None, before_s: float | None = None
    ) -> Sequence[Path]:
        """List what is there as `owner/id`, of all owners or of one, except of the owner `spared`.

        With `before_s` (seconds since 1970) only what was last written before then; a bucket never
        lists what is younger than an hour.
        """
        ...

    def remove_unknown(self, held: Sequence[Path], known: Mapping[str, frozenset[str]]) -> int:
        """Remove those of the listed files that no row names; tell how many.

        Rows are to be read after the files were listed.
        """
        ...


def check_id(given: str) -> str:
    """Refuse what is no id of ours; ValueError."""
    if not _ID.fullmatch(given):
        msg = "an id with other characters than ours cannot be a path"
        raise ValueError(msg)
    return given
