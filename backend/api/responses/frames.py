"""The events of a Responses stream, in OpenAI's order, as prepared frames. Pure.

What is said of each item stands here; which items there are is `output`'s business, or `replay`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from backend.api.responses.calls import WORKING
from backend.ports.values import JsonObject

ENDS = {"completed": "completed", "incomplete": "incomplete", "cancelled": "incomplete"}


class EventFrames:
    """Numbers events and writes their frames; those up to `after` are counted, but not written."""

    def __init__(self, *, after: int | None = None) -> None:
        self._after = -1 if after is None else after
        self._next = 0
        self._head, self._delta = b"", ""
        self._at: JsonObject = {}

    def opening(self, body: JsonObject) -> bytes:
        """Tell that a response was made, and that it is worked on."""
        frames = [self.event("response.created", response=body)]
        if body["status"] == "queued":
            frames.append(self.event("response.queued", response=body))
        now = {**body, "status": "in_progress"}
        return b"".join([*frames, self.event("response.in_progress", response=now)])

    def closing(self, body: JsonObject) -> bytes:
        """Tell the whole response and how it ended."""
        name = ENDS.get(body["status"], "failed")
        return self.event(f"response.{name}", response=body)

    def text_begun(self, index: int, item: JsonObject, part: JsonObject) -> bytes:
        """Tell of a message or of reasoning that begins; what follows is its text."""
        delta, place = _text_event(part, "delta"), _place(index, item, part)
        if part["type"] == "output_text":
            place["logprobs"] = []
        self._delta, self._at = delta, place
        packed = orjson.dumps({"type": delta, **place})[:-1]
        self._head = b'event: %b\ndata: %b,"delta":' % (delta.encode(), packed)
        return self._added(index, item) + self._part(index, item, part, "added")

    def delta(self, text: str, *, logprobs: Sequence[JsonObject] = ()) -> bytes:
        """Give a piece of the text that has begun."""
        if logprobs:
            return self.event(self._delta, **{**self._at, "logprobs": logprobs}, delta=text)
        at = self._next
        self._next += 1
        if at <= self._after:
            return b""
        return b'%b%b,"sequence_number":%d}\n\n' % (self._head, orjson.dumps(text), at)

    def text_ended(self, index: int, item: JsonObject, part: JsonObject) -> bytes:
        """Tell of a message or of reasoning that is whole."""
        place = _place(index, item, part)
        frames = [
            self.event(
                "response.output_text.annotation.added",
                **place,
                annotation_index=at,
                annotation=one,
            )
            for at, one in enumerate(part.get("annotations") or ())
        ]
        more = {"logprobs": part["logprobs"]} if part["type"] == "output_text" else {}
        done = _text_event(part, "done")
        frames.append(self.event(done, **place, text=part["text"], **more))
        frames.append(self._part(index, item, part, "done"))
        return b"".join([*frames, self._done(index, item)])

    def call_begun(self, index: int, item: JsonObject) -> bytes:
        """Tell of a call of one of this server's tools that begins."""
        kind, place = item["type"], {"output_index": index, "item_id": item["id"]}
        frames = [self._added(index, item)]
        frames += [self.event(f"response.{kind}.{one}", **place) for one in WORKING[kind]]
        if kind == "code_interpreter_call":
            code = item["code"]
            frames += [
                self.event("response.code_interpreter_call_code.delta", **place, delta=code),
                self.event("response.code_interpreter_call_code.done", **place, code=code),
                self.event("response.code_interpreter_call.interpreting", **place),
            ]
        if kind == "mcp_call":
            text = item["arguments"]
            frames += [
                self.event("response.mcp_call_arguments.delta", **place, delta=text),
                self.event("response.mcp_call_arguments.done", **place, arguments=text),
            ]
        return b"".join(frames)

    def call_ended(self, index: int, item: JsonObject) -> bytes:
        """Tell of a call that is over; one that was cut short only ends."""
        kind, status = item["type"], item["status"]
        if status == "incomplete":
            return self._done(index, item)
        told = "failed" if kind == "mcp_call" and status == "failed" else "completed"
        place = {"output_index": index, "item_id": item["id"]}
        return self.event(f"response.{kind}.{told}", **place) + self._done(index, item)

    def tools_listed(self, index: int, item: JsonObject) -> bytes:
        """Tell which tools a remote server has, or that it could not say."""
        place = {"output_index": index, "item_id": item["id"]}
        begun: JsonObject = {**item, "tools": [], "error": None}
        end = "failed" if item["error"] else "completed"
        return b"".join([
            self._added(index, begun),
            self.event("response.mcp_list_tools.in_progress", **place),
            self.event(f"response.mcp_list_tools.{end}", **place),
            self._done(index, item),
        ])

    def whole(self, index: int, item: JsonObject) -> bytes:
        """Tell of an item that comes at once."""
        return self._added(index, item) + self._done(index, item)

    def client_call(self, index: int, item: JsonObject) -> bytes:
        """Tell of a call that the caller is to carry out."""
        custom = item["type"] == "custom_tool_call"
        field = "input" if custom else "arguments"
        begun = {**item, field: ""} | ({} if custom else {"status": "in_progress"})
        done = {field: item[field]} | ({} if custom else {"name": item["name"]})
        name = f"response.{'custom_tool_call_input' if custom else 'function_call_arguments'}"
        place = {"item_id": item["id"], "output_index": index}
        return b"".join([
            self._added(index, begun),
            self.event(f"{name}.delta", **place, delta=item[field]),
            self.event(f"{name}.done", **place, **done),
            self._done(index, item),
        ])

    def event(self, name: str, /, **data: object) -> bytes:
        """Write one event."""
        at = self._next
        self._next += 1
        if at <= self._after:
            return b""
        packed = orjson.dumps({"type": name, **data, "sequence_number": at}, default=str)
        return b"event: %b\ndata: %b\n\n" % (name.encode(), packed)

    def _added(self, index: int, item: JsonObject) -> bytes:
        return self.event("response.output_item.added", output_index=index, item=item)

    def _done(self, index: int, item: JsonObject) -> bytes:
        return self.event("response.output_item.done", output_index=index, item=item)

    def _part(self, index: int, item: JsonObject, part: JsonObject, what: str) -> bytes:
        name = "reasoning_summary_part" if part["type"] == "summary_text" else "content_part"
        return self.event(f"response.{name}.{what}", **_place(index, item, part), part=part)


_NAMES = {
    "output_text": "output_text",
    "summary_text": "reasoning_summary_text",
    "reasoning_text": "reasoning_text",
}


def _text_event(part: JsonObject, what: str) -> str:
    return f"response.{_NAMES[part['type']]}.{what}"


def _place(index: int, item: JsonObject, part: JsonObject) -> JsonObject:
    at = "summary_index" if part["type"] == "summary_text" else "content_index"
    return {"item_id": item["id"], "output_index": index, at: 0}


def cut(text: str, sizes: Sequence[int]) -> list[str]:
    """Cut a text into pieces of the given sizes; what is left is the last one."""
    pieces: list[str] = []
    start = 0
    for size in sizes:
        pieces.append(text[start : start + size])
        start += size
    return [*pieces, text[start:]] if start < len(text) else pieces
