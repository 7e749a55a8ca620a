"""Takes bytes that came inside a request into the library: the `FileIntake` port.

Not for: uploads, whose bytes arrive piece by piece (`api/multipart`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from backend.errors import Unavailable
from backend.kit.incoming import new_incoming
from backend.ports.documents import Documents, File, Upload

logger = logging.getLogger(__name__)
_REMEMBERED = 512
_Known = tuple[str, str, str, bool]  # owner, digest, name, whether it is to stay


class InlineFiles:
    """Puts bytes into the incoming folder and adds them.

    A client without a session sends the same bytes with every turn: those that were taken in lately
    are known by their digest and not written again.
    """

    def __init__(self, documents: Documents, incoming: Path) -> None:
        self._documents = documents
        self._incoming = incoming
        self._known: OrderedDict[_Known, str] = OrderedDict()

    async def take_in(
        self, user_id: str, content: bytes, *, filename: str, expires_after_s: int | None = None
    ) -> File:
        """Keep bytes as a file, or give the file there is of the same bytes and name."""
        digest = await asyncio.to_thread(_digest, content)
        key = (user_id, digest, filename, expires_after_s is None)
        known = await self._still_there(key)
        if known is not None:
            return known
        path = await asyncio.to_thread(_written, self._incoming, content)
        try:
            upload = Upload(
                path=path,
                filename=filename,
                size_bytes=len(content),
                sha256=digest,
                expires_after_s=expires_after_s,
            )
            file = await self._documents.add(user_id, upload)
        finally:
            await asyncio.shield(asyncio.to_thread(_discard, path))
        self._known[key] = file.id
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return file

    async def _still_there(self, key: _Known) -> File | None:
        file_id = self._known.get(key)
        file = await self._documents.get(key[0], file_id) if file_id else None
        if file is None or file.document.state == "failed":  # adding it again reads it again
            self._known.pop(key, None)
            return None
        self._known.move_to_end(key)
        return file


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _written(folder: Path, content: bytes) -> Path:
    path: Path | None = None
    try:
        path, file = new_incoming(folder)
        with file:
            file.write(content)
    except OSError as exc:
        logger.warning("an attached file could not be written: %s", exc)
        if path is not None:
            _discard(path)
        raise Unavailable("This server has no room for the file now", retry_after_s=60) from exc
    return path


def _discard(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
