"""`/v1/uploads`: OpenAI's uploads in parts, for files that do not fit into one request."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Request, Response

from backend.api.deps import Account, Library, PartUploads, Services
from backend.api.json_answers import answered
from backend.api.multipart import FormLimits
from backend.api.pending_uploads import PendingUpload
from backend.api.safe_json import SafeRoute
from backend.api.upload_meter import metered_form
from backend.errors import InvalidRequest, RequestTooLarge
from backend.kit.upload_names import MAX_NAME_CHARS, clean_file_name
from backend.models.openai_files import (
    PART_FORM,
    UNREAD,
    CompleteUpload,
    CreateUpload,
    FileObject,
    UploadObject,
    UploadPart,
)
from backend.models.shown import answers
from backend.ports.documents import Upload

router = APIRouter(prefix="/v1/uploads", tags=["openai"], route_class=SafeRoute)
UPLOAD_PATHS = ("/v1/uploads/*/parts",)
UPLOAD = answers("openai_files:UploadObject")
MAX_PART_BYTES = 64 * 1024 * 1024
PART_FIELDS = frozenset({"data"})
_NOWHERE = Path()


@router.post("", responses=UPLOAD)
async def create_upload(
    body: CreateUpload, account: Account, _: Library, uploads: PartUploads, found: Services
) -> Response:
    """Begin an upload; it is given up after an hour."""
    most = found.options.max_file_bytes
    if body.bytes > most:
        msg = f"A file has at most {most} bytes on this server"
        raise RequestTooLarge(msg, param="bytes", code="file_too_large")
    filename = clean_file_name(body.filename)
    if not 0 < len(filename) <= MAX_NAME_CHARS:
        msg = f"A file's name has 1 to {MAX_NAME_CHARS} characters"
        raise InvalidRequest(msg, param="filename")
    wanted = Upload(
        path=_NOWHERE,
        filename=filename,
        size_bytes=body.bytes,
        sha256="",
        purpose=body.purpose,
        treatment="keep" if body.purpose in UNREAD else "try",
        expires_after_s=body.expires_after.seconds if body.expires_after else None,
    )
    return _shown(await uploads.begin(account.user.id, wanted))


@router.post(
    "/{upload_id}/parts", openapi_extra=PART_FORM, responses=answers("openai_files:UploadPart")
)
async def add_part(
    upload_id: str,
    request: Request,
    account: Account,
    uploads: PartUploads,
    found: Services,
) -> Response:
    """Add bytes; parts may come in any order, and side by side."""
    upload = await uploads.get(account.user.id, upload_id)
    limits = FormLimits(max_file_bytes=MAX_PART_BYTES, max_files=1, file_fields=PART_FIELDS)
    async with metered_form(request, account, found, limits) as (form, meter):
        one = form.files[0]
        if one.refused is not None or one.path is None:
            raise one.refused or InvalidRequest("The part is not there", param="data")
        part = await uploads.add_part(upload, one.path)
        meter.keep(one.size_bytes)
    made = UploadPart(
        id=part.id,
        object="upload.part",
        created_at=part.created_at_ms // 1000,
        upload_id=upload.id,
    )
    return answered(made)


@router.post("/{upload_id}/complete", responses=UPLOAD)
async def complete_upload(
    upload_id: str, body: CompleteUpload, account: Account, library: Library, uploads: PartUploads
) -> Response:
    """Put the parts together, in the order given, into a file."""
    upload = await uploads.get(account.user.id, upload_id)
    async with uploads.completing(upload):
        whole = await uploads.join(upload, body.part_ids, body.md5 or "")
        try:
            file = await library.add(account.user.id, whole)
        finally:
            await asyncio.shield(asyncio.to_thread(whole.path.unlink, missing_ok=True))
        await uploads.end(upload, "completed", file=file)
    return _shown(upload)


@router.post("/{upload_id}/cancel", responses=UPLOAD)
async def cancel_upload(upload_id: str, account: Account, uploads: PartUploads) -> Response:
    """Give an upload up; its parts are forgotten."""
    upload = await uploads.get(account.user.id, upload_id)
    await uploads.cancel(upload)
    return _shown(upload)


def _shown(upload: PendingUpload) -> Response:
    made = UploadObject(
        id=upload.id,
        object="upload",
        created_at=upload.created_at_ms // 1000,
        filename=upload.wanted.filename,
        bytes=upload.wanted.size_bytes,
        purpose=upload.wanted.purpose,
        status=upload.status,
        expires_at=upload.expires_at_ms // 1000,
        file=None if upload.file is None else FileObject.of(upload.file),
    )
    return answered(made)
