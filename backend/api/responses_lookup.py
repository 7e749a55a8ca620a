"""Look up what a Responses request only names: earlier responses, conversations, items, vector stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from backend.agent.policy import Caller
from backend.agent.toolbox import Toolbox
from backend.api.deps import AppServices
from backend.api.responses.input import answer_of_item, is_reference, read_items
from backend.api.responses.live import UNFINISHED
from backend.api.responses.request import LookedUp
from backend.api.responses.tools import ToolsAsked, read_tools
from backend.errors import InvalidRequest, NotFound
from backend.kit.attribute_filters import Condition, InvalidFilter, condition_of
from backend.models.responses import ResponseInput
from backend.ports.accounts import Principal
from backend.ports.answers import StoredAnswer
from backend.ports.values import ChatMessage, JsonObject
from backend.ports.vector_stores import MemberFile

MOST_STORES = 50


async def look_up(body: ResponseInput, *, caller: Principal, found: AppServices) -> LookedUp:
    """Find everything that a request names among what is the caller's.

    Raises:
        NotFound, InvalidRequest: naming the field, when something is not there.
    """
    user_id = caller.user.id
    tools = read_tools(body.tools or (), toolbox=_toolbox(caller, found))
    conversation = await _conversation(body.conversation, user_id, found)
    files = await _files(tools, user_id, found)
    return LookedUp(
        tools=tools,
        items=await _items(read_items(body.input), user_id, found),
        context=await _context(body.previous_response_id, user_id, found),
        conversation_id=conversation,
        file_ids=None if files is None else tuple(files),
        attributes=files or {},
    )


async def _conversation(
    given: str | JsonObject | None, user_id: str, found: AppServices
) -> str | None:
    named: Any = given.get("id") if isinstance(given, dict) else given
    if given is None:
        return None
    if not isinstance(named, str):
        msg = "A conversation is given by its id"
        raise InvalidRequest(msg, param="conversation.id", code="missing_required_parameter")
    if not named.startswith("conv_"):
        msg = f"Invalid 'conversation': '{named[:100]}'. Expected an ID that begins with 'conv_'."
        raise InvalidRequest(msg, param="conversation", code="invalid_value")
    if await found.conversations.get(user_id, named) is None:
        msg = f"Conversation with id '{named[:100]}' not found."
        raise NotFound(msg, param="conversation")
    return named


def _toolbox(caller: Principal, found: AppServices) -> Toolbox:
    """Give the tools that a caller may use."""
    toolbox = found.toolbox
    if caller.allowed_tools is not None:
        toolbox = toolbox.bound_to(caller.allowed_tools)
    if found.policy.denies:
        who = Caller(username=caller.user.username, role=caller.user.role)
        toolbox = toolbox.without(found.policy.denied(who, toolbox.available.values()))
    return toolbox


async def _context(previous: str | None, user_id: str, found: AppServices) -> Sequence[ChatMessage]:
    """Give the messages of the response that this one goes on from."""
    if previous is None:
        return ()
    name = "previous_response_id"
    live = found.responses.get(user_id, previous)
    if live is not None and not live.run.log.closed:
        msg = f"Response '{previous}' is still in progress; wait until it has ended"
        raise InvalidRequest(msg, param=name)
    if live is not None:
        await live.done()
    kept = await found.responses.read(user_id, previous)
    if kept is None:
        msg = f"Previous response with id '{previous}' not found."
        raise InvalidRequest(msg, param=name, code="previous_response_not_found")
    if kept.body.get("status") in UNFINISHED:
        msg = f"Response '{previous}' is still in progress; wait until it has ended"
        raise InvalidRequest(msg, param=name)
    before = await found.answers.context(user_id, previous)
    return _sound([cast("ChatMessage", one) for one in before])


def _sound(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Leave out results whose call is not there: the response that made it may have been deleted."""
    called: set[str] = set()
    whole: list[ChatMessage] = []
    for one in messages:
        called |= {call["id"] for call in one.get("tool_calls") or ()}
        if one["role"] != "tool" or one.get("tool_call_id") in called:
            whole.append(one)
    return whole


async def _items(items: Sequence[JsonObject], user_id: str, found: AppServices) -> list[JsonObject]:
    """Put the items in that references name, out of the user's kept responses."""
    whole: list[JsonObject] = []
    read: dict[str, dict[Any, JsonObject]] = {}  # by response, each of which is read once
    for at, item in enumerate(items):
        if not is_reference(item):
            whole.append(item)
            continue
        answer_id = answer_of_item(item.get("id"))
        if answer_id and answer_id not in read:
            kept = await found.responses.read(user_id, answer_id)
            read[answer_id] = {one.get("id"): one for one in _items_of(kept)}
        whole.append(_referred(item, f"input[{at}]", read.get(answer_id or "", {})))
    return whole


def _referred(item: JsonObject, where: str, known: Mapping[Any, JsonObject]) -> JsonObject:
    item_id = item.get("id")
    if isinstance(item_id, str) and item_id in known:
        return known[item_id]
    msg = f"Item with id '{str(item_id)[:100]}' not found."
    raise NotFound(msg, param=f"{where}.id")


def _items_of(kept: StoredAnswer | None) -> list[Any]:
    return [*kept.body.get("output", ()), *kept.input] if kept else []


async def _files(
    tools: ToolsAsked, user_id: str, found: AppServices
) -> dict[str, JsonObject] | None:
    """Give the files that the vector stores of a request hold, and those it names, with attributes."""
    if not tools.file_search and not tools.file_ids:
        return None
    files: dict[str, JsonObject] = {one: {} for one in tools.file_ids}
    places: dict[str, str] = {}  # of each store the first; it is looked at once
    for where, entry in tools.file_search:
        for at, store_id in enumerate(entry["vector_store_ids"]):
            places.setdefault(store_id, f"{where}.vector_store_ids[{at}]")
    if len(places) > MOST_STORES:
        msg = f"One request searches at most {MOST_STORES} vector stores"
        raise InvalidRequest(msg, param=list(places.values())[MOST_STORES])
    known = {
        store_id: await _members(store_id, place, user_id=user_id, found=found)
        for store_id, place in places.items()
    }
    for where, entry in tools.file_search:
        wanted = _condition(entry, where)
        for store_id in dict.fromkeys(entry["vector_store_ids"]):
            fitting = (one for one in known[store_id] if wanted(one.attributes))
            files |= {one.file.id: dict(one.attributes) for one in fitting}
    return files


def _condition(entry: JsonObject, where: str) -> Condition:
    try:
        return condition_of(entry.get("filters"), place=f"{where}.filters")
    except InvalidFilter as exc:
        raise InvalidRequest(str(exc), param=exc.place) from exc


async def _members(
    store_id: str, place: str, *, user_id: str, found: AppServices
) -> Sequence[MemberFile]:
    """Give the files of one vector store, and note that it was used."""
    stores = found.vector_stores
    if stores is None or await stores.get(user_id, store_id) is None:
        msg = f"Vector store with id '{store_id[:100]}' not found."
        raise NotFound(msg, param=place)
    members = await stores.files(user_id, store_id)
    await stores.touch(user_id, [store_id], found.clock.now_ms())
    return members
