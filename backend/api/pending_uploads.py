"""Uploads that come in parts: held until they are completed, cancelled or an hour old.

What is held lies in the folder of arriving uploads and is forgotten when the server stops; clients begin
anew then. Not for: what becomes of a whole file (`ports.documents`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from backend.errors import InvalidRequest, NotFound, TooManyRequests, Unavailable
from backend.kit.ids import new_id
from backend.kit.incoming import new_incoming
from backend.ports.clock import Clock
from backend.ports.documents import File, Upload

HOUR_MS = 3_600_000
SWEEP_EVERY_S = 300.0
MOST_PENDING = 5
MOST_KEPT = 50
_PIECE_BYTES = 1 << 20
UploadStatus = Literal["pending", "completed", "cancelled", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes that arrived; they lie at `path`."""

    id: str
    path: Path
    size_bytes: int
    created_at_ms: int


@dataclass(slots=True, kw_only=True)
class PendingUpload:
    """An upload in parts; `file` is what became of it."""

    id: str
    user_id: str
    wanted: Upload
    created_at_ms: int
    status: UploadStatus = "pending"
    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    file: File | None = None
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def expires_at_ms(self) -> int:
        """When it is given up."""
        return self.created_at_ms + HOUR_MS


class PendingUploads:
    """Everybody's uploads in parts. A foreign id is a missing one."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._uploads: dict[str, PendingUpload] = {}
        self._forgetting: set[asyncio.Future[None]] = set()

    async def begin(self, user_id: str, wanted: Upload) -> PendingUpload:
        """Begin one; `wanted` says what the whole is to be.

        Raises:
            TooManyRequests: when the user has too many that are not ended.
        """
        await self.sweep()
        own = [one for one in self._uploads.values() if one.user_id == user_id]
        if sum(one.status == "pending" for one in own) >= MOST_PENDING:
            msg = f"Complete or cancel one of your {MOST_PENDING} pending uploads first"
            raise TooManyRequests(msg)
        ended = [one.id for one in own if one.status != "pending"]
        for old in ended[: max(0, len(own) - MOST_KEPT + 1)]:
            del self._uploads[old]
        made = PendingUpload(
            id=new_id("upload"),
            user_id=user_id,
            wanted=wanted,
            created_at_ms=self._clock.now_ms(),
        )
        self._uploads[made.id] = made
        return made

    async def get(self, user_id: str, upload_id: str) -> PendingUpload:
        """Find one of the user's that is pending.

        Raises:
            NotFound: when there is none.
            InvalidRequest: when it is ended.
        """
        await self.sweep()
        found = self._uploads.get(upload_id)
        if found is None or found.user_id != user_id:
            msg = f"No such Upload object: {upload_id[:100]}"
            raise NotFound(msg, param="upload_id")
        if found.status != "pending":
            msg = f"This upload is {found.status}; begin another one"
            raise InvalidRequest(msg, param="upload_id", code=f"upload_{found.status}")
        return found

    async def add_part(self, upload: PendingUpload, received: Path, size_bytes: int) -> Part:
        """Keep bytes that arrived; raise InvalidRequest when that is more than was announced."""
        async with upload.busy:
            self._require_pending(upload)
            held = sum(one.size_bytes for one in upload.parts.values())
            if held + size_bytes > upload.wanted.size_bytes:
                msg = f"The parts together are larger than the {upload.wanted.size_bytes} bytes announced"
                raise InvalidRequest(msg, param="data")
            made = Part(
                id=new_id("part"),
                path=received.with_name(f"{received.name}.part"),
                size_bytes=size_bytes,
                created_at_ms=self._clock.now_ms(),
            )
            await asyncio.to_thread(received.rename, made.path)
            upload.parts[made.id] = made
            return made

    async def join(self, upload: PendingUpload, part_ids: Sequence[str], md5: str) -> Upload:
        """Put the parts together in this order, in a file that the caller moves away or removes.

        Raises:
            InvalidRequest: for a part that is not there, another size than announced, another digest.
            Unavailable: when the disk does not take it.
        """
        self._require_pending(upload)
        missing = [one for one in part_ids if one not in upload.parts]
        if missing or len(set(part_ids)) != len(part_ids):
            msg = (
                f"'{missing[0][:100]}' is no part of this upload"
                if missing
                else "A part is named twice"
            )
            raise InvalidRequest(msg, param="part_ids")
        parts = [upload.parts[one] for one in part_ids]
        size_bytes = sum(one.size_bytes for one in parts)
        if size_bytes != upload.wanted.size_bytes:
            msg = (
                f"The parts have {size_bytes} bytes, but {upload.wanted.size_bytes} were announced"
            )
            raise InvalidRequest(msg, param="part_ids")
        path, sha256, found = await asyncio.to_thread(_joined, self._folder, parts)
        if md5 and md5.lower() != found:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise InvalidRequest("The bytes have another MD5 digest than given", param="md5")
        return replace(upload.wanted, path=path, sha256=sha256)

    async def cancel(self, upload: PendingUpload) -> None:
        """Give one up, unless it became a file while this waited.

        Raises:
            InvalidRequest: when it has ended.
        """
        async with upload.busy:
            self._require_pending(upload)
            await self.end(upload, "cancelled")

    async def end(
        self, upload: PendingUpload, status: UploadStatus, *, file: File | None = None
    ) -> None:
        """End one, and forget its parts."""
        upload.status, upload.file = status, file
        parts = list(upload.parts.values())
        upload.parts.clear()
        await asyncio.to_thread(_remove, parts)

    def users(self) -> set[str]:
        """Name the users of whom something is known."""
        return {one.user_id for one in self._uploads.values()}

    async def forget_user(self, user_id: str) -> None:
        """Forget all of a user's, whose account is gone; what still arrives of it is refused."""
        for one in [one for one in self._uploads.values() if one.user_id == user_id]:
            async with one.busy:
                await self.end(one, "cancelled")
            self._uploads.pop(one.id, None)

    def owners(self) -> Iterator[tuple[str, str]]:
        """Tell whose uploads are pending."""
        for one in self._uploads.values():
            if one.status == "pending":
                yield one.user_id, ""

    def cancel_of(self, user_id: str, *, key_id: str = "") -> None:
        """Forget what a user has not completed who may not go on; another key may complete it."""
        if not key_id:
            task = asyncio.ensure_future(self.forget_user(user_id))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)

    async def sweep(self) -> None:
        """Give up what is too old, and forget what has been ended for long."""
        now_ms = self._clock.now_ms()
        for one in list(self._uploads.values()):
            if one.status == "pending" and one.expires_at_ms <= now_ms and not one.busy.locked():
                await self.end(one, "expired")
            if one.status != "pending" and one.expires_at_ms + HOUR_MS <= now_ms:
                self._uploads.pop(one.id, None)

    async def keep_swept(self) -> None:
        """Sweep every few minutes. Cancel to stop."""
        while True:
            await self._clock.sleep(SWEEP_EVERY_S)
            await self.sweep()

    def _require_pending(self, upload: PendingUpload) -> None:
        """Look again: another request may have ended it meanwhile."""
        if upload.status != "pending":
            msg = f"This upload is {upload.status}; begin another one"
            raise InvalidRequest(msg, param="upload_id", code=f"upload_{upload.status}")


def _joined(folder: Path, parts: Sequence[Part]) -> tuple[Path, str, str]:
    """Write the parts into one new file; give it with its SHA-256 and MD5."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    path, whole = new_incoming(folder)
    try:
        with whole:
            for piece in _pieces(parts):
                sha256.update(piece)
                md5.update(piece)
                whole.write(piece)
    except OSError as exc:
        path.unlink(missing_ok=True)
        msg = "The parts cannot be put together: the disk of the server is full or failing"
        raise Unavailable(msg) from exc
    return path, sha256.hexdigest(), md5.hexdigest()


def _pieces(parts: Sequence[Part]) -> Iterator[bytes]:
    for part in parts:
        with part.path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece


def _remove(parts: Sequence[Part]) -> None:
    for part in parts:
        part.path.unlink(missing_ok=True)
