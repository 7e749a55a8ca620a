"""Give the events of a kept response again. Pure.

Texts come in the pieces they first came in where these are known, so that a reader who lost its stream
goes on behind the last event it saw; otherwise whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from backend.api.responses.answer import usage_object
from backend.api.responses.calls import WORKING
from backend.api.responses.frames import EventFrames, cut
from backend.api.responses.kept import SIZES, shown
from backend.ports.values import JsonObject, Usage


def replay(kept: JsonObject, *, after: int | None, include: Collection[str] = ()) -> bytes:
    """Write all events after the one with the number `after`."""
    sizes: Mapping[str, Sequence[int]] = kept.get(SIZES) or {}
    body = shown(kept, include=include)
    frames = EventFrames(after=after)
    begun: JsonObject = {
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "output": [],
        "usage": usage_object(Usage()),
    }
    status = "queued" if body.get("background") else "in_progress"
    made = {name: value for name, value in body.items() if name != "x_agent"}
    written = [frames.opening({**made, **begun, "status": status})]
    for index, item in enumerate(body["output"]):
        written.append(_item(frames, index, item, sizes.get(item["id"])))
    return b"".join([*written, frames.closing(body)])


def _item(frames: EventFrames, index: int, item: JsonObject, sizes: Sequence[int] | None) -> bytes:
    kind = item["type"]
    if kind in WORKING:
        now = {name: _unknown_yet(name, value) for name, value in item.items()}
        now["status"] = "in_progress"
        return frames.call_begun(index, now) + frames.call_ended(index, item)
    if kind in {"message", "reasoning"}:
        return _text_item(frames, index, item, sizes)
    if kind == "mcp_list_tools":
        return frames.tools_listed(index, item)
    if kind == "mcp_approval_request":
        return frames.whole(index, item)
    return frames.client_call(index, item)


def _text_item(
    frames: EventFrames, index: int, item: JsonObject, sizes: Sequence[int] | None
) -> bytes:
    where = "summary" if item.get("summary") else "content"
    parts: Sequence[JsonObject] = item.get(where) or ()
    if not parts:
        return b""
    part = parts[0]
    said = item["type"] == "message"
    bare: JsonObject = {"annotations": [], "logprobs": []} if said else {}
    empty: JsonObject = {**part, "text": "", **bare}
    begun: JsonObject = {**item, where: [], "status": "in_progress"}
    pieces = [part["text"]] if sizes is None else cut(part["text"], sizes)
    return b"".join([
        frames.text_begun(index, begun, empty),
        *map(frames.delta, pieces),
        frames.text_ended(index, item, part),
    ])


def _unknown_yet(name: str, value: object) -> object:
    return None if name in {"outputs", "results", "output", "error"} else value
