"""Answers about files that are no JSON: the original bytes, pictures of pages, how its reading goes on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse

from backend.api.openai_wire import KEEP_ALIVE
from backend.errors import NotFound, RangeNotSatisfiable
from backend.models.files import FileOut
from backend.ports.documents import File, PageImages, WantedPage

KEEP_ALIVE_S = 15.0
_OFFICE = "application/vnd.openxmlformats-officedocument"
# By what the document is, never by its name. Whatever a browser would run (HTML, SVG, scripts) is
# sent as plain bytes, although it is always a download.
_TYPES = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "epub": "application/epub+zip",
    "json": "application/json",
    "csv": "text/csv",
    "text": "text/plain",
    "markdown": "text/markdown",
    "code": "text/plain",
}
_BYTES = "application/octet-stream"
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


async def send_original(request: Request, file: File, path: Path) -> Response:
    """Send the bytes as a download, or the one range asked for; other range headers are ignored.

    Raises:
        NotFound: when the bytes are not there any more.
        RangeNotSatisfiable: when the range begins behind the end.
    """
    try:
        found = await asyncio.to_thread(path.stat)
    except FileNotFoundError as exc:
        raise NotFound("The file is gone") from exc
    wanted = request.headers.get("range", "")
    match = _ONE_RANGE.fullmatch(wanted.strip())
    first, last = match.groups() if match else ("", "")
    if first and int(first) >= found.st_size:
        error = RangeNotSatisfiable()
        error.headers["content-range"] = f"bytes */{found.st_size}"
        raise error
    if not (first or last) or (first and last and int(last) < int(first)) or last == "0":
        _forget_range(request)
    headers = {
        "content-type": _TYPES.get(file.document.kind, _BYTES),  # as it is: no charset is claimed
        "content-security-policy": "sandbox",
        "cache-control": "private, no-cache",
    }
    return FileResponse(path, filename=file.filename, stat_result=found, headers=headers)


def _forget_range(request: Request) -> None:
    """Answer with the whole file, as https://www.rfc-editor.org/rfc/rfc9110#section-14.2 allows."""
    request.scope["headers"] = [one for one in request.scope["headers"] if one[0] != b"range"]


async def send_page_image(
    request: Request, pictures: PageImages, user_id: str, wanted: WantedPage
) -> Response:
    """Send a picture of a page, or 304 when the client has it.

    One whose client has left is drawn all the same: to stop it would cost a process, which is more.

    Raises:
        NotFound: when there is no such page.
    """
    known = re.findall(r'"[^"]*"', request.headers.get("if-none-match", ""))
    image = await pictures.image(user_id, wanted, known=known)
    if image is None:
        raise NotFound("There is no such page to show")
    headers = {
        "etag": image.etag,
        "cache-control": "private, no-cache",
        "content-security-policy": "default-src 'none'; sandbox",
        "vary": "authorization",
    }
    if not image.content:
        return Response(status_code=304, headers=headers)
    return Response(image.content, media_type=image.media_type, headers=headers)


async def follow_frames(changes: AsyncIterator[File], gone: asyncio.Event) -> AsyncGenerator[bytes]:
    """Write each change of a file as an event, and a comment when nothing happens for a while."""
    leaving = asyncio.create_task(gone.wait())
    coming = asyncio.ensure_future(anext(changes, None))
    try:
        while True:
            waiting = {leaving, coming}
            await asyncio.wait(waiting, timeout=KEEP_ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                return
            if not coming.done():
                yield KEEP_ALIVE
                continue
            file = coming.result()
            if file is None:
                yield b"event: end\ndata: {}\n\n"
                return
            yield b"event: state\ndata: " + FileOut.of(file).model_dump_json().encode() + b"\n\n"
            coming = asyncio.ensure_future(anext(changes, None))
    finally:
        leaving.cancel()
        coming.cancel()
