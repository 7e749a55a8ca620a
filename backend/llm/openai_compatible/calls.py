"""Assemble the tool calls of a stream from their fragments.

Servers differ: the index may be missing, or restart at 0 with each chunk; ids may be missing; a
call may come whole. A new id, or a new name without an index, begins a new call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from backend.kit.ids import new_id
from backend.ports.values import JsonObject, ToolCall


@dataclass(slots=True)
class _Open:
    id: str
    name: str = ""
    parts: list[str] = field(default_factory=list[str])


class CallAssembler:
    """The calls of one answer; made per stream."""

    def __init__(self) -> None:
        self._calls: list[_Open] = []
        self._by_index: dict[int, _Open] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, fragments: Sequence[JsonObject]) -> None:
        """Take the `tool_calls` of one delta; raise KeyError or TypeError for another shape."""
        for fragment in fragments:
            function: JsonObject = fragment.get("function") or {}
            call = self._call_of(fragment, str(function.get("name") or ""))
            call.name = call.name or str(function.get("name") or "")
            if arguments := function.get("arguments"):
                call.parts.append(_text(arguments))

    def whole(self, *, valid_only: bool) -> tuple[ToolCall, ...]:
        """Give the calls; with `valid_only` leave out those that were cut off in their arguments."""
        made = [(call, "".join(call.parts).strip() or "{}") for call in self._calls]
        return tuple(
            {
                "id": call.id or new_id("call"),
                "type": "function",
                "function": {"name": call.name, "arguments": arguments},
            }
            for call, arguments in made
            if not valid_only or _is_json(arguments)
        )

    def _call_of(self, fragment: JsonObject, name: str) -> _Open:
        index: Any = fragment.get("index")
        call_id = str(fragment.get("id") or "")
        known = self._by_index.get(index) if isinstance(index, int) else self._newest()
        if known is None or (call_id and known.id and call_id != known.id):
            return self._begin(index, call_id)
        if not isinstance(index, int) and name and not call_id and known.name:
            return self._begin(index, call_id)
        known.id = known.id or call_id
        return known

    def _begin(self, index: Any, call_id: str) -> _Open:  # noqa: ANN401 - as the server sent it
        call = _Open(call_id)
        self._calls.append(call)
        if isinstance(index, int):
            self._by_index[index] = call
        return call

    def _newest(self) -> _Open | None:
        return self._calls[-1] if self._calls else None


def _text(arguments: Any) -> str:  # noqa: ANN401 - text by the specification, an object from some
    return arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
