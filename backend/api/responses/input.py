"""Read the `input` of a Responses request: items as they are kept and listed, and chat messages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import orjson

from backend.api.items import placed_messages_of
from backend.errors import InvalidRequest
from backend.ports.values import ChatMessage, JsonObject

PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "compaction": "cmp",
}


def read_items(given: str | Sequence[JsonObject] | None) -> list[JsonObject]:
    """Give the items of an input; text alone is a message of the user."""
    if given is None:
        return []
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return list(given)


def chat_messages(items: Sequence[JsonObject]) -> list[tuple[int, ChatMessage]]:
    """Translate items for a model, each message with the number of the item that its content is of.

    What a model only thought before it was cut off is left out.

    Raises:
        InvalidRequest: naming the item that cannot be read.
    """
    said = placed_messages_of([_as_function_call(one) for one in items])
    return [
        (at, one)
        for at, one in said
        if one["role"] != "assistant" or one.get("content") or one.get("tool_calls")
    ]


def _as_function_call(item: JsonObject) -> JsonObject:
    """Give the call of a custom tool as what the model was offered: a function with one text."""
    if item.get("type") != "custom_tool_call" or not isinstance(item.get("input"), str):
        return item
    arguments = orjson.dumps({"input": item["input"]}).decode()
    return {**item, "type": "function_call", "arguments": arguments}


def is_reference(item: JsonObject) -> bool:
    """Tell whether an item only names another one."""
    kind = item.get("type")
    return kind == "item_reference" or (kind is None and "role" not in item and "id" in item)


def answer_of_item(item_id: object) -> str | None:
    """Give the answer whose item an id names, if it is one that `event` streams or lists give out."""
    if not isinstance(item_id, str) or len(item_id) > 200:
        return None
    key = item_id.partition("_")[2].partition("_")[0]
    return f"resp_{key}" if key else None


def kept_items(items: Sequence[JsonObject], key: str) -> list[JsonObject]:
    """Give items as they are listed again: each with an id and a status, content in parts."""
    return [_kept(item, f"{key}_i{at}") for at, item in enumerate(items)]


def _kept(item: JsonObject, key: str) -> JsonObject:
    kind = str(item.get("type") or "message")
    given = item.get("id")
    item_id = given if isinstance(given, str) and given else f"{PREFIXES.get(kind, 'item')}_{key}"
    kept: JsonObject = {**item, "id": item_id, "type": kind}
    if kind == "message":
        kept["content"] = _parts(item.get("content"), role=item.get("role"))
    if kind != "reasoning" or "status" in item:
        kept["status"] = item.get("status") or "completed"
    return kept


def _parts(content: object, *, role: object) -> list[JsonObject]:
    said = role == "assistant"
    if isinstance(content, str):
        return [_text(content, said=said)]
    parts = cast("list[Any]", content) if isinstance(content, list) else []
    return [_part(cast("JsonObject", one), said=said) for one in parts]


def _part(part: JsonObject, *, said: bool) -> JsonObject:
    if part.get("type") in {"input_text", "output_text", "text"}:
        return {**part, **_text(str(part.get("text", "")), said=said), **_known(part, said=said)}
    if part.get("type") == "input_image":
        return {"detail": "auto", **part}
    return part


def _known(part: JsonObject, *, said: bool) -> JsonObject:
    names = ("annotations", "logprobs") if said else ()
    return {name: part[name] for name in names if isinstance(part.get(name), list)}


def _text(text: str, *, said: bool) -> JsonObject:
    if said:
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"type": "input_text", "text": text}


def page_of(
    items: Sequence[JsonObject], *, after: str | None, limit: int, order: str
) -> JsonObject:
    """Give a page of items, newest first unless asked for in the order they stand in.

    Raises:
        InvalidRequest: when `after` is none of them.
    """
    ordered = list(items) if order == "asc" else list(reversed(items))
    start = 0
    if after is not None:
        ids = [one["id"] for one in ordered]
        if after not in ids:
            raise InvalidRequest("There is no such item in this listing", param="after")
        start = ids.index(after) + 1
    page = ordered[start : start + limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else "",
        "last_id": page[-1]["id"] if page else "",
        "has_more": start + limit < len(ordered),
    }


def container_id(key: str) -> str:
    """Name the place in which the code of a response ran."""
    return f"cntr_{key}"
