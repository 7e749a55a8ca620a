"""Keeps files that tools made: a row in the database, bytes in `artifacts/{user_id}/{artifact_id}`.

Names and bytes come from code that strangers wrote: a name is only shown, the media type is judged
from the bytes. Not for: who may open one over HTTP (`api/routes/artifacts`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.errors import QuotaExceeded, StewardError, Unavailable
from backend.kit.ids import new_id
from backend.kit.incoming import clear_incoming
from backend.kit.media_types import media_type_of
from backend.kit.owned_files import OwnedFiles
from backend.kit.signed_links import LinkSigner
from backend.kit.upload_names import MAX_NAME_CHARS, clean_file_name
from backend.ports.artifacts import Artifact, ArtifactStore, KeptFiles, Origin
from backend.ports.clock import Clock
from backend.ports.sandbox import MadeFile

_INCOMING = ".incoming"
_UNNAMED = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperOptions:
    """Bounds of what is kept, and how links are made; `public_url` has no slash at its end."""

    public_url: str
    max_files_per_call: int
    max_file_bytes: int
    max_bytes_per_user: int
    link_ttl_s: int


class ArtifactKeeper:
    """The `Artifacts` port over a store and a folder."""

    def __init__(
        self,
        store: ArtifactStore,
        root: Path,
        folder: OwnedFiles,
        *,
        signer: LinkSigner,
        clock: Clock,
        options: KeeperOptions,
    ) -> None:
        self._store = store
        self._root = root
        self._folder = folder
        self._signer = signer
        self._clock = clock
        self._options = options

    async def keep(self, origin: Origin, files: Sequence[MadeFile]) -> KeptFiles:
        """Keep files, as many as may be kept."""
        kept: list[Artifact] = []
        refused: list[str] = []
        most = self._options.max_files_per_call
        for file in files[:most]:
            try:
                kept.append(await self._keep(origin, file))
            except StewardError as exc:
                refused.append(f'The file "{_shown(file.name)}" was not kept: {exc.message}')
        if len(files) > most:
            left = len(files) - most
            refused.append(f"{left} more files were not kept: at most {most} are kept of one call.")
        return KeptFiles(artifacts=tuple(kept), refused=tuple(refused))

    async def content(self, user_id: str, artifact_id: str) -> tuple[Artifact, Path] | None:
        """Give one of the user's and where its bytes lie."""
        artifact = await self._store.get(user_id, artifact_id)
        if artifact is None:
            return None
        path = await asyncio.to_thread(self._folder.fetch, artifact.user_id, artifact.id)
        return None if path is None else (artifact, path)

    async def list(
        self, user_id: str, *, run_id: str | None = None, limit: int = 100
    ) -> Sequence[Artifact]:
        """The user's, newest first."""
        return await self._store.list(user_id, run_id=run_id, limit=limit)

    async def delete(self, user_id: str, artifact_id: str) -> bool:
        """Erase one."""
        if not await self._store.delete(user_id, artifact_id):
            return False
        await asyncio.to_thread(self._folder.remove, user_id, artifact_id)
        return True

    def start_clean(self, *, before_s: float | None = None) -> int:
        """Erase what was being written when a server died, before anything else is; tell how many.

        Where other servers live, only what was last written before then, in seconds since 1970.
        """
        return clear_incoming(self._root / _INCOMING, before_s=before_s)

    async def tidy(self, user_id: str | None = None) -> int:
        """Erase bytes, of one user or of all, whose rows are gone; tell how many."""
        held = await asyncio.to_thread(self._folder.held, spared=_INCOMING, owner_id=user_id)
        if not held:
            return 0
        known = await self._store.ids(user_id)
        return await asyncio.to_thread(self._folder.remove_unknown, held, known)

    def link(self, artifact: Artifact) -> str:
        """Make an absolute address that opens it for a while without log-in."""
        key = self._signer.key(artifact.id, artifact.user_id, ttl_s=self._options.link_ttl_s)
        return f"{self._options.public_url}/api/artifacts/{artifact.id}?key={key}"

    async def by_link(self, artifact_id: str, key: str) -> Artifact | None:
        """Give the artifact a link's key was made for; None when it is forged, old or erased."""
        artifact = await self._store.of_anybody(artifact_id)
        if artifact is None or not self._signer.fits(key, artifact.id, artifact.user_id):
            return None
        return artifact

    async def _keep(self, origin: Origin, file: MadeFile) -> Artifact:
        limit = self._options.max_file_bytes
        if len(file.data) > limit:
            msg = f"it has {len(file.data):,} bytes, more than {limit:,}."
            raise QuotaExceeded(msg)
        name = _shown(file.name)
        artifact = Artifact(
            id=new_id("art"),
            user_id=origin.user_id,
            run_id=origin.run_id,
            conversation_id=origin.conversation_id,
            filename=name,
            media_type=media_type_of(file.data, name),
            size_bytes=len(file.data),
            sha256=hashlib.sha256(file.data).hexdigest(),
            created_at_ms=self._clock.now_ms(),
        )
        # The row first: bytes without a row are swept, and a row is looked for before its bytes.
        await self._store.add(artifact, max_bytes=self._options.max_bytes_per_user)
        try:
            await asyncio.to_thread(self._write, artifact, file.data)
        except OSError as exc:
            await self._store.delete(artifact.user_id, artifact.id)
            msg = f"the disk refused it ({exc.strerror})."
            raise Unavailable(msg) from exc
        return artifact

    def _write(self, artifact: Artifact, data: bytes) -> None:
        incoming = self._root / _INCOMING
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        ready = incoming / artifact.id
        try:
            ready.touch(mode=0o600)
            ready.write_bytes(data)
            self._folder.put(ready, owner_id=artifact.user_id, file_id=artifact.id)
        finally:
            ready.unlink(missing_ok=True)


def _shown(name: str) -> str:
    return clean_file_name(name)[:MAX_NAME_CHARS] or _UNNAMED
