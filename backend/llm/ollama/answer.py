"""Read Ollama's streamed answer: bytes in, deltas out.

Not for: the connection (`provider`), or answers with an error status (`failures`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import orjson

from backend.errors import StewardError, UpstreamCut, UpstreamGarbage
from backend.kit.ids import new_id
from backend.kit.lines import LineSplitter, LineTooLong
from backend.llm.ollama.failures import failure_of
from backend.ports.models import ModelDelta
from backend.ports.values import FinishReason, JsonObject, ToolCall, Usage

PREVIEW_CHARS = 120


class AnswerReader:
    """One answer being read; made per stream.

    Lines that arrived together leave together, as one delta. `ask_again` is set when the model was
    only loaded instead of answering.
    """

    def __init__(self, model: str) -> None:
        self.ask_again = False
        self._done = False
        self._model = model
        self._lines = LineSplitter()
        self._calls = 0
        self._silent = True
        self._failure: StewardError | None = None
        self._tokens: list[JsonObject] = []

    async def next_delta(self, read: Callable[[], Awaitable[bytes]]) -> ModelDelta | None:
        """Read until there is something to tell; None after the done line.

        Raises: UpstreamCut at an end without a done line, UpstreamGarbage for anything that is not
        this protocol, and the error that an error line stands for.
        """
        delta = None
        while delta is None and not self._done:
            if self._failure is not None:
                raise self._failure
            delta = self.feed(await read())
        return delta

    def feed(self, data: bytes) -> ModelDelta | None:
        """Take the next bytes, b"" for the end; give what they complete, if anything.

        What came before a broken line is given first, and the failure raised by the next call.
        """
        if not data:
            raise self._ended()
        try:
            lines = self._lines.feed(data)
        except LineTooLong as exc:
            raise UpstreamGarbage("The model server sent a line without end.") from exc
        delta = ModelDelta()
        for line in lines:
            try:
                self._add(self._parse(line), delta, line)
            except StewardError as exc:
                self._failure = exc
            if self._done or self._failure:
                break
        told = delta.content or delta.reasoning or delta.tool_calls or delta.finish_reason
        return delta if told else None

    def _parse(self, line: bytes) -> JsonObject:
        try:
            part: Any = orjson.loads(line)
        except orjson.JSONDecodeError as exc:
            raise garbage(line) from exc
        if isinstance(part, dict):
            known = cast(JsonObject, part)
            if error := known.get("error"):
                raise failure_of(str(error), model=self._model)
            if self._is_line(known):
                return known
        raise garbage(line)

    def _is_line(self, part: JsonObject) -> bool:
        return isinstance(part.get("message"), dict)

    def _add(self, part: JsonObject, delta: ModelDelta, line: bytes) -> None:
        message: JsonObject = part["message"]
        if (told := part.get("logprobs")) or self._tokens:
            self._tell(told or [], message, delta, line)
        try:
            delta.content += message.get("content") or ""
            if thought := message.get("thinking"):
                delta.reasoning += thought
            if calls := message.get("tool_calls"):
                delta.tool_calls += tuple(self._call(call) for call in calls)
        except (AttributeError, KeyError, TypeError) as exc:
            raise garbage(line) from exc
        if delta.content or delta.reasoning or delta.tool_calls:
            self._silent = False
        if part.get("done"):
            self._finish(part, delta)

    def _tell(
        self, told: list[JsonObject], message: JsonObject, delta: ModelDelta, line: bytes
    ) -> None:
        """Give the tokens of answer text to the delta.

        Those of thoughts and of calls are left out; those of text that Ollama still holds back come
        in lines of their own, before it.
        """
        try:
            self._tokens += [openai_logprob(one) for one in told]
            text: str = message.get("content") or ""
        except (AttributeError, KeyError, TypeError) as exc:
            raise garbage(line) from exc
        if text:
            delta.logprobs += tokens_of(text, self._tokens)
        if text or message.get("thinking") or message.get("tool_calls"):
            self._tokens = []

    def _call(self, call: JsonObject) -> ToolCall:
        self._calls += 1
        function: JsonObject = call["function"]
        arguments = orjson.dumps(function.get("arguments") or {}).decode()
        return {
            "id": call.get("id") or new_id("call"),
            "type": "function",
            "function": {"name": str(function["name"]), "arguments": arguments},
        }

    def _finish(self, part: JsonObject, delta: ModelDelta) -> None:
        self._done = True
        reason = part.get("done_reason")
        self.ask_again = self._silent and reason in {"load", "unload"}
        if self.ask_again:
            return
        finish: FinishReason = "length" if reason == "length" else "stop"
        delta.finish_reason = "tool_calls" if self._calls and finish == "stop" else finish
        delta.usage = Usage(
            prompt_tokens=part.get("prompt_eval_count") or 0,
            completion_tokens=part.get("eval_count") or 0,
            model_calls=1,
        )

    def _ended(self) -> UpstreamCut | UpstreamGarbage:
        rest = self._lines.rest()
        if self._silent and rest and not rest.lstrip().startswith(b"{"):
            return garbage(rest)
        return UpstreamCut()


def openai_logprob(told: JsonObject) -> JsonObject:
    """Write the log probability of a token in OpenAI's shape; Ollama leaves out what is empty."""
    return {**_token(told), "top_logprobs": [_token(one) for one in told.get("top_logprobs") or ()]}


def _token(told: JsonObject) -> JsonObject:
    token: str = told["token"]
    known = told.get("bytes")
    return {
        "token": token,
        "logprob": float(told["logprob"]),
        "bytes": list(token.encode("utf-8", "replace")) if known is None else known,
    }


def tokens_of(text: str, tokens: list[JsonObject]) -> tuple[JsonObject, ...]:
    """Pick the tokens that a text ends with: markup before it, such as `</think>`, is not its own."""
    size, start = 0, len(tokens)
    while start and size < len(text):
        start -= 1
        size += len(tokens[start]["token"])
    return tuple(tokens[start:])


def garbage(line: bytes) -> UpstreamGarbage:
    """Say what came instead of the protocol, cut short."""
    seen = line.decode(errors="replace")[:PREVIEW_CHARS]
    msg = f"The model server answered with something that is not Ollama's protocol: {seen}"
    return UpstreamGarbage(msg)
