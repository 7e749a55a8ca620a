"""`/api/conversations`: one's stored conversations (sessions)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.deps import Account, Services
from backend.api.erasing import MISSING, erase_conversation
from backend.api.safe_json import SafeRoute
from backend.errors import NotFound
from backend.kit.branches import path_to, side_by_side
from backend.models.sessions import (
    ConversationChange,
    ConversationOut,
    ConversationPage,
    ConversationWithMessages,
    MessageOut,
    conversation_fields,
)
from backend.ports.values import KEPT_ITEM

router = APIRouter(prefix="/api/conversations", tags=["conversations"], route_class=SafeRoute)


@router.get("")
async def list_conversations(
    account: Account,
    found: Services,
    query: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> ConversationPage:
    """List one's conversations, last used first; `query` searches titles and messages."""
    account.require("chat")
    page = await found.conversations.list(account.user.id, query=query, limit=limit, cursor=cursor)
    return ConversationPage(
        conversations=[ConversationOut.of(one) for one in page.items],
        next_cursor=page.next_cursor,
    )


@router.get("/{conversation_id}")
async def get_conversation(
    conversation_id: str,
    account: Account,
    found: Services,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> ConversationWithMessages:
    """Give a conversation with the messages that are shown, each with its other versions.

    `after` names one of them: only those that follow it are given.
    """
    account.require("chat")
    conversation = await found.conversations.get(account.user.id, conversation_id)
    if conversation is None:
        raise NotFound(MISSING)
    messages = await found.conversations.all_messages(account.user.id, conversation_id)
    versions = side_by_side(one for one in messages if one.message["role"] != KEPT_ITEM)
    shown = path_to(messages, conversation.head_id)
    if after is not None:
        begin = next((at for at, one in enumerate(shown, 1) if one.id == after), None)
        if begin is None:
            raise NotFound("There is no such message among those shown", param="after")
        shown = shown[begin:]
    said = [
        MessageOut.of(one, versions[one.parent_id])
        for one in shown
        if one.message["role"] != KEPT_ITEM
    ]
    return ConversationWithMessages(**conversation_fields(conversation), messages=said)


@router.patch("/{conversation_id}")
async def change_conversation(
    conversation_id: str, body: ConversationChange, account: Account, found: Services
) -> ConversationOut:
    """Rename a conversation, change its metadata, or show another version of a message."""
    account.require("chat")
    user_id = account.user.id
    conversations = found.conversations
    if await conversations.get(user_id, conversation_id) is None:
        raise NotFound(MISSING)
    if body.shown and not await conversations.show(user_id, conversation_id, body.shown):
        raise NotFound("There is no such message in this conversation", param="shown")
    changed = await conversations.update(
        user_id, conversation_id, title=body.title, metadata=body.metadata
    )
    if changed is None:
        raise NotFound(MISSING)
    return ConversationOut.of(changed)


@router.delete("/{conversation_id}", status_code=204)
async def delete_conversation(conversation_id: str, account: Account, found: Services) -> None:
    """Erase a conversation with its messages and runs; a running answer is stopped."""
    account.require("chat")
    await erase_conversation(found, account.user.id, conversation_id)
