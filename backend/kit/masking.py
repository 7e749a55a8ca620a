"""Copies of arguments for records that people read: secrets masked by name and by shape, texts cut.

Not for: log lines (`redaction`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from backend.kit.json_values import clean_text
from backend.kit.redaction import redact

SECRET_WORDS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "private_key",
    "credential",
    "authorization",
    "cookie",
)
MASK = "***"
MOST_CHARS = 500
_MOST_MEMBERS = 50
_MOST_DEPTH = 6


def masked(arguments: Mapping[str, Any], *, max_chars: int = MOST_CHARS) -> dict[str, Any]:
    """Copy arguments: secrets masked at any depth, texts over `max_chars` and long lists cut."""
    return _Masking(max_chars).members(arguments, depth=0)


class _Masking:
    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars

    def members(self, value: Mapping[str, Any], *, depth: int) -> dict[str, Any]:
        kept = list(value.items())[:_MOST_MEMBERS]
        copied = {self._text(str(name)): self._value(str(name), it, depth) for name, it in kept}
        if len(value) > _MOST_MEMBERS:
            copied["..."] = f"{len(value) - _MOST_MEMBERS} more"
        return copied

    def _value(self, name: str, value: object, depth: int) -> object:
        lowered = name.lower()
        if any(word in lowered for word in SECRET_WORDS):
            return MASK
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int | float | bool) or value is None:
            return value
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
        if len(shown) <= self._max_chars and len(seen) == len(text):
            return shown
        return shown[: self._max_chars] + "..."
