"""Write a run's log as the output items of a response, and as the events that tell of them.

The same log always comes to the same items and events, so that a stream, its replay and what is kept
agree. Everything about a piece of text is prepared once; a token costs one JSON string and one join.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import cast

from backend.agent.run import Run, citation_object
from backend.agent.run_log import Break, LogItem, Remark, Thought
from backend.api.mcp_wire import list_item
from backend.api.responses.answer import key_of, response_object, status_of
from backend.api.responses.asked import Asked
from backend.api.responses.calls import PREFIX, ToolUse, approval_item, end_status, item_of
from backend.api.responses.frames import EventFrames
from backend.api.responses.texts import (
    annotations_of,
    call_item,
    message_item,
    reasoning_item,
    text_part,
    thought_part,
    weighed,
)
from backend.ports.values import JsonObject, ToolCall, TurnEvent

JOINED = frozenset({str, Thought, Remark})


class OutputWriter:
    """Gathers the items while it goes through a log; each method gives the frames of what it took in.

    A remark, which began to go out as answer text, is a message of its own in a stream, and
    reasoning in an answer that is given at once. `body` is the whole response once it is closed,
    `sizes` tells of each text in which pieces it came, `quotes` of each call which files it quotes.
    """

    def __init__(self, run: Run, asked: Asked, *, after: int | None = None) -> None:
        self._run = run
        self._asked = asked
        self._frames = EventFrames(after=after)
        self._key = asked.key or key_of(run)
        self._items: list[JsonObject] = []
        self._uses: dict[str, tuple[int, ToolUse]] = {}
        self._open = ""  # the kind of text item that grows: message, reasoning or none
        self._pieces: list[str] = []
        self._logprobs: list[JsonObject] = []
        self._messages = 0
        self.sizes: dict[str, list[int]] = {}
        self.quotes: dict[str, list[str]] = {}
        self.body: JsonObject = {}

    @property
    def output(self) -> list[JsonObject]:
        """The items so far; the last text may still grow."""
        if not self._open:
            return list(self._items)
        return [*self._items[:-1], self._text_item("in_progress")[0]]

    def opening(self) -> bytes:
        """Tell that the response was made."""
        status = "queued" if self._asked.background else "in_progress"
        return self._frames.opening(response_object(self._run, self._asked, (), status=status))

    def items(self, items: Sequence[LogItem]) -> bytes:
        """Take in more of the log."""
        return b"".join([self._item(item) for item in items])

    def _item(self, item: LogItem) -> bytes:
        kind = type(item)
        if kind is str:
            return self._text("message", cast("str", item))
        if isinstance(item, TurnEvent):
            return self._of_event(item)
        if kind is Break:
            return self._close()
        if isinstance(item, Thought):
            remark = self._asked.streamed and isinstance(item, Remark)
            return self._text("message" if remark else "reasoning", item)
        return self._weighed(item)

    def _text(self, kind: str, text: str) -> bytes:
        before = b"" if kind == self._open else self._begin(kind)
        self._pieces.append(text)
        return before + self._frames.delta(text)

    def _weighed(self, text: str) -> bytes:
        """Take in answer text that comes with the probabilities of its tokens."""
        before = b"" if self._open == "message" else self._begin("message")
        told = [weighed(one) for one in getattr(text, "logprobs", ())]
        self._pieces.append(str(text))
        self._logprobs += told
        return before + self._frames.delta(str(text), logprobs=told)

    def _begin(self, kind: str) -> bytes:
        before = self._close()
        index = len(self._items)
        prefix = "msg" if kind == "message" else "rs"
        item_id = f"{prefix}_{self._key}_{index}"
        if kind == "message":
            item_id = item_id if self._messages else f"msg_{self._key}"  # as a session keeps it
            self._messages += 1
        self._open = kind
        self._items.append({"id": item_id})
        item, part = self._text_item("in_progress")
        where = "summary" if item.get("summary") else "content"
        begun: JsonObject = {**item, where: []}
        return before + self._frames.text_begun(index, begun, part)

    def _text_item(self, status: str) -> tuple[JsonObject, JsonObject]:
        """Give the text item that is open as it stands, and its part."""
        text, item_id = "".join(self._pieces), self._items[-1]["id"]
        if self._open == "message":
            part = text_part(text, annotations_of(self._run, text), self._logprobs)
            return message_item(item_id, [part], status=status), part
        part = thought_part(text, summarised=self._asked.summarised)
        return reasoning_item(item_id, part, status=status), part

    def _close(self, status: str = "completed") -> bytes:
        """End the text item that is open, if there is one."""
        if not self._open:
            return b""
        item, part = self._text_item(status)
        index = len(self._items) - 1
        self._items[index] = item
        self.sizes[item["id"]] = [len(one) for one in self._pieces]
        self._open, self._pieces, self._logprobs = "", [], []
        return self._frames.text_ended(index, item, part)

    def _of_event(self, event: TurnEvent) -> bytes:
        if event.type == "tool_call":
            return self._call_begun(event.data)
        if event.type == "remote_tools":
            item = list_item(event.data)
            return self._close() + self._frames.tools_listed(self._put(item), item)
        if event.type == "approval" and self._asks_by_items(event.data):
            item = approval_item(event.data)
            return self._close() + self._frames.whole(self._put(item), item)
        if event.type == "tool_result":
            index, use = self._uses.pop(event.data["call_id"], (-1, None))
            result = self._with_known(event.data)
            return self._call_ended(index, replace(use, result=result)) if use else b""
        return self._text("reasoning", event.text) if event.text else b""

    def _call_begun(self, data: JsonObject) -> bytes:
        if data.get("denied") and "server_label" in data:
            return b""  # as with OpenAI, what the user refused is told by the model alone
        before = self._close()
        use = ToolUse(call=data, key=self._key)
        item_id = f"{PREFIX[use.kind]}_{self._key}_{len(self._items)}"
        item = item_of(use, item_id, self._asked, status="in_progress")
        index = self._put(item)
        self._uses[data["call_id"]] = index, use
        return before + self._frames.call_begun(index, item)

    def _with_known(self, data: JsonObject) -> JsonObject:
        """Give a result with all its passages, also those that the run knew before."""
        if "cited" not in data:
            return data
        known = {one.id: citation_object(one) for one in self._run.citations}
        return {**data, "citations": [known[one] for one in data["cited"] if one in known]}

    def _asks_by_items(self, data: JsonObject) -> bool:
        """Tell whether a question is an item: remote tools' always, ours where no text asks."""
        return "server_label" in data or self._run.request.approvals == "events"

    def _put(self, item: JsonObject) -> int:
        """Take an item in; where it stands."""
        self._items.append(item)
        return len(self._items) - 1

    def _call_ended(self, index: int, use: ToolUse) -> bytes:
        item = item_of(use, self._items[index]["id"], self._asked, status=end_status(use))
        self._items[index] = item
        if quoted := (use.result or {}).get("file_ids"):
            self.quotes[item["id"]] = quoted
        return self._frames.call_ended(index, item)

    def closing(self) -> bytes:
        """Tell of the end: what is still open, the calls the caller carries out, the whole response."""
        run = self._run
        status = status_of(run)
        frames = [self._close("completed" if status == "completed" else "incomplete")]
        frames += [self._call_ended(index, use) for index, use in self._uses.values()]
        self._uses = {}
        frames += [self._client_call(at, call) for at, call in enumerate(run.client_calls)]
        says = self._messages or run.client_calls or run.state == "waiting"
        if status == "completed" and not says:
            frames += [self._begin("message"), self._close()]
        self.body = response_object(run, self._asked, self._items, status=status)
        return b"".join([*frames, self._frames.closing(self.body)])

    def _client_call(self, at: int, call: ToolCall) -> bytes:
        custom = call["function"]["name"] in self._asked.custom
        item_id = f"{'ctc' if custom else 'fc'}_{self._key}_{at}"
        item = call_item(call, item_id, custom=custom, status="completed")
        return self._frames.client_call(self._put(item), item)


def finished(run: Run, asked: Asked) -> OutputWriter:
    """Give the writer of a run that has ended, closed."""
    writer = OutputWriter(run, asked)
    whole = asked.background and asked.streamed  # may be replayed from any event
    items = run.log.items[asked.skipped :]
    writer.items(items if whole else condensed(items))
    writer.closing()
    return writer


def queued(run: Run, asked: Asked) -> JsonObject:
    """Give the response of a run in the background as it was begun, however far it may have come."""
    return response_object(run, asked, (), status="queued")


def unfinished(run: Run, asked: Asked) -> JsonObject:
    """Give the response of a run that goes on, as it stands."""
    writer = OutputWriter(run, asked)
    writer.items(condensed(run.log.items[asked.skipped :]))
    return response_object(run, asked, writer.output, status="in_progress")


def condensed(items: Sequence[LogItem]) -> list[LogItem]:
    """Join neighbouring text of one kind: nobody reads it piece by piece any more."""
    whole: list[LogItem] = []
    for kind, group in groupby(items, key=type):
        if kind in JOINED:
            whole.append(kind("".join(cast("Iterable[str]", group))))
        else:
            whole += group
    return whole
