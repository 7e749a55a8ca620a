"""Copies of arguments for records that people read: secrets masked by name and by shape, texts cut.

Not for: log lines (`redaction`).
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from backend.kit.json_values import clean_text
from backend.kit.redaction import redact

SECRET_WORDS = (
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "private_key",
    "access_key",
    "accesskey",
    "credential",
    "authorization",
    "cookie",
)
MASK = "***"
MOST_CHARS = 500
_MOST_MEMBERS = 50
_MOST_DEPTH = 6
_MOST_VALUES = 1_000
_TEXTS_AT_MOST = 40  # all texts together may be so many times as long as one
_MOST_BITS = 64  # of whole numbers that JSON readers agree on


def masked(arguments: Mapping[str, Any], *, max_chars: int = MOST_CHARS) -> dict[str, Any]:
    """Copy arguments: secrets masked at any depth, texts over `max_chars` and long lists cut.

    However wide and deep they are, the copy is small, and so is the work; it is always JSON.
    """
    return _Masking(max_chars).members(arguments, depth=0)


class _Masking:
    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars
        self._values_left = _MOST_VALUES
        self._chars_left = _TEXTS_AT_MOST * max_chars

    def members(self, value: Mapping[str, Any], *, depth: int) -> dict[str, Any]:
        kept = list(value.items())[:_MOST_MEMBERS]
        copied = {self._text(str(name)): self._value(str(name), it, depth) for name, it in kept}
        if len(value) > _MOST_MEMBERS:
            copied["..."] = f"{len(value) - _MOST_MEMBERS} more"
        return copied

    def _value(self, name: str, value: object, depth: int) -> object:
        self._values_left -= 1
        if self._values_left < 0:
            return "..."
        folded = unicodedata.normalize("NFKC", name[: self._max_chars]).lower()
        if any(word in folded for word in SECRET_WORDS):
            return MASK
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int | float) or value is None:
            return _number(value)
        return self._inner(name, value, depth + 1)

    def _inner(self, name: str, value: object, depth: int) -> object:
        if depth > _MOST_DEPTH:
            return "..."
        if isinstance(value, Mapping):
            return self.members(cast("Mapping[str, Any]", value), depth=depth)
        if isinstance(value, list | tuple):
            items = list(cast("list[object] | tuple[object, ...]", value))
            kept = [self._value(name, it, depth) for it in items[:_MOST_MEMBERS]]
            more = len(items) - len(kept)
            return [*kept, f"... {more} more"] if more else kept
        return self._text(repr(value))

    def _text(self, text: str) -> str:
        """Redact before cutting: half a secret would not be known for one."""
        seen = text[: 4 * self._max_chars]
        shown = clean_text(redact(seen))
        most = min(self._max_chars, self._chars_left)
        self._chars_left -= min(len(shown), most)
        if len(shown) <= most and len(seen) == len(text):
            return shown
        return shown[:most] + "..."


def _number(value: float | None) -> float | str | None:
    """Write as text what is no number to JSON, or one that no two readers read alike."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() >= _MOST_BITS:
        return f"a whole number of {value.bit_length()} bits"
    return value
