"""`/api/artifacts`: files that tools made, for their owner; an image is shown, the rest downloaded.

Three ways in: an access token or API key, the page's read-only cookie (pictures cannot send a
token), or the key in a link, which opens one artifact for a while in any client.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from backend.api.cookies import READER_COOKIE
from backend.api.deps import Account, AppServices, Services, authenticate
from backend.api.safe_json import SafeRoute
from backend.errors import NotAuthenticated, NotFound, Unavailable
from backend.models.artifacts import ArtifactOut
from backend.ports.artifacts import Artifact, Artifacts

router = APIRouter(prefix="/api/artifacts", tags=["artifacts"], route_class=SafeRoute)
MISSING = "There is no such artifact"


@router.get("")
async def list_artifacts(
    account: Account,
    found: Services,
    run_id: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[ArtifactOut]:
    """List what tools made for the caller, newest first; `run_id` keeps to one run."""
    account.require("chat")
    listed = await _keeper(found).list(account.user.id, run_id=run_id, limit=limit)
    return [ArtifactOut.of(one) for one in listed]


@router.get("/{artifact_id}", response_class=Response)
async def get_artifact(
    artifact_id: str, request: Request, found: Services, *, download: bool = False
) -> Response:
    """Give an artifact's bytes; pictures are shown, everything else and `download` is saved."""
    held = await _held(artifact_id, request, found)
    if held is None:
        raise NotFound(MISSING)
    return await _send(*held, download=download)


@router.delete("/{artifact_id}", status_code=204)
async def delete_artifact(artifact_id: str, account: Account, found: Services) -> None:
    """Erase an artifact."""
    account.require("chat")
    if not await _keeper(found).delete(account.user.id, artifact_id):
        raise NotFound(MISSING)


async def _held(
    artifact_id: str, request: Request, found: AppServices
) -> tuple[Artifact, Path] | None:
    keeper = _keeper(found)
    if "authorization" in request.headers:
        caller = await authenticate(request)
        caller.require("chat")
        return await keeper.content(caller.user.id, artifact_id)
    cookie = request.cookies.get(READER_COOKIE)
    reader = await found.accounts.reader(cookie) if cookie else None
    held = await keeper.content(reader.id, artifact_id) if reader else None
    if held is not None:
        return held
    if key := request.query_params.get("key"):
        artifact = await keeper.by_link(artifact_id, key)
        if artifact is not None and await found.accounts.is_active(artifact.user_id):
            return await keeper.content(artifact.user_id, artifact_id)
        return None
    if reader is not None:
        return None
    raise NotAuthenticated("Log in to open this, or use a link that is still good")


async def _send(artifact: Artifact, path: Path, *, download: bool) -> Response:
    try:
        found = await asyncio.to_thread(path.stat)
    except FileNotFoundError as exc:
        raise NotFound(MISSING) from exc
    shown = artifact.is_image and not download
    headers = {
        "content-type": artifact.media_type,
        # Whatever it is, a browser that opens it may run nothing and load nothing.
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, max-age=3600",
        "vary": "authorization, cookie",
        "referrer-policy": "no-referrer",
    }
    return FileResponse(
        path,
        filename=artifact.filename,
        stat_result=found,
        headers=headers,
        content_disposition_type="inline" if shown else "attachment",
    )


def _keeper(found: AppServices) -> Artifacts:
    if found.artifacts is None:
        raise Unavailable("This server keeps no artifacts")
    return found.artifacts
