"""What is known of uploads in parts: small files that all servers on the folder see.

The file of an upload is named by id, owner and state: of several who change its state at the same moment one
succeeds in the rename. A part is named by upload and part. Everything here may take a while: it is called in
threads. Not for: what may become of an upload (`pending_uploads`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import orjson

from backend.kit.ids import new_id
from backend.kit.incoming import new_incoming
from backend.kit.owned_files import check_id
from backend.ports.documents import Upload

FOLDER = "in_parts"
UploadStatus = Literal["pending", "completed", "cancelled", "expired"]
KeptStatus = Literal["pending", "completing", "completed", "cancelled", "expired"]
_STATUSES: tuple[KeptStatus, ...] = get_args(KeptStatus)
_NOWHERE = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes that arrived; they lie at `path`."""

    id: str
    path: Path
    size_bytes: int
    created_at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    """An upload as it was found: `wanted` says what the whole is to be."""

    id: str
    user_id: str
    wanted: Upload
    created_at_ms: int
    status: KeptStatus = "pending"


class UploadStates:
    """The states and parts of everybody's uploads, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._parts = folder
        self._folder = folder / FOLDER

    def make(self, state: UploadState) -> None:
        """Keep a new one; raise OSError when the disk does not take it."""
        wanted = state.wanted
        data = {
            "created_at_ms": state.created_at_ms,
            "filename": wanted.filename,
            "size_bytes": wanted.size_bytes,
            "purpose": wanted.purpose,
            "treatment": wanted.treatment,
            "expires_after_s": wanted.expires_after_s,
        }
        path, file = new_incoming(self._folder)
        with file:
            file.write(orjson.dumps(data))
        path.rename(self._path(state.user_id, state.id, state.status))

    def find(self, user_id: str, upload_id: str) -> UploadState | None:
        """Find one of the user's."""
        with suppress(ValueError):
            check_id(upload_id)
            # Looked for twice: between two looks it may go back to a state that was passed.
            for status in (*_STATUSES, *_STATUSES):
                found = _read(self._path(user_id, upload_id, status))
                if found is not None:
                    return found
        return None

    def all(self, user_id: str | None = None) -> list[UploadState]:
        """Give everybody's, or one user's, oldest first."""
        return list(self._all(user_id))

    def turn(self, user_id: str, upload_id: str, *, before: KeptStatus, after: KeptStatus) -> bool:
        """Change a state; False when it was another one."""
        try:
            self._path(user_id, upload_id, before).rename(self._path(user_id, upload_id, after))
        except FileNotFoundError:
            return False
        return True

    def end(self, user_id: str, upload_id: str, status: UploadStatus) -> None:
        """End one that is not ended, and remove its parts."""
        for before in ("pending", "completing"):
            self.turn(user_id, upload_id, before=before, after=status)
        self._remove_parts(upload_id)

    def forget(self, state: UploadState) -> None:
        """Remove all of one."""
        for status in _STATUSES:
            self._path(state.user_id, state.id, status).unlink(missing_ok=True)
        self._remove_parts(state.id)

    def parts(self, upload_id: str) -> dict[str, Part]:
        """Give the parts that have arrived, by id."""
        found: dict[str, Part] = {}
        for path in self._parts.glob(f"{upload_id}.*.part"):
            part_id = path.name.split(".")[1]
            with suppress(FileNotFoundError):  # it is being removed
                found[part_id] = Part(id=part_id, path=path, size_bytes=path.stat().st_size)
        return found

    def take_part(
        self, user_id: str, upload_id: str, received: Path, now_ms: int
    ) -> tuple[Part, int] | None:
        """Keep a part; give it with the bytes of all. None, and nothing is kept, unless it is pending."""
        part_id = new_id("part")
        path = self._parts / f"{upload_id}.{part_id}.part"
        size_bytes = received.stat().st_size
        received.rename(path)
        if not self._path(user_id, upload_id, "pending").exists():
            path.unlink(missing_ok=True)
            return None
        held = sum(one.size_bytes for one in self.parts(upload_id).values())
        return Part(id=part_id, path=path, size_bytes=size_bytes, created_at_ms=now_ms), held

    def _all(self, user_id: str | None) -> Iterator[UploadState]:
        for path in sorted(self._folder.glob(f"*.{user_id or '*'}.*")):
            found = _read(path)
            if found is not None:
                yield found

    def _remove_parts(self, upload_id: str) -> None:
        for one in self._parts.glob(f"{upload_id}.*.part"):
            one.unlink(missing_ok=True)

    def _path(self, user_id: str, upload_id: str, status: KeptStatus) -> Path:
        return self._folder / f"{upload_id}.{user_id}.{status}"


def _read(path: Path) -> UploadState | None:
    upload_id, user_id, status = path.name.split(".")
    try:
        data: dict[str, Any] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    created_at_ms = data.pop("created_at_ms")
    return UploadState(
        id=upload_id,
        user_id=user_id,
        wanted=Upload(path=_NOWHERE, sha256="", **data),
        created_at_ms=created_at_ms,
        status=cast("KeptStatus", status),
    )
