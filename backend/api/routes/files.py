"""`/api/files`: upload documents, follow how they are read, look at them, search and erase them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from backend.api.deps import Account, ApiOptions, Library, PagePictures, Services
from backend.api.event_stream import ClientWatch, EventStream
from backend.api.file_answers import follow_frames, send_original, send_page_image
from backend.api.multipart import FormLimits, ReceivedFile
from backend.api.openai_wire import error_object
from backend.api.safe_json import SafeRoute
from backend.api.upload_meter import metered_form
from backend.errors import InvalidRequest, NotFound, StewardError
from backend.models.files import (
    FileOut,
    FilePage,
    ListingIn,
    SearchIn,
    SearchOut,
    TextOut,
    UploadOut,
    UploadsOut,
    WantedImage,
    page_fields,
)
from backend.ports.documents import FINAL_STATES, Documents, File, TextPage, Upload

router = APIRouter(prefix="/api/files", tags=["files"], route_class=SafeRoute)
UPLOAD_PATHS = ("/api/files/upload",)
MISSING = "There is no such file"
JSON = "application/json"
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "One file or several; `files` is taken as well.",
                        },
                        "wait": {
                            "type": "number",
                            "minimum": 0,
                            "description": "Seconds to wait until the files are ready.",
                        },
                        "purpose": {"type": "string", "default": "user_data"},
                    },
                }
            }
        },
    }
}


@router.post("/upload", openapi_extra=UPLOAD_BODY, response_model_exclude_none=True)
async def upload_files(
    request: Request,
    account: Account,
    library: Library,
    found: Services,
    wait: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
) -> UploadOut | UploadsOut:
    """Upload one file or several, and wait up to `wait` seconds until they can be searched.

    One file answers with the file itself, several with `files` in their order, where a file that
    was refused carries its `error` and does not touch the others.
    """
    options = found.options
    limits = FormLimits(max_file_bytes=options.max_file_bytes)
    async with metered_form(request, account, found, limits) as (form, meter):
        wait_s = _wait_s(wait, form.fields.get("wait"), options)
        purpose = _purpose(form.fields.get("purpose"))
        alone = len(form.files) == 1
        take = _take if alone else _take_or_tell
        taken = [await take(library, account.user.id, one, purpose) for one in form.files]
        meter.keep(sum(it.document.size_bytes for it in taken if isinstance(it, File)))
    shown = await asyncio.gather(
        *(_settled(library, account.user.id, one, wait_s=wait_s) for one in taken)
    )
    return shown[0] if alone else UploadsOut(files=list(shown))


@router.get("/documents")
async def list_documents(
    account: Account, library: Library, listing: Annotated[ListingIn, Query()]
) -> FilePage:
    """List one's files, newest first unless another order is asked for."""
    page = await library.list(account.user.id, listing.listing())
    return FilePage(documents=[FileOut.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/documents/{file_id}")
async def get_document(file_id: str, account: Account, library: Library) -> FileOut:
    """Tell how far a file has been read, what it holds, or why it failed."""
    return FileOut.of(await _owned(library, account.user.id, file_id))


@router.get("/documents/{file_id}/content", response_class=Response)
async def get_content(
    file_id: str, request: Request, account: Account, library: Library
) -> Response:
    """Download the original bytes; a range of them can be asked for."""
    kept = await library.content(account.user.id, file_id)
    if kept is None:
        raise NotFound(MISSING)
    return await send_original(request, *kept)


@router.get("/documents/{file_id}/text", response_model=TextOut)
async def get_text(
    file_id: str,
    account: Account,
    library: Library,
    page: Annotated[int | None, Query(ge=1, le=1_000_000_000)] = None,
) -> Response:
    """Give the text that was read out of a file, one page of it or all."""
    file = await _owned(library, account.user.id, file_id)
    pages = await library.text(account.user.id, file_id, number=page)
    if page is not None and not pages:
        msg = f"This file has no page {page} of text"
        raise NotFound(msg, param="page")
    return StreamingResponse(_text_parts(file, pages), media_type=JSON)


@router.get("/documents/{file_id}/pages/{page}/image", response_class=Response)
async def get_page_image(
    file_id: str,
    page: Annotated[int, Path(le=1_000_000_000)],
    request: Request,
    account: Account,
    pictures: PagePictures,
    wanted: Annotated[WantedImage, Query()],
) -> Response:
    """Show a page of a PDF as a picture (PNG or WebP), with a stretch of its stored text marked."""
    return await send_page_image(request, pictures, account.user.id, wanted.page(file_id, page))


@router.get("/documents/{file_id}/events")
async def follow_document(
    file_id: str, request: Request, account: Account, library: Library
) -> Response:
    """Follow the reading of a file as server-sent events, until it is ready or has failed."""
    await _owned(library, account.user.id, file_id)
    gone = asyncio.Event()
    watch = ClientWatch(request.receive, gone=gone.set)
    changes = library.watch(account.user.id, file_id)
    return EventStream(follow_frames(changes, gone), watch=watch)


@router.delete("/documents/{file_id}", status_code=204)
async def delete_document(
    file_id: str, account: Account, library: Library, found: Services
) -> None:
    """Erase a file and all that was made from it, at once."""
    await found.approvals.cancel_quoting(account.user.id, file_id)
    if not await library.delete(account.user.id, file_id):
        raise NotFound(MISSING)


@router.post("/documents/{file_id}/reindex", status_code=202)
async def reindex_document(file_id: str, account: Account, library: Library) -> FileOut:
    """Read a file anew; what was indexed before answers until that is done."""
    file = await library.reindex(account.user.id, file_id)
    if file is None:
        raise NotFound(MISSING)
    return FileOut.of(file)


@router.post("/search")
async def search_files(body: SearchIn, account: Account, library: Library) -> SearchOut:
    """Find passages in one's files, best first; each can be cited by its `citation_id`."""
    return SearchOut.of(await library.search(account.user.id, body.search_query()))


async def _owned(library: Documents, user_id: str, file_id: str) -> File:
    file = await library.get(user_id, file_id)
    if file is None:
        raise NotFound(MISSING)
    return file


async def _take(library: Documents, user_id: str, one: ReceivedFile, purpose: str) -> File:
    if one.refused is not None or one.path is None:
        raise one.refused or InvalidRequest("The file is not there", param="file")
    upload = Upload(
        path=one.path,
        filename=one.filename,
        size_bytes=one.size_bytes,
        sha256=one.sha256,
        purpose=purpose,
    )
    return await library.add(user_id, upload)


async def _take_or_tell(
    library: Documents, user_id: str, one: ReceivedFile, purpose: str
) -> File | UploadOut:
    """Take one file of several in, or tell why not without touching the others."""
    try:
        return await _take(library, user_id, one, purpose)
    except StewardError as exc:
        return UploadOut(
            filename=one.filename,
            size=one.size_bytes,
            state="failed",
            reason=exc.message,
            error=error_object(exc)["error"],
        )


async def _settled(
    library: Documents, user_id: str, one: File | UploadOut, *, wait_s: float
) -> UploadOut:
    """Wait for one file; it is shown as it last was, also when it was erased meanwhile."""
    if isinstance(one, UploadOut):
        return one
    if wait_s > 0 and one.document.state not in FINAL_STATES:
        one = await library.settled(user_id, one.id, wait_s=wait_s) or one
    return UploadOut.of(one)


def _wait_s(asked: float | None, field: str | None, options: ApiOptions) -> float:
    """Choose how long to wait: as asked in the address, else in the form, at most as set."""
    if asked is None and field is not None:
        try:
            asked = float(field)
        except ValueError:
            asked = math.nan
        if not 0 <= asked < math.inf:
            raise InvalidRequest("wait: give seconds, 0 or more", param="wait")
    return options.upload_wait_s if asked is None else min(asked, options.upload_wait_s)


def _purpose(given: str | None) -> str:
    purpose = given or "user_data"
    if len(purpose) > 64 or not purpose.replace("_", "").replace("-", "").isalnum():
        raise InvalidRequest("purpose: give a word such as user_data", param="purpose")
    return purpose


async def _text_parts(file: File, pages: Sequence[TextPage]) -> AsyncIterator[bytes]:
    """Write the answer page by page: a whole book at once would hold up other requests."""
    head = orjson.dumps({"file_id": file.id, "state": file.document.state})
    yield head[:-1] + b',"pages":['
    for at, page in enumerate(pages):
        yield (b"," if at else b"") + orjson.dumps(page_fields(page))
    yield b"]}"
