"""Images in messages: data URIs checked, addresses fetched, files read; all end as data URIs.

An image is what its bytes say it is. Its size in pixels is read from its header, so that a small file
cannot make a decoder behind us take gigabytes. Not for: documents (`attached_files`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from backend.agent.attached_parts import attached
from backend.agent.run import Run
from backend.errors import InvalidRequest, NotAllowed, NotFound, UnsupportedByModel
from backend.kit.image_headers import image_header
from backend.kit.inline_data import (
    NotInline,
    data_uri,
    decoded,
    decoded_size,
    encoded_part,
    is_data_uri,
)
from backend.ports.values import JsonObject
from backend.ports.web import PageUnreadable

DETAILS = frozenset({"auto", "low", "high", "original"})
NO_FILE = "There is no such file"
# Decoding less takes less time than handing it to a thread.
INLINE_BYTES = 256 * 1024
TOO_MANY = "[An older image was left out: there were too many.]"


class AttachedImages:
    """The images of one turn; each address and each file is read once."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._options = run.parts.attaching.options
        self._made: dict[str, asyncio.Future[str]] = {}
        self._count = 0
        self._shown = 0

    def check(self, where: str, part: JsonObject) -> None:
        """Refuse what can be refused before anything is fetched or decoded."""
        self.need_eyes(where)
        image = image_of(part)
        url, file_id = image.get("url"), image.get("file_id")
        if isinstance(url, str) == isinstance(file_id, str):
            msg = "An image needs a 'url' (https://... or data:image/...;base64,...) or a 'file_id'"
            raise InvalidRequest(msg, param=f"{where}.image_url", code="invalid_image_url")
        if image.get("detail") not in {None, *DETAILS}:
            msg = f"'detail' is one of {', '.join(sorted(DETAILS))}"
            raise InvalidRequest(msg, param=f"{where}.image_url.detail", code="invalid_value")
        if isinstance(file_id, str) and not self._run.request.reads_documents:
            raise NotAllowed("This API key may not read files", param=f"{where}.image_url.file_id")
        self.count_one(where)

    def need_eyes(self, where: str) -> None:
        """Refuse an image for a model that sees none."""
        if not self._run.model.can("vision"):
            msg = f"The model '{self._run.model.id}' cannot see images; choose one with vision"
            raise UnsupportedByModel(msg, param=where)

    def count_one(self, where: str) -> None:
        """Count an image of the request; refuse one too many."""
        self._count += 1
        if self._count > self._options.max_images:
            msg = f"A request takes at most {self._options.max_images} images"
            raise InvalidRequest(msg, param=where, code="too_many_images")

    async def taken(self, where: str, part: JsonObject) -> JsonObject:
        """Make sure of an image: what is kept of it is a data URI, or where it can be had."""
        image = image_of(part)
        url = image.get("url")
        if isinstance(url, str) and is_data_uri(url):
            image = {**image, "url": await self._checked_uri(f"{where}.image_url", url)}
            return {**part, "image_url": image}
        await self._made_once(where, image)
        return {**part, "image_url": image}

    async def shown(self, part: JsonObject) -> JsonObject:
        """Give an image as models take it; of too many, the older ones are left out."""
        self.need_eyes("messages")
        self._shown += 1
        if self._shown > self._options.max_images:
            return attached(TOO_MANY)
        image = image_of(part)
        url = image.get("url")
        if _lies_elsewhere(image):
            url = await self._made_once("messages", image)
        detail = {"detail": image["detail"]} if image.get("detail") else {}
        return {"type": "image_url", "image_url": {"url": url, **detail}}

    async def begin(self, parts: Sequence[JsonObject]) -> None:
        """Fetch and read the images of a history side by side; what fails is told where it is shown."""
        if not self._run.model.can("vision"):
            return
        newest = list(map(image_of, parts))[-self._options.max_images :]
        wanted = [one for one in newest if _lies_elsewhere(one)]
        work = (self._made_once("messages", one) for one in wanted)
        await asyncio.gather(*work, return_exceptions=True)

    async def uri_of(self, where: str, data: bytes) -> str:
        """Write checked bytes as a data URI.

        Raises:
            InvalidRequest: when they are no image of the four kinds, or too large a one.
        """
        kind = self._kind(where, data)
        if len(data) <= INLINE_BYTES:
            return data_uri(data, kind)
        return await asyncio.to_thread(data_uri, data, kind)

    def _kind(self, where: str, data: bytes) -> str:
        options = self._options
        if len(data) > options.max_image_bytes:
            msg = f"An image has at most {options.max_image_bytes:,} bytes"
            raise InvalidRequest(msg, param=where, code="image_too_large")
        header = image_header(data)
        if header is None:
            msg = "This is no image that can be read; send a PNG, JPEG, GIF or WebP"
            raise InvalidRequest(msg, param=where, code="invalid_image_format")
        if header.pixels > options.max_image_pixels:
            msg = (
                f"The image has {header.width} x {header.height} pixels; "
                f"at most {options.max_image_pixels:,} are taken"
            )
            raise InvalidRequest(msg, param=where, code="image_too_large")
        return header.media_type

    async def _checked_uri(self, where: str, url: str) -> str:
        """Check a data URI; it stays as it is, unless it claims to be another kind than it is."""
        limit = self._options.max_image_bytes
        try:
            _, start = encoded_part(url)
            if decoded_size(url, start=start) > limit + 2:
                msg = f"An image has at most {limit:,} bytes"
                raise InvalidRequest(msg, param=where, code="image_too_large")
            data = await decoded_apart(url, start=start)
        except NotInline as exc:
            msg = f"The image cannot be read: {exc}"
            raise InvalidRequest(msg, param=where, code="invalid_base64") from exc
        kind = self._kind(where, data)
        usual = f"data:{kind};base64,"
        exact = len(url) == len(usual) + (len(data) + 2) // 3 * 4  # nothing was forgiven
        return url if exact and url.startswith(usual) else await self.uri_of(where, data)

    async def _made_once(self, where: str, image: JsonObject) -> str:
        """Fetch or read an image, once in a turn however often it is named."""
        key = str(image.get("url") or image.get("file_id"))
        if key not in self._made:
            work = self._fetched(where, key) if image.get("url") else self._read(where, key)
            self._made[key] = asyncio.ensure_future(work)
        return await self._made[key]

    async def _fetched(self, where: str, url: str) -> str:
        where = f"{where}.image_url" if where != "messages" else where
        web = self._run.parts.attaching.web
        if web is None:
            msg = "This server fetches no addresses; send the image as a data: URI in base64"
            raise InvalidRequest(msg, param=where, code="invalid_image_url")
        try:
            found = await web.fetch(
                url, max_bytes=self._options.max_image_bytes, owner=self._run.request.user_id
            )
        except PageUnreadable as exc:
            msg = f"The image cannot be fetched: {str(exc).removesuffix('.')}"
            raise InvalidRequest(msg, param=where, code="invalid_image_url") from exc
        self._run.tainted = True
        return await self.uri_of(where, found.content)

    async def _read(self, where: str, file_id: str) -> str:
        where = f"{where}.image_url.file_id" if where != "messages" else where
        documents = self._run.parts.documents
        found = await documents.content(self._run.request.user_id, file_id) if documents else None
        if found is None:
            raise NotFound(NO_FILE, param=where)
        return await self.uri_of(where, await self.bytes_of(found[1], where))

    async def bytes_of(self, path: Path, where: str) -> bytes:
        """Read the bytes of a file that is an image; one that has just gone is a missing one."""
        self._run.tainted = True
        try:
            return await asyncio.to_thread(_read_at_most, path, self._options.max_image_bytes + 1)
        except OSError as exc:
            raise NotFound(NO_FILE, param=where) from exc


def image_of(part: JsonObject) -> JsonObject:
    """Give the image of a part; some clients write the address alone."""
    given: Any = part.get("image_url")
    if isinstance(given, str):
        return {"url": given}
    named = cast("JsonObject", given) if isinstance(given, dict) else {}
    return {name: value for name, value in named.items() if value is not None}


def _lies_elsewhere(image: JsonObject) -> bool:
    url = image.get("url")
    return not (isinstance(url, str) and is_data_uri(url))


async def decoded_apart(text: str, *, start: int) -> bytes:
    """Decode base64, off the event loop when that takes a while."""
    if len(text) <= INLINE_BYTES:
        return decoded(text, start=start)
    return await asyncio.to_thread(decoded, text, start=start)


def _read_at_most(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)
