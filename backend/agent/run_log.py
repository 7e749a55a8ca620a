"""The event log of a run: what a client sees live, replayed from any point, or stored.

Not for: what else a run knows (`run`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from backend.agent.approval_links import before_link
from backend.errors import InvalidRequest
from backend.ports.values import JsonObject, TurnEvent


class Thought(str):
    """Reasoning text in the log, told apart from answer text by its type alone."""

    __slots__ = ()


class Told(str):
    """Answer text with the log probabilities of its tokens, of a run that was asked for them."""

    __slots__ = ("logprobs",)
    logprobs: tuple[JsonObject, ...]

    def __new__(cls, text: str, logprobs: tuple[JsonObject, ...]) -> Told:
        """Take OpenAI's objects, one per token."""
        made = super().__new__(cls, text)
        made.logprobs = logprobs
        return made


class Remark(Thought):
    """Text that went out as answer before a call followed; from then on it is a thought.

    It keeps an entry of its own, so that positions in the log stay what they were.
    """

    __slots__ = ()


class Break(Remark):
    """The empty line after a remark; who was sent the remark as answer gets it as answer too."""

    __slots__ = ()


LogItem = str | Thought | TurnEvent
Cursor = tuple[int, int]
START: Cursor = (0, 0)
RESUMED = "resumed"
ANSWER = (str, Told)


class RunLog:
    """Everything a run has shown so far, in order; readers wait for more without polling.

    Text arrives in small pieces. A cursor counts merged entries and characters in the last one, so
    it stays valid when `merged` joins neighbouring pieces for storage. `rewritten` is the first item
    that was changed since somebody who writes the log down has set it to None.
    """

    __slots__ = ("_waiting", "closed", "items", "rewritten")

    def __init__(self, items: Iterable[LogItem] = ()) -> None:
        self.items: list[LogItem] = list(items)
        self.closed = False
        self.rewritten: int | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def add(self, item: LogItem) -> None:
        """Append answer text, a thought or an event and wake the readers."""
        self.items.append(item)
        if self._waiting:
            self.wake()

    def close(self) -> None:
        """End the log; readers see the end after the last item."""
        self.closed = True
        self.wake()

    def nudge(self) -> None:
        """Wake readers although nothing is new, so that they keep their connection alive."""
        if not self.closed:
            self.wake()

    def wake(self) -> None:
        """Let waiting readers look again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def changed(self, seen: int) -> None:
        """Return when there are more than `seen` items, the log is closed, or someone woke us."""
        if self.closed or len(self.items) > seen:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def demote(self, start: int) -> None:
        """Turn the answer text since item `start` into a remark: a call has followed it."""
        said = [at for at in range(start, len(self.items)) if type(self.items[at]) in ANSWER]
        for at in said:
            self.items[at] = Remark(self.items[at])
        if said:
            self.rewritten = said[0] if self.rewritten is None else min(said[0], self.rewritten)
            self.add(Break("\n\n"))

    def content(self) -> str:
        """The answer text so far."""
        return "".join(cast("str", item) for item in self.items if type(item) in ANSWER)

    def logprobs(self) -> list[JsonObject]:
        """The log probabilities of the answer text so far; empty unless they were asked for."""
        return [one for item in self.items if type(item) is Told for one in item.logprobs]

    def reasoning(self) -> str:
        """Thoughts and the readable lines of events so far."""
        return "".join(map(reasoning_text, self.items))


def reasoning_text(item: LogItem) -> str:
    """Give the part of an item that is sent as reasoning."""
    if type(item) in ANSWER:
        return ""
    return item.text if isinstance(item, TurnEvent) else str(item)


def merged(items: Sequence[LogItem]) -> list[JsonObject]:
    """Join neighbouring text of one kind; the entries are what is stored and replayed."""
    entries: list[JsonObject] = []
    pieces: list[str] = []
    kind = ""
    for item in items:
        own = _kind(item)
        if pieces and (own != kind or own == "event"):
            entries.append({"kind": kind, "text": "".join(pieces)})
            pieces = []
        if isinstance(item, TurnEvent):
            entries.append({
                "kind": "event",
                "type": item.type,
                "text": item.text,
                "data": item.data,
            })
        else:
            pieces.append(item)
        kind = own
    if pieces:
        entries.append({"kind": kind, "text": "".join(pieces)})
    return entries


def restored(entries: Sequence[Mapping[str, Any]]) -> list[LogItem]:
    """Read entries back into items, so that what is added goes on where they ended."""
    return [_item(entry) for entry in entries]


def _item(entry: Mapping[str, Any]) -> LogItem:
    if entry["kind"] == "event":
        return TurnEvent(type=entry["type"], text=entry["text"], data=entry["data"])
    text: str = entry["text"]
    return {"remark": Remark, "reasoning": Thought}.get(entry["kind"], str)(text)


def replay(entries: Sequence[JsonObject], cursor: Cursor) -> Iterator[tuple[Cursor, JsonObject]]:
    """Yield what lies after a cursor, each entry with the cursor behind it.

    An entry that was seen in part comes with only the rest of its text.
    """
    index, offset = cursor
    for at in range(index, len(entries)):
        entry = entries[at]
        if entry["kind"] == "event":
            if at > index or offset == 0:
                yield (at, 1), entry
            continue
        text = entry["text"]
        skip = before_link(text, offset) if at == index and offset else 0
        if len(text) > skip:
            yield (at, len(text)), {**entry, "text": text[skip:]}


def parse_cursor(text: str | None) -> tuple[Cursor, int]:
    """Read `Last-Event-ID` ("3.120", or "3.120.2" in the log's life 2); nothing means from the start.

    Raises:
        InvalidRequest: when it is not one of ours.
    """
    if not text:
        return START, 0
    numbers = text.strip().split(".")
    if len(numbers) in {2, 3} and all(map(str.isdecimal, numbers)) and len(text) <= 24:
        index, offset, *life = map(int, numbers)
        return (index, offset), life[0] if life else 0
    raise InvalidRequest("Last-Event-ID is not an event id of this run", param="Last-Event-ID")


def event_id(cursor: Cursor, life: int) -> str:
    """Name a position for `parse_cursor`."""
    return ".".join(map(str, (*cursor, life) if life else cursor))


def life_of(entries: Sequence[JsonObject]) -> int:
    """Tell how often a log was taken up after a crash: its last second may be lost, and said otherwise."""
    return max((_life(entry) for entry in entries), default=0)


def goes_on(entries: Sequence[JsonObject], cursor: Cursor, life: int) -> bool:
    """Tell whether a reader who is at a cursor of some life lacks only what lies behind it.

    Not so when it saw more than the log has kept, or saw as answer what is said again since.
    """
    return cursor == START or not any(
        _life(entry) > life and (entry["data"]["notice"] == RESUMED or cursor > (at, 0))
        for at, entry in enumerate(entries)
    )


def end_of(entries: Sequence[JsonObject]) -> Cursor:
    """Give the cursor behind everything."""
    if not entries:
        return START
    last = entries[-1]
    return len(entries) - 1, 1 if last["kind"] == "event" else len(last["text"])


def _life(entry: JsonObject) -> int:
    return entry["data"].get("life", 0) if entry["kind"] == "event" else 0


def _kind(item: LogItem) -> str:
    if type(item) in ANSWER:
        return "content"
    if isinstance(item, TurnEvent):
        return "event"
    return "remark" if isinstance(item, Remark) else "reasoning"
