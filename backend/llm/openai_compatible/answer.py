"""Read a streamed chat completion: bytes in, deltas out.

Not for: the connection (`provider`), or answers with an error status (`failures`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import orjson

from backend.errors import StewardError, UpstreamCut, UpstreamGarbage
from backend.kit.lines import LineTooLong, SseReader
from backend.llm.openai_compatible.calls import CallAssembler
from backend.llm.openai_compatible.failures import failure_of, said_in
from backend.ports.models import ModelDelta
from backend.ports.values import FinishReason, JsonObject, Usage

PREVIEW_CHARS = 120
FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


class AnswerReader:
    """One answer being read; made per stream.

    Events that arrived together leave together, as one delta. Tool calls leave whole, at the end.
    `ask_again` is for the provider to note that the request has to be written otherwise.
    """

    def __init__(self, model: str) -> None:
        self.ask_again = False
        self._model = model
        self._events = SseReader()
        self._calls = CallAssembler()
        self._usage = Usage(model_calls=1)
        self._finish: FinishReason | None = None
        self._seen = False
        self._done = False
        self._failure: StewardError | None = None

    async def next_delta(self, read: Callable[[], Awaitable[bytes]]) -> ModelDelta | None:
        """Read until there is something to tell; None after the end.

        Raises: UpstreamCut at an end without a finish reason, UpstreamGarbage for anything that is
        not this protocol, and the error that an error event stands for.
        """
        delta = None
        while delta is None and not self._done:
            if self._failure is not None:
                raise self._failure
            delta = self.feed(await read())
        return delta

    def feed(self, data: bytes) -> ModelDelta | None:
        """Take the next bytes, b"" for the end; give what they complete, if anything.

        What came before a broken event is given first, and the failure raised by the next call.
        """
        try:
            events = self._events.feed(data) if data else [*self._events.rest(), b"[DONE]"]
        except LineTooLong as exc:
            raise UpstreamGarbage("The model server sent an event without end.") from exc
        delta = ModelDelta()
        for event in events:
            try:
                self._take(event, delta)
            except StewardError as exc:
                self._failure = exc
            if self._done or self._failure:
                break
        told = delta.content or delta.reasoning or delta.finish_reason or delta.logprobs
        return delta if told else None

    def _take(self, event: bytes, delta: ModelDelta) -> None:
        if event == b"[DONE]":
            return self._end(delta)
        try:
            part: Any = orjson.loads(event)
            self._seen = True
            if part.get("error"):
                raise self._failed(part)
            self._add(part, delta)
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, IndexError) as exc:
            raise garbage(event) from exc

    def _add(self, part: JsonObject, delta: ModelDelta) -> None:
        if usage := part.get("usage"):
            self._usage = _usage(usage)
        if choices := part.get("choices"):
            self._add_choice(choices[0], part, delta)

    def _add_choice(self, choice: JsonObject, part: JsonObject, delta: ModelDelta) -> None:
        piece: JsonObject = choice.get("delta") or {}
        if content := piece.get("content"):
            delta.content += content
        if thought := piece.get("reasoning_content") or piece.get("reasoning"):
            delta.reasoning += thought
        if calls := piece.get("tool_calls"):
            self._calls.add(calls)
        if (told := choice.get("logprobs")) and not (thought or calls):
            delta.logprobs += tuple(map(openai_logprob, told.get("content") or ()))
        if reason := choice.get("finish_reason"):
            if reason == "error":
                raise self._failed(part)
            self._finish = FINISH.get(reason, "stop")

    def _failed(self, part: JsonObject) -> StewardError:
        said = said_in(orjson.dumps({"error": part.get("error") or "the model failed"}))
        return failure_of(said, model=self._model, status=said.status or 500)

    def _end(self, delta: ModelDelta) -> None:
        if self._finish is None:
            raise UpstreamCut if self._seen else UpstreamGarbage
        self._done = True
        delta.tool_calls = self._calls.whole(valid_only=self._finish == "length")
        calls_end = self._finish == "stop" and delta.tool_calls
        delta.finish_reason = "tool_calls" if calls_end else self._finish
        delta.usage = self._usage


def _usage(usage: JsonObject) -> Usage:
    details = cast(JsonObject, usage.get("completion_tokens_details") or {})
    return Usage(
        prompt_tokens=usage.get("prompt_tokens") or 0,
        completion_tokens=usage.get("completion_tokens") or 0,
        reasoning_tokens=details.get("reasoning_tokens") or 0,
        model_calls=1,
    )


def openai_logprob(told: JsonObject) -> JsonObject:
    """Complete the log probability of a token, of which servers leave parts out."""
    others: list[JsonObject] = told.get("top_logprobs") or []
    return {**_token(told), "top_logprobs": [_token(one) for one in others]}


def _token(told: JsonObject) -> JsonObject:
    token: str = told["token"]
    written = list(token.encode("utf-8", "replace"))
    return {"token": token, "logprob": float(told["logprob"]), "bytes": told.get("bytes", written)}


def garbage(event: bytes) -> UpstreamGarbage:
    """Say what came instead of the protocol, cut short."""
    seen = event.decode(errors="replace")[:PREVIEW_CHARS]
    msg = f"The model server answered with something that is not a chat completion: {seen}"
    return UpstreamGarbage(msg)
