"""Find the JSON object in what a model wrote, however it is wrapped or flawed."""

from __future__ import annotations

from typing import cast

import orjson

from backend.agent.tool_call_text.loose_json import LooseReader, UnreadableError
from backend.kit.json_values import copy_json
from backend.ports.values import JsonObject

THOUGHT_END = "</think>"
MAX_STARTS = 8


def read_object(text: str) -> JsonObject | None:
    """Give the first object in a text: strict JSON if it is, else read tolerantly; None if none.

    Numbers too large for JSON writers come as text.
    """
    text = text.rpartition(THOUGHT_END)[2].strip()
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _read_loosely(text)
    return cast("JsonObject", found) if isinstance(found, dict) else None


def _read_loosely(text: str) -> JsonObject | None:
    start = text.find("{")
    for _ in range(MAX_STARTS):
        if start < 0:
            return None
        try:
            found = LooseReader(text, start).value()
        except UnreadableError:
            found = None
        if isinstance(found, dict):
            return copy_json(found)
        start = text.find("{", start + 1)
    return None
