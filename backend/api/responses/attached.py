"""Where the attachments of messages stand in the items of a request, and what is kept of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from backend.api.responses.asked import Asked
from backend.ports.values import ChatMessage, JsonObject

PLACE = re.compile(r"messages\[(\d+)\](?:\.content(\[\d+\])?(.*))?", re.DOTALL)
# Below a part of a chat message; items have these fields in the part itself.
NESTED = (".file.", ".file", ".image_url.")
CONTENT = {"function_call_output": "output", "custom_tool_call_output": "output"}


def item_place(param: str, asked: Asked) -> str:
    """Give the place in the items that a place in the messages stands for."""
    found = PLACE.fullmatch(param)
    if found is None:
        return param
    at = int(found[1]) - asked.turn.taken_before
    if not 0 <= at < len(asked.origins):
        return "input"
    item = asked.origins[at]
    place = f"input[{item}].{_content_of(asked.items[item])}{found[2] or ''}"
    return place + _below_part(found[3] or "")


def _below_part(rest: str) -> str:
    for name in NESTED:
        if rest.startswith(name):
            below = rest.removeprefix(name)
            image = name == ".image_url." and below == "url"
            return ".image_url" if image else f".{below}" if below else ""
    return rest


def with_references(asked: Asked, messages: Sequence[ChatMessage]) -> list[JsonObject]:
    """Give the items with files named as the turn took them in, in place of their bytes."""
    kept = list(asked.items)
    for item, message in zip(asked.origins, messages[asked.turn.taken_before :], strict=True):
        content = message.get("content")
        name = _content_of(kept[item])
        given: Any = kept[item].get(name)
        if isinstance(content, list) and isinstance(given, list):
            parts = zip(cast("list[JsonObject]", given), content, strict=True)
            kept[item] = {**kept[item], name: [_referred(part, taken) for part, taken in parts]}
    return kept


def _content_of(item: JsonObject) -> str:
    return CONTENT.get(str(item.get("type")), "content")


def _referred(part: JsonObject, taken: JsonObject) -> JsonObject:
    if part.get("type") != "input_file" or part.get("file_data") is None:
        return part
    if taken.get("type") == "image_url":  # a picture that came as a file
        return {"type": "input_image", "detail": "auto", "image_url": taken["image_url"]["url"]}
    named = ("file_id", "filename")
    told = {name: taken["file"][name] for name in named if taken["file"].get(name)}
    bare = {name: value for name, value in part.items() if name != "file_data"}
    return {**bare, **told}
