"""Uploads that come in parts: held until they are completed, cancelled or an hour old.

What is held lies in the folder of arriving uploads, for every server that has this folder. A server that is
alone clears it when it starts; clients begin anew then. Not for: what becomes of a whole file
(`ports.documents`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn
from weakref import WeakValueDictionary

from backend.api.upload_states import KeptStatus, Part, UploadState, UploadStates, UploadStatus
from backend.errors import Conflict, InvalidRequest, NotFound, TooManyRequests, Unavailable
from backend.kit.ids import new_id
from backend.kit.incoming import new_incoming
from backend.ports.clock import Clock
from backend.ports.documents import File, Upload

HOUR_MS = 3_600_000
SWEEP_EVERY_S = 300.0
MOST_PENDING = 5
MOST_KEPT = 50
_PIECE_BYTES = 1 << 20


@dataclass(slots=True, kw_only=True)
class PendingUpload:
    """An upload in parts; `file` is what became of it. `busy` is one lock for all who hold it here."""

    id: str
    user_id: str
    wanted: Upload
    created_at_ms: int
    status: UploadStatus = "pending"
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
        self._states = UploadStates(folder)
        self._clock = clock
        self._beginning = asyncio.Lock()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._seen: dict[str, PendingUpload] = {}
        self._forgetting: set[asyncio.Future[None]] = set()

    async def begin(self, user_id: str, wanted: Upload) -> PendingUpload:
        """Begin one; `wanted` says what the whole is to be.

        Raises:
            TooManyRequests: when the user has too many that are not ended.
            Unavailable: when the disk does not take it.
        """
        state = UploadState(
            id=new_id("upload"),
            user_id=user_id,
            wanted=wanted,
            created_at_ms=self._clock.now_ms(),
        )
        async with self._beginning:
            await self.sweep()
            try:
                begun = await asyncio.to_thread(self._begun, state)
            except OSError as exc:
                msg = "An upload cannot begin: the disk of the server is full or failing"
                raise Unavailable(msg) from exc
        if not begun:
            msg = f"Complete or cancel one of your {MOST_PENDING} pending uploads first"
            raise TooManyRequests(msg)
        return self._held(state)

    async def get(self, user_id: str, upload_id: str) -> PendingUpload:
        """Find one of the user's that is pending.

        Raises:
            NotFound: when there is none.
            InvalidRequest: when it is ended.
            Conflict: when another server is completing it.
        """
        found = await self._find(user_id, upload_id)
        if found is not None and found.status == "completing":
            async with self._lock(upload_id):
                found = await self._find(user_id, upload_id)
        if found is None or found.status != "pending":
            _refuse(found, upload_id)
        return self._held(found)

    async def add_part(self, upload: PendingUpload, received: Path) -> Part:
        """Keep bytes that arrived; raise InvalidRequest when that is more than was announced."""
        async with upload.busy:
            now_ms = self._clock.now_ms()
            taken = await asyncio.to_thread(
                self._states.take_part, upload.user_id, upload.id, received, now_ms
            )
            if taken is None:
                await self._refuse(upload)
            made, held = taken
            if held > upload.wanted.size_bytes:
                await asyncio.to_thread(made.path.unlink, missing_ok=True)
                msg = f"The parts together are larger than the {upload.wanted.size_bytes} bytes announced"
                raise InvalidRequest(msg, param="data")
            return made

    @asynccontextmanager
    async def completing(self, upload: PendingUpload) -> AsyncGenerator[None]:
        """Complete one inside, and `end` it there; nobody else does meanwhile. It is pending if that fails.

        Raises:
            InvalidRequest: when it has ended.
            Conflict: when another server is completing it.
        """
        whose = upload.user_id, upload.id
        async with upload.busy:
            if not await self._turn(whose, "pending", "completing"):
                await self._refuse(upload)
            try:
                yield
            finally:
                if upload.status == "pending":
                    await asyncio.shield(self._turn(whose, "completing", "pending"))

    async def join(self, upload: PendingUpload, part_ids: Sequence[str], md5: str) -> Upload:
        """Put the parts together in this order, in a file that the caller moves away or removes.

        Raises:
            InvalidRequest: for a part that is not there, another size than announced, another digest.
            Unavailable: when the disk does not take it.
        """
        held = await asyncio.to_thread(self._states.parts, upload.id)
        missing = [one for one in part_ids if one not in held]
        if missing or len(set(part_ids)) != len(part_ids):
            msg = (
                f"'{missing[0][:100]}' is no part of this upload"
                if missing
                else "A part is named twice"
            )
            raise InvalidRequest(msg, param="part_ids")
        parts = [held[one] for one in part_ids]
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
            Conflict: when another server is completing it.
        """
        async with upload.busy:
            if not await self._turn((upload.user_id, upload.id), "pending", "cancelled"):
                await self._refuse(upload)
            await self.end(upload, "cancelled")

    async def end(
        self, upload: PendingUpload, status: UploadStatus, *, file: File | None = None
    ) -> None:
        """End one, and forget its parts."""
        upload.status, upload.file = status, file
        ending = asyncio.to_thread(self._states.end, upload.user_id, upload.id, status)
        await asyncio.shield(ending)

    def users(self) -> set[str]:
        """Name the users of whom something was seen here."""
        return {one.user_id for one in self._seen.values()}

    async def forget_user(self, user_id: str) -> None:
        """Forget all of a user's, whose account is gone; what still arrives of it is refused."""
        for one in await asyncio.to_thread(self._states.all, user_id):
            async with self._lock(one.id):
                await asyncio.to_thread(self._states.forget, one)
        self._seen = {one.id: one for one in self._seen.values() if one.user_id != user_id}

    def owners(self) -> Iterator[tuple[str, str]]:
        """Tell whose uploads are pending, as far as they were seen here."""
        for one in self._seen.values():
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
        kept = await asyncio.to_thread(self._swept)
        self._seen = {one.id: one for one in self._seen.values() if one.id in kept}

    async def keep_swept(self) -> None:
        """Sweep every few minutes. Cancel to stop."""
        while True:
            await self._clock.sleep(SWEEP_EVERY_S)
            await self.sweep()

    def _begun(self, state: UploadState) -> bool:
        """Keep a new one in the place of an old one that has ended; False for one too many."""
        own = self._states.all(state.user_id)
        if sum(one.status in {"pending", "completing"} for one in own) >= MOST_PENDING:
            return False
        ended = [one for one in own if one.status not in {"pending", "completing"}]
        for old in ended[: max(0, len(own) - MOST_KEPT + 1)]:
            self._states.forget(old)
        self._states.make(state)
        return True

    def _swept(self) -> set[str]:
        """Sweep in a thread; name what is left."""
        found = [self._aged(one) for one in self._states.all()]
        return {one.id for one in found if one is not None}

    def _aged(self, state: UploadState) -> UploadState | None:
        """Give a state as it is now that time has passed; None when it is forgotten."""
        age_ms = self._clock.now_ms() - state.created_at_ms
        if age_ms >= 2 * HOUR_MS:
            self._states.forget(state)
            return None
        whose = state.user_id, state.id
        if state.status != "pending" or age_ms < HOUR_MS:
            return state
        if self._states.turn(*whose, before="pending", after="expired"):
            self._states.end(*whose, "expired")
        return replace(state, status="expired")

    async def _find(self, user_id: str, upload_id: str) -> UploadState | None:
        def found() -> UploadState | None:
            state = self._states.find(user_id, upload_id)
            return None if state is None else self._aged(state)

        return await asyncio.to_thread(found)

    async def _turn(self, whose: tuple[str, str], before: KeptStatus, after: KeptStatus) -> bool:
        return await asyncio.to_thread(self._states.turn, *whose, before=before, after=after)

    async def _refuse(self, upload: PendingUpload) -> NoReturn:
        """Refuse what another request has ended meanwhile."""
        _refuse(await self._find(upload.user_id, upload.id), upload.id)

    def _held(self, state: UploadState) -> PendingUpload:
        made = PendingUpload(
            id=state.id,
            user_id=state.user_id,
            wanted=state.wanted,
            created_at_ms=state.created_at_ms,
            busy=self._lock(state.id),
        )
        self._seen[made.id] = made
        return made

    def _lock(self, upload_id: str) -> asyncio.Lock:
        found = self._locks.get(upload_id)
        if found is None:
            found = self._locks[upload_id] = asyncio.Lock()
        return found


def _refuse(found: UploadState | None, upload_id: str) -> NoReturn:
    """Say why an upload takes nothing."""
    if found is None:
        msg = f"No such Upload object: {upload_id[:100]}"
        raise NotFound(msg, param="upload_id")
    if found.status in {"pending", "completing"}:
        raise Conflict("This upload is just being completed", param="upload_id", code="upload_busy")
    msg = f"This upload is {found.status}; begin another one"
    raise InvalidRequest(msg, param="upload_id", code=f"upload_{found.status}")


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
