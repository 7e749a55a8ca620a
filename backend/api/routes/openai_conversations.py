"""`/v1/conversations`: the same sessions as `/api/conversations`, as OpenAI's clients know them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from backend.agent.title import title_of
from backend.api import conversation_items as items
from backend.api.deps import Account, AppServices, Services
from backend.api.erasing import MISSING, erase_conversation
from backend.api.items import message_of_item
from backend.api.lists import NewestFirst, list_object, sliced
from backend.api.safe_json import SafeRoute
from backend.errors import NotFound
from backend.kit.ids import new_id
from backend.kit.json_values import dump_json
from backend.models.conversations import ConversationItems, ConversationNew
from backend.models.maybe import Maybe
from backend.models.metadata import MetadataChange
from backend.models.openai import IncludeEnum
from backend.models.shown import answers
from backend.ports.stores import Conversation, StoredMessage
from backend.ports.values import JsonObject

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=SafeRoute)
Include = Annotated[Maybe[list[IncludeEnum]], Query()]
IncludeInBrackets = Annotated[
    list[IncludeEnum] | None, Query(alias="include[]", include_in_schema=False)
]


async def included(include: Include = None, in_brackets: IncludeInBrackets = None) -> None:
    """Take what is to be included, in either spelling; all of it always is."""
    _ = include, in_brackets


INCLUDE = [Depends(included)]
RESOURCE = answers("openai_shapes.conversations:ConversationResource")
DELETED = answers("openai_shapes.conversations:ConversationDeleted")
ITEM = answers("openai_shapes.conversations:ConversationItem")
ITEMS = answers("openai_shapes.conversations:ConversationItemList")


@router.post("", responses=RESOURCE)
async def create_conversation(body: ConversationNew, account: Account, found: Services) -> Response:
    """Open a conversation, with items to start from if they are given."""
    account.require("chat")
    conversation_id, now_ms = new_id("conv"), found.clock.now_ms()
    stored = items.stored_items(body.items or (), conversation_id=conversation_id, now_ms=now_ms)
    conversation = Conversation(
        id=conversation_id,
        user_id=account.user.id,
        title=_title(stored),
        metadata=dict(body.metadata or {}),
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    await found.conversations.create(conversation, stored)
    return _answer(_resource(conversation))


@router.get("/{conversation_id}", responses=RESOURCE)
async def get_conversation(conversation_id: str, account: Account, found: Services) -> Response:
    """Give a conversation without its items."""
    account.require("chat")
    return _answer(_resource(await _mine(found, account.user.id, conversation_id)))


@router.post("/{conversation_id}", responses=RESOURCE)
async def change_conversation(
    conversation_id: str, body: MetadataChange, account: Account, found: Services
) -> Response:
    """Replace the metadata of a conversation."""
    account.require("chat")
    changed = await found.conversations.update(
        account.user.id,
        conversation_id,
        metadata=dict(body.metadata or {}),
    )
    if changed is None:
        raise NotFound(MISSING, param="conversation_id")
    return _answer(_resource(changed))


@router.delete("/{conversation_id}", responses=DELETED)
async def delete_conversation(conversation_id: str, account: Account, found: Services) -> Response:
    """Erase a conversation with its items and runs; a running answer is stopped."""
    account.require("chat")
    await erase_conversation(found, account.user.id, conversation_id)
    gone = {"id": conversation_id, "object": "conversation.deleted", "deleted": True}
    return _answer(gone)


@router.post("/{conversation_id}/items", responses=ITEMS, dependencies=INCLUDE)
async def add_items(
    conversation_id: str,
    body: ConversationItems,
    account: Account,
    found: Services,
) -> Response:
    """Add up to 20 items behind the last one; the next turn goes on from them."""
    account.require("chat")
    now_ms = found.clock.now_ms()
    stored = items.stored_items(body.items, conversation_id=conversation_id, now_ms=now_ms)
    await found.conversations.append(
        account.user.id, conversation_id, stored, title_if_empty=_title(stored), now_ms=now_ms
    )
    return _answer(list_object(items.listed(stored)))


@router.get("/{conversation_id}/items", responses=ITEMS, dependencies=INCLUDE)
async def list_items(
    conversation_id: str,
    account: Account,
    found: Services,
    part: NewestFirst,
) -> Response:
    """List the items of a conversation: what was added here, and what its turns have said."""
    account.require("chat")
    await _mine(found, account.user.id, conversation_id)
    stored = await found.conversations.messages(account.user.id, conversation_id)
    return _answer(sliced(items.listed(stored), part))


@router.get("/{conversation_id}/items/{item_id}", responses=ITEM, dependencies=INCLUDE)
async def get_item(
    conversation_id: str,
    item_id: str,
    account: Account,
    found: Services,
) -> Response:
    """Give one item of a conversation."""
    account.require("chat")
    await _mine(found, account.user.id, conversation_id)
    stored = await found.conversations.messages(account.user.id, conversation_id)
    message_id = message_of_item(item_id)
    for one in stored:
        for item in items.shown(one) if one.id == message_id else ():
            if item["id"] == item_id:
                return _answer(item)
    raise NotFound(items.missing(item_id), param="item_id")


@router.delete("/{conversation_id}/items/{item_id}", responses=RESOURCE)
async def delete_item(
    conversation_id: str, item_id: str, account: Account, found: Services
) -> Response:
    """Delete one item of a conversation, and give the conversation."""
    account.require("chat")
    user_id = account.user.id
    await _mine(found, user_id, conversation_id)
    shown = await found.conversations.messages(user_id, conversation_id)
    there = message_of_item(item_id) in [one.id for one in shown]
    there = there and await found.conversations.edit_message(
        user_id,
        conversation_id,
        message_of_item(item_id),
        items.without(item_id),
        now_ms=found.clock.now_ms(),
    )
    if not there:
        raise NotFound(items.missing(item_id), param="item_id")
    return _answer(_resource(await _mine(found, user_id, conversation_id)))


async def _mine(found: AppServices, user_id: str, conversation_id: str) -> Conversation:
    conversation = await found.conversations.get(user_id, conversation_id)
    if conversation is None:
        raise NotFound(MISSING, param="conversation_id")
    return conversation


def _title(stored: list[StoredMessage]) -> str:
    return title_of([one.message for one in stored])


def _resource(it: Conversation) -> JsonObject:
    return {
        "id": it.id,
        "object": "conversation",
        "metadata": it.metadata,
        "created_at": it.created_at_ms // 1000,
    }


def _answer(body: JsonObject) -> Response:
    return Response(dump_json(body), media_type="application/json")
