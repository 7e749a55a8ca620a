"""Takes out of a run what it quotes of deleted files.

A tool result that brought a passage of such a file goes whole, in the event log and in the
transcript, since its text holds the passage in the tool's own words. What the model itself said
stays: it is the user's conversation. Not for: finding the runs (`run_files`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from backend.ports.stores import Run
from backend.ports.values import JsonObject

REMOVED = "[removed: the document was deleted]"
_KEPT = ("call_id", "tool", "outcome", "duration_ms", "citations", "file_ids")


def scrubbed(run: Run, gone: Collection[str]) -> Run:
    """Give a run without the passages of the files whose ids are `gone`, and without those ids."""
    if not gone:
        return run
    calls = {str(one["data"].get("call_id")) for one in run.events if _brought(one, gone)}
    trace: JsonObject = _without_passages(run.trace, gone)
    transcript = trace.get("transcript")
    if isinstance(transcript, list):
        trace["transcript"] = _scrubbed_messages(cast("list[JsonObject]", transcript), calls)
    return replace(
        run,
        trace=trace,
        events=tuple(_scrubbed_event(one, gone) for one in run.events),
        file_ids=tuple(one for one in run.file_ids if one not in gone),
    )


def _brought(event: JsonObject, gone: Collection[str]) -> bool:
    """Tell whether an event is a result that quotes such a file, also by a number given before."""
    if event.get("type") != "tool_result" or not isinstance(event.get("data"), dict):
        return False
    data: JsonObject = event["data"]
    return not set(gone).isdisjoint(data.get("file_ids") or ()) or _quotes(data, gone)


def _scrubbed_event(event: JsonObject, gone: Collection[str]) -> JsonObject:
    if not _brought(event, gone):
        return _without_passages(event, gone)
    data: JsonObject = event["data"]
    left = {name: _without_passages(data[name], gone) for name in _KEPT if name in data}
    mark = str(event.get("text", "")).partition(" ")[0]
    return {**event, "text": f"{mark} {REMOVED}\n", "data": {**left, "text": REMOVED}}


def _scrubbed_messages(messages: Sequence[JsonObject], calls: Collection[str]) -> list[JsonObject]:
    texts = [
        str(one["content"])
        for one in messages
        if one.get("tool_call_id") in calls and one.get("content")
    ]

    def quotes(message: JsonObject) -> bool:
        # The answer to a repeated call, which has no event of its own, ends with the first result.
        content = str(message.get("content"))
        return message.get("tool_call_id") in calls or any(map(content.endswith, texts))

    return [
        {**one, "content": REMOVED} if one.get("role") == "tool" and quotes(one) else one
        for one in messages
    ]


def _quotes(value: object, gone: Collection[str]) -> bool:
    """Tell whether a passage of a file that is gone stands anywhere in a JSON value."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return fields.get("file_id") in gone or any(_quotes(it, gone) for it in fields.values())
    if isinstance(value, list | tuple):
        return any(_quotes(it, gone) for it in cast("Sequence[object]", value))
    return False


def _without_passages(value: Any, gone: Collection[str]) -> Any:  # noqa: ANN401 - any JSON value
    """Copy a JSON value with the `text` of every passage of a file that is gone emptied."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        copied = {name: _without_passages(it, gone) for name, it in fields.items()}
        if fields.get("file_id") in gone and "text" in fields:
            copied["text"] = ""
        return copied
    if isinstance(value, list | tuple):
        return [_without_passages(it, gone) for it in cast("Sequence[Any]", value)]
    return value
