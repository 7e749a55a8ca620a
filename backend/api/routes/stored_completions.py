"""`/v1/chat/completions/...`: the completions that were kept because of `store: true`."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.api.deps import Account, AppServices, Services
from backend.api.lists import OldestFirst, list_object, no_such_entry, sliced
from backend.api.safe_json import SafeRoute
from backend.api.stored_completions import message_object
from backend.errors import NotFound
from backend.kit.json_values import dump_json
from backend.models.maybe import Maybe
from backend.models.metadata import MetadataChange
from backend.models.shown import answers
from backend.ports.answers import AnswerListing, StoredAnswer
from backend.ports.values import JsonObject

router = APIRouter(prefix="/v1/chat/completions", tags=["openai"], route_class=SafeRoute)
PAIR = re.compile(r"metadata\[(.+)\]")
COMPLETION = answers("chat_answers:ChatCompletion")
# A map in the query has no declaration of its own.
METADATA: dict[str, Any] = {
    "parameters": [
        {
            "name": "metadata",
            "in": "query",
            "required": False,
            "style": "deepObject",
            "explode": True,
            "schema": {
                "anyOf": [
                    {"type": "object", "additionalProperties": {"type": "string"}},
                    {"type": "null"},
                ]
            },
        }
    ]
}


@router.get("", responses=answers("stored_completions:ChatCompletionList"), openapi_extra=METADATA)
async def list_stored_completions(
    request: Request,
    account: Account,
    found: Services,
    part: OldestFirst,
    model: Maybe[str] = None,
) -> Response:
    """List the completions that were kept, of one model or with some metadata if asked for."""
    account.require("chat")
    user_id = account.user.id
    if part.after:
        after = await found.answers.get(user_id, part.after)
        if after is None or after.kind != "chat.completion":
            raise no_such_entry(part.after)
    listing = AnswerListing(
        kind="chat.completion",
        model=model or None,
        metadata=_wanted(request),
        after=part.after,
        limit=part.limit,
        descending=part.order == "desc",
    )
    page = await found.answers.list(user_id, listing)
    data = [one.body for one in page.items]
    return _answer(list_object(data, has_more=page.next_cursor is not None))


@router.get("/{completion_id}", responses=COMPLETION)
async def get_stored_completion(completion_id: str, account: Account, found: Services) -> Response:
    """Give a kept completion as it was sent."""
    account.require("chat")
    return _answer((await _mine(found, account.user.id, completion_id)).body)


@router.post("/{completion_id}", responses=COMPLETION)
async def change_stored_completion(
    completion_id: str, body: MetadataChange, account: Account, found: Services
) -> Response:
    """Replace the metadata of a kept completion."""
    account.require("chat")
    user_id = account.user.id
    await _mine(found, user_id, completion_id)
    metadata = dict(body.metadata or {})
    changed = await found.answers.change_metadata(user_id, completion_id, metadata)
    if changed is None:
        raise _missing(completion_id)
    return _answer(changed.body)


@router.delete("/{completion_id}", responses=answers("stored_completions:ChatCompletionDeleted"))
async def delete_stored_completion(
    completion_id: str, account: Account, found: Services
) -> Response:
    """Forget a kept completion; the session it belongs to stays."""
    account.require("chat")
    await _mine(found, account.user.id, completion_id)
    if not await found.answers.delete(account.user.id, completion_id):
        raise _missing(completion_id)
    return _answer({"object": "chat.completion.deleted", "id": completion_id, "deleted": True})


@router.get("/{completion_id}/messages", responses=answers("stored_completions:StoredMessageList"))
async def list_stored_messages(
    completion_id: str, account: Account, found: Services, part: OldestFirst
) -> Response:
    """List the messages that a kept completion answers."""
    account.require("chat")
    kept = await _mine(found, account.user.id, completion_id)
    return _answer(sliced([message_object(one) for one in kept.input], part))


async def _mine(found: AppServices, user_id: str, completion_id: str) -> StoredAnswer:
    kept = await found.answers.get(user_id, completion_id)
    if kept is None or kept.kind != "chat.completion":
        raise _missing(completion_id)
    return kept


def _missing(completion_id: str) -> NotFound:
    msg = f"There is no stored completion '{completion_id[:80]}'; completions are kept with store: true"
    return NotFound(msg, param="completion_id")


def _wanted(request: Request) -> dict[str, str]:
    """Read `metadata[key]=value` pairs."""
    matched = ((PAIR.fullmatch(name), value) for name, value in request.query_params.items())
    return {match[1]: value for match, value in matched if match}


def _answer(body: JsonObject) -> Response:
    return Response(dump_json(body), media_type="application/json")
