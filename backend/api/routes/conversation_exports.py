"""`/api/conversations/…/export`: one's conversations to keep, to read or to take elsewhere.

Before `conversations` among the routes, by its name: `export` is no id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool

from backend.api.deps import Account, AppServices, Services
from backend.api.erasing import MISSING
from backend.api.exporting import json_pieces, markdown_pieces
from backend.api.safe_json import SafeRoute
from backend.errors import NotFound
from backend.kit.download_names import attachment_header, download_name
from backend.models.exports import VERSION, ExportedConversation, ExportedConversations
from backend.ports.stores import Conversation

router = APIRouter(prefix="/api/conversations", tags=["conversations"], route_class=SafeRoute)
FORMS = {
    "json": ("json", "application/json", json_pieces),
    "markdown": ("md", "text/markdown; charset=utf-8", markdown_pieces),
}
LINES = "application/x-ndjson"


@router.get("/export", response_model=ExportedConversations)
async def export_all_conversations(
    account: Account,
    found: Services,
    form: Annotated[Literal["json", "jsonl"], Query(alias="format")] = "json",
) -> Response:
    """Download all one's conversations: one JSON document, or `jsonl`, one conversation a line."""
    account.require("chat")
    now_ms = found.clock.now_ms()
    day = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%d")
    whole = _lines(found, account.user.id)
    if form == "json":
        whole = _document(whole, exported_at=now_ms // 1000)
    name = download_name(f"conversations {day}", ending=form, fallback="conversations")
    return _download(whole, name, LINES if form == "jsonl" else "application/json")


@router.get("/{conversation_id}/export", response_model=ExportedConversation)
async def export_conversation(
    conversation_id: str,
    account: Account,
    found: Services,
    form: Annotated[Literal["json", "markdown"], Query(alias="format")] = "json",
) -> Response:
    """Download a conversation, as JSON or as Markdown to read."""
    account.require("chat")
    conversation = await found.conversations.get(account.user.id, conversation_id)
    if conversation is None:
        raise NotFound(MISSING)
    ending, media_type, _ = FORMS[form]
    name = download_name(conversation.title, ending=ending, fallback="conversation")
    return _download(await _pieces(found, conversation, form), name, media_type)


def _download(pieces: AsyncIterator[bytes], name: str, media_type: str) -> Response:
    headers = {"content-disposition": attachment_header(name), "cache-control": "private, no-store"}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


async def _pieces(
    found: AppServices, conversation: Conversation, form: str
) -> AsyncIterator[bytes]:
    """Read what was said and write it in another thread: that of 10,000 messages takes its time."""
    whose = conversation.user_id, conversation.id
    messages = await found.conversations.messages(*whose)
    write = FORMS[form][2]
    return iterate_in_threadpool(write(conversation, messages, await found.runs.origins(*whose)))


async def _lines(found: AppServices, user_id: str) -> AsyncIterator[bytes]:
    """Write each conversation on a line, one after the other; those erased meanwhile are left out."""
    for conversation_id in await _ids(found, user_id):
        conversation = await found.conversations.get(user_id, conversation_id)
        if conversation is None:
            continue
        async for piece in await _pieces(found, conversation, "json"):
            yield piece
        yield b"\n"


async def _document(lines: AsyncIterator[bytes], *, exported_at: int) -> AsyncIterator[bytes]:
    """Put lines into one JSON document."""
    head = orjson.dumps({"version": VERSION, "exported_at": exported_at})
    between = head[:-1] + b',"conversations":['
    async for piece in lines:
        if piece == b"\n":
            between = b",\n"
            continue
        yield between + piece
        between = b""
    yield (between if between.startswith(b"{") else b"") + b"]}"


async def _ids(found: AppServices, user_id: str) -> list[str]:
    """Find all that are there; one that is used while they are listed moves to the front."""
    ids = dict[str, None]()
    for walk in range(2):
        cursor: str | None = None
        while True:
            page = await found.conversations.list(user_id, limit=500, cursor=cursor)
            fresh = [one.id for one in page.items if one.id not in ids]
            ids |= dict.fromkeys(fresh)
            cursor = page.next_cursor
            if cursor is None or (walk and not fresh):
                break
    return list(ids)
