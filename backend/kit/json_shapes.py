"""Reading JSON from outside without trusting its shape."""

from __future__ import annotations

import math
from typing import Any, cast

from backend.kit.http import FetchError, HttpReply


def json_object(reply: HttpReply) -> dict[str, Any]:
    """Read the body as a JSON object; raise FetchError when it is anything else."""
    parsed = reply.json()
    if not isinstance(parsed, dict):
        msg = "the answer is not a JSON object"
        raise FetchError(msg)
    return cast("dict[str, Any]", parsed)


def mapping(value: object) -> dict[str, Any]:
    """Take a value as an object; anything else becomes empty."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Take a value as a list; anything else becomes empty."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def objects(value: object) -> list[dict[str, Any]]:
    """Keep the objects of a list; anything that is not a list becomes empty."""
    return [cast("dict[str, Any]", item) for item in items(value) if isinstance(item, dict)]


def number(value: object) -> float | None:
    """Take a value as a finite number; booleans, text and anything else become None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None
