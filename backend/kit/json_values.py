"""JSON that can always be written: clean text, and values JSON cannot say turned into text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson

_MAX_DEPTH = 200  # orjson refuses to write beyond 254 levels
_INT64 = 1 << 63


def clean_text(text: str) -> str:
    """Drop NUL, which PostgreSQL refuses, and replace lone surrogates, which no database encodes."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def dump_json(value: object) -> str:
    """Write JSON; what JSON cannot say (huge integers, odd types, endless depth) becomes text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return orjson.dumps(_storable(value)).decode()


def copy_json(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Copy a JSON value exactly as a trip through JSON text would."""
    return orjson.loads(dump_json(value))


def _storable(value: object, depth: int = 0) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and -_INT64 <= value < 2 * _INT64:
        return value
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return {clean_text(str(key)): _storable(it, depth + 1) for key, it in pairs.items()}
    if depth < _MAX_DEPTH and isinstance(value, list | tuple):
        items = cast("list[object] | tuple[object, ...]", value)
        return [_storable(it, depth + 1) for it in items]
    return "..." if depth == _MAX_DEPTH else clean_text(str(value))
