"""`/v1/files`: OpenAI's Files over the same documents as `/api/files`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from backend.api.deps import Account, Library, Services
from backend.api.file_answers import send_original
from backend.api.json_answers import answered
from backend.api.multipart import FormLimits
from backend.api.safe_json import SafeRoute
from backend.api.upload_meter import metered_form
from backend.errors import InvalidRequest, NotFound
from backend.models.maybe import Maybe
from backend.models.openai_files import (
    MOST_FILES,
    PURPOSES,
    UNREAD,
    UPLOAD_FORM,
    DeletedFile,
    FileList,
    FileObject,
    files_listing,
)
from backend.models.shown import answers
from backend.ports.documents import Upload

router = APIRouter(prefix="/v1/files", tags=["openai"], route_class=SafeRoute)
UPLOAD_PATHS = ("/v1/files",)
ANCHOR, SECONDS = "expires_after[anchor]", "expires_after[seconds]"
SHORTEST_S, LONGEST_S = 3_600, 2_592_000
FILE = answers("openai_files:FileObject")
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "string"}}}}
}


@router.post("", openapi_extra=UPLOAD_FORM, responses=FILE)
async def create_file(
    request: Request, account: Account, library: Library, found: Services
) -> Response:
    """Upload one file; it is read behind the answer, unless its purpose asks for the bytes alone."""
    options = found.options
    limits = FormLimits(max_file_bytes=options.max_file_bytes, max_files=1)
    async with metered_form(request, account, found, limits) as (form, meter):
        purpose = _purpose(form.fields.get("purpose"))
        expires_after_s = _expiry(form.fields)
        one = form.files[0]
        if one.refused is not None or one.path is None:
            raise one.refused or InvalidRequest("The file is not there", param="file")
        upload = Upload(
            path=one.path,
            filename=one.filename,
            size_bytes=one.size_bytes,
            sha256=one.sha256,
            purpose=purpose,
            treatment="keep" if purpose in UNREAD else "try",
            expires_after_s=expires_after_s,
        )
        kept = await library.add(account.user.id, upload)
        meter.keep(one.size_bytes)
        return answered(FileObject.of(kept))


@router.get("", responses=answers("openai_files:FileList"))
async def list_files(
    account: Account,
    library: Library,
    purpose: Annotated[Maybe[str], Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_FILES)] = MOST_FILES,
    order: Literal["asc", "desc"] = "desc",
    after: Annotated[Maybe[str], Query(max_length=200)] = None,
) -> Response:
    """List one's files by time of upload, of one purpose if given."""
    listing = files_listing(purpose=purpose, limit=limit, order=order, after=after)
    page = await library.list(account.user.id, listing)
    made = FileList(
        object="list",
        data=[FileObject.of(one) for one in page.items],
        first_id=page.items[0].id if page.items else "",
        last_id=page.items[-1].id if page.items else "",
        has_more=page.next_cursor is not None,
    )
    return answered(made)


@router.get("/{file_id}", responses=FILE)
async def get_file(file_id: str, account: Account, library: Library) -> Response:
    """Tell of a file how far it is."""
    file = await library.get(account.user.id, file_id)
    if file is None:
        raise _missing(file_id)
    return answered(FileObject.of(file))


@router.delete("/{file_id}", responses=answers("openai_files:DeletedFile"))
async def delete_file(
    file_id: str, account: Account, library: Library, found: Services
) -> Response:
    """Erase a file and all that was made from it, at once; it leaves every vector store."""
    await found.approvals.cancel_quoting(account.user.id, file_id)
    if not await library.delete(account.user.id, file_id):
        raise _missing(file_id)
    return answered(DeletedFile(id=file_id, object="file", deleted=True))


@router.get("/{file_id}/content", response_class=Response, responses=BYTES)
async def get_file_content(
    file_id: str, request: Request, account: Account, library: Library
) -> Response:
    """Download the bytes as they came, whatever the purpose; a range of them can be asked for."""
    kept = await library.content(account.user.id, file_id)
    if kept is None:
        raise _missing(file_id)
    return await send_original(request, *kept)


def _missing(file_id: str) -> NotFound:
    msg = f"No such File object: {file_id[:100]}"
    return NotFound(msg, param="id")


def _purpose(given: str | None) -> str:
    if not given:
        msg = f"Say what the file is for: one of {', '.join(PURPOSES)}"
        raise InvalidRequest(msg, param="purpose", code="missing_required_parameter")
    if given not in PURPOSES:
        msg = f"'{given[:60]}' is not one of {', '.join(PURPOSES)}"
        raise InvalidRequest(msg, param="purpose", code="invalid_value")
    return given


def _expiry(fields: Mapping[str, str]) -> int | None:
    """Read after how many seconds the file is to expire; None for never."""
    anchor, seconds = fields.get(ANCHOR), fields.get(SECONDS)
    if not anchor and not seconds:
        return None
    if anchor != "created_at":
        msg = "expires_after[anchor] must be 'created_at'"
        raise InvalidRequest(msg, param="expires_after.anchor", code="invalid_value")
    if not seconds or not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10):
        seconds = "0"
    if not SHORTEST_S <= int(seconds) <= LONGEST_S:
        msg = f"expires_after[seconds] must be a whole number from {SHORTEST_S} to {LONGEST_S}"
        raise InvalidRequest(msg, param="expires_after.seconds", code="invalid_value")
    return int(seconds)
