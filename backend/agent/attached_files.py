"""Documents in messages: whatever way one comes, it becomes a file of the caller's.

Bytes in the request and behind addresses are taken into the library, where the same bytes are the
same document; what is kept of the part is its id. Pictures go the way of images where the model
sees. Not for: what of a document's text is shown (`attached_text`).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

from backend.agent.attached_images import NO_FILE, AttachedImages, decoded_apart
from backend.agent.attached_parts import attached
from backend.agent.run import Run
from backend.errors import (
    Conflict,
    InvalidRequest,
    NotAllowed,
    NotFound,
    StewardError,
    UnsupportedByModel,
)
from backend.kit.image_headers import image_header
from backend.kit.inline_data import NotInline, decoded_size, encoded_part
from backend.kit.plain_text import one_line
from backend.kit.upload_names import MAX_NAME_CHARS, clean_file_name
from backend.ports.documents import FINAL_STATES, Documents, File
from backend.ports.values import JsonObject
from backend.ports.web import PageUnreadable

SOURCES = ("file_id", "file_data", "file_url")
UNNAMED = "attachment"
_HEAD_BYTES = 256 * 1024
_RETRY_S = 5.0
_ENDINGS = {
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/html": ".html",
    "application/json": ".json",
}


class AttachedFiles:
    """The documents of one turn."""

    def __init__(self, run: Run, images: AttachedImages) -> None:
        self._run = run
        self._images = images
        self._options = run.parts.attaching.options
        self._ready: dict[str, File] = {}
        self._count = 0

    def check(self, where: str, part: JsonObject) -> None:
        """Refuse what can be refused before anything is fetched or decoded."""
        file = file_of(part)
        given = [name for name in SOURCES if file.get(name) is not None]
        if len(given) != 1 or not isinstance(file[given[0]], str) or not file[given[0]]:
            msg = "A file needs one of 'file_id', 'file_data' (base64) and 'file_url'"
            raise InvalidRequest(msg, param=f"{where}.file", code="missing_required_parameter")
        if self._run.parts.documents is None:
            raise UnsupportedByModel("This server keeps no documents", param=where)
        if given == ["file_id"] and not self._run.request.reads_documents:
            raise NotAllowed("This API key may not read files", param=f"{where}.file.file_id")
        self._count += 1
        if self._count > self._options.max_files:
            msg = f"A request takes at most {self._options.max_files} files"
            raise InvalidRequest(msg, param=where, code="too_many_files")

    async def taken(self, where: str, part: JsonObject) -> JsonObject:
        """Make sure of a file, read if it is a document; give what is kept of the part.

        Raises:
            NotFound: for a file that is not the caller's.
            InvalidRequest: when it cannot be had or read, with the reason.
            Conflict: while it is still being read; the same request will do in a moment.
        """
        file = file_of(part)
        if "file_id" in file:
            return await self._own(f"{where}.file.file_id", file["file_id"])
        if "file_url" in file:
            where = f"{where}.file.file_url"
            name, content = await self._fetched(where, file["file_url"])
        else:
            where = f"{where}.file.file_data"
            name, content = await self._decoded(where, file["file_data"])
        name = clean_file_name(str(file.get("filename") or "")) or name
        if self._run.model.can("vision") and image_header(content) is not None:
            self._images.count_one(where)
            uri = await self._images.uri_of(where, content)
            return {"type": "image_url", "image_url": {"url": uri}}
        kept = await self._kept(where, name[:MAX_NAME_CHARS], content)
        return await self._read(where, kept.id)

    async def _own(self, where: str, file_id: str) -> JsonObject:
        found = await self._documents.content(self._run.request.user_id, file_id)
        if found is None:
            raise NotFound(NO_FILE, param=where)
        file, path = found
        if self._run.model.can("vision") and await asyncio.to_thread(_is_image, path):
            self._images.count_one(where)
            data = await self._images.bytes_of(path, where)
            await self._images.uri_of(where, data)
            return reference(file)
        return await self._read(where, file_id)

    async def _read(self, where: str, file_id: str) -> JsonObject:
        """Wait until a file is read; refuse it when there is nothing to show of it."""
        user_id = self._run.request.user_id
        wait_s = self._options.read_wait_s
        file = await self._documents.settled(user_id, file_id, wait_s=wait_s)
        if file is None:
            raise NotFound(NO_FILE, param=where)
        check_read(file, where)
        self._ready[file.id] = file
        return reference(file)

    async def _fetched(self, where: str, url: str) -> tuple[str, bytes]:
        web = self._run.parts.attaching.web
        if web is None:
            msg = "This server fetches no addresses; send the file itself"
            raise InvalidRequest(msg, param=where, code="invalid_file_url")
        limit = self._options.max_file_bytes
        try:
            found = await web.fetch(url, max_bytes=limit, owner=self._run.request.user_id)
        except PageUnreadable as exc:
            msg = f"The file cannot be fetched: {str(exc).removesuffix('.')}"
            raise InvalidRequest(msg, param=where, code="invalid_file_url") from exc
        return found.filename, found.content

    async def _decoded(self, where: str, text: str) -> tuple[str, bytes]:
        limit = self._options.max_file_bytes
        try:
            claimed, start = encoded_part(text)
            if decoded_size(text, start=start) > limit + 2:
                msg = f"A file in a message has at most {limit:,} bytes; upload larger ones"
                raise InvalidRequest(msg, param=where, code="file_too_large")
            return UNNAMED + _ENDINGS.get(claimed, ""), await decoded_apart(text, start=start)
        except NotInline as exc:
            msg = f"The file cannot be read: {exc}"
            raise InvalidRequest(msg, param=where, code="invalid_base64") from exc

    async def _kept(self, where: str, name: str, content: bytes) -> File:
        """Take bytes in; a request without a session leaves them for an hour only."""
        intake = self._run.parts.attaching.intake
        if intake is None:
            raise UnsupportedByModel("This server keeps no documents", param=where)
        stays = self._run.session_id or self._run.request.keeps_files
        ttl_s = None if stays else self._options.inline_ttl_s
        try:
            return await intake.take_in(
                self._run.request.user_id, content, filename=name, expires_after_s=ttl_s
            )
        except StewardError as exc:
            if exc.status == 415:
                raise InvalidRequest(exc.message, param=where, code=exc.error_code) from exc
            exc.param = where
            raise

    async def shown(self, part: JsonObject, files: list[File]) -> JsonObject:
        """Show a picture as an image; note a document, and name it in its place."""
        file_id = str(file_of(part).get("file_id"))
        file = self._ready.get(file_id)
        if file is None:
            found = await self._documents.content(self._run.request.user_id, file_id)
            if found is None:
                raise NotFound("the file has been deleted")
            file, path = found
            if self._run.model.can("vision") and await asyncio.to_thread(_is_image, path):
                image = {"url": "", "file_id": file_id}
                return await self._images.shown({"type": "image_url", "image_url": image})
            check_read(file, "messages")
        files.append(file)
        return attached(f"[Attached: {one_line(file.filename, max_chars=100)}]")

    @property
    def _documents(self) -> Documents:
        documents = self._run.parts.documents
        if documents is None:
            raise NotFound(NO_FILE)
        return documents


def file_of(part: JsonObject) -> JsonObject:
    """Give the file of a part, without what is null."""
    given: Any = part.get("file")
    named = cast("JsonObject", given) if isinstance(given, dict) else {}
    return {name: value for name, value in named.items() if value is not None}


def reference(file: File) -> JsonObject:
    """Write what is kept of a file."""
    return {"type": "file", "file": {"file_id": file.id, "filename": file.filename}}


def check_read(file: File, where: str) -> None:
    """Refuse a document that has nothing to show: unread, unreadable or without a word."""
    name = one_line(file.filename, max_chars=100)
    document = file.document
    if document.revision > 0 and document.chars > 0:
        return
    if document.state not in FINAL_STATES:
        msg = f"The file {name} is still being read; send the request again in a moment"
        raise Conflict(msg, param=where, code="file_not_ready", retry_after_s=_RETRY_S)
    reason = document.reason or "there is no text in it"
    msg = f"The file {name} cannot be read: {reason.removesuffix('.')}"
    raise InvalidRequest(msg, param=where, code="file_unreadable")


def _is_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return image_header(file.read(_HEAD_BYTES)) is not None
    except OSError:
        return False
