"""Takes out of a run, and of an answer that is kept, what they quote of deleted files.

A tool result that brought a passage of such a file goes whole, in the event log and in the
transcript, since its text holds the passage in the tool's own words. What the model itself said
stays: it is the user's conversation. Not for: finding the runs (`run_files`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from backend.ports.answers import StoredAnswer
from backend.ports.stores import Run
from backend.ports.values import JsonObject

REMOVED = "[removed: the document was deleted]"
QUOTES = "x_quotes"
_IN_OWN_WORDS = {"output": REMOVED, "error": None, "outputs": None}
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


def scrubbed_answer(answer: StoredAnswer, gone: Collection[str]) -> StoredAnswer:
    """Give a kept answer without the passages of the files whose ids are `gone`, and without those ids.

    `body[QUOTES]` names, by output item, the files its tool brought something of; such an item loses
    what the tool said. A chat completion tells results within its thoughts, which then go whole.
    """
    if not gone:
        return answer
    body: JsonObject = _without_passages(answer.body, gone)
    quotes: Mapping[str, Sequence[str]] = body.get(QUOTES) or {}
    if "output" in body:
        body["output"] = [
            _speechless(one) if not set(gone).isdisjoint(quotes.get(one["id"], ())) else one
            for one in cast("list[JsonObject]", body["output"])
        ]
    for choice in cast("list[JsonObject]", body.get("choices") or ()):
        if "reasoning_content" in choice["message"]:
            choice["message"]["reasoning_content"] = REMOVED
    left = tuple(one for one in answer.file_ids if one not in gone)
    return replace(answer, body=body, file_ids=left)


def _speechless(item: JsonObject) -> JsonObject:
    return {**item, **{name: it for name, it in _IN_OWN_WORDS.items() if item.get(name)}}


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
