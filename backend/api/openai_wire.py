"""Write the core's values on OpenAI's wire: answers, streams, errors, models. Pure.

Not for: reading requests (`chat_request`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import orjson

from backend.agent.citing import shifted
from backend.agent.run import Run, citation_object, usage_object
from backend.agent.run_log import ANSWER, LogItem, Remark, Thought, Told
from backend.api.tool_forms import PLAIN_CALLS, CallForms
from backend.errors import StewardError
from backend.ports.models import ModelInfo
from backend.ports.values import JsonObject, TurnEvent, Usage

PADDED_TO_BYTES = 64
# Clients compare it to learn that something changed behind the model's name; here nothing tells.
FINGERPRINT = "fp_steward"
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


def completion(runs: Sequence[Run], forms: CallForms = PLAIN_CALLS) -> bytes:
    """Render finished runs as the answers of one chat completion."""
    first = runs[0]
    body: JsonObject = {
        **_head(first, "chat.completion"),
        "choices": [_choice(run, at, forms) for at, run in enumerate(runs)],
        "usage": usage_object(sum((run.usage for run in runs), Usage())),
        "service_tier": "default",
        "x_agent": agent_object(first),
    }
    if len(runs) > 1:
        body["x_agents"] = [agent_object(run) for run in runs]
    if first.session_id:
        body["x_session_id"] = first.session_id
    return orjson.dumps(body)


def _choice(run: Run, index: int, forms: CallForms) -> JsonObject:
    content = run.log.content()
    message: JsonObject = {"role": "assistant", "content": content or None, "refusal": None}
    if content == "" and not run.client_calls:
        message["content"] = ""
    reasoning = run.log.reasoning()
    if reasoning:
        message["reasoning_content"] = reasoning
    if run.annotations:
        message["annotations"] = run.annotations
    if run.client_calls and forms.legacy:
        message["function_call"] = run.client_calls[0]["function"]
    elif run.client_calls:
        message["tool_calls"] = [forms.written(call) for call in run.client_calls]
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(run),
        "finish_reason": forms.finish_reason(run.finish_reason),
    }


def _logprobs(run: Run) -> JsonObject | None:
    asked = run.request.template.logprobs is not None
    return {"content": run.logprobs, "refusal": None} if asked else None


def agent_object(run: Run) -> JsonObject:
    """Render what Steward adds to an answer."""
    decision = run.decision
    waiting = [it for it in run.log.items if isinstance(it, TurnEvent) and it.type == "approval"]
    asked: JsonObject = {"approvals": [it.data for it in waiting]} if run.asks else {}
    cached: JsonObject = {} if run.cached is None else {"cached": run.cached}
    return {
        **asked,
        **cached,
        "run_id": run.id,
        "state": run.state,
        "route": decision.route if decision else None,
        "reason": decision.reason if decision else None,
        "citations": [citation_object(one) for one in run.citations],
    }


class ChunkWriter:
    """Write a run's log as `chat.completion.chunk` frames.

    Everything but the text is prepared once; a token costs one JSON string and one join. `head` is
    the run whose completion it is, `index` the place of this answer in it. `obfuscate` pads texts, so
    that who sees only sizes on the network learns little of them.
    """

    def __init__(
        self,
        run: Run,
        *,
        include_usage: bool,
        obfuscate: bool = False,
        forms: CallForms = PLAIN_CALLS,
        head: Run | None = None,
        index: int = 0,
    ) -> None:
        self._run = run
        self._obfuscate = obfuscate
        self._forms = forms
        self._index = index
        prepared = orjson.dumps(_head(head or run, "chat.completion.chunk"))[:-1]
        self._head = b"data: " + prepared + (b',"usage":null' if include_usage else b"")
        choice = b',"choices":[{"index":%d,"delta":{' % index
        self._content = self._head + choice + b'"content":'
        self._reasoning = self._head + choice + b'"reasoning_content":'
        self._tail = b'},"logprobs":null,"finish_reason":null}]}\n\n'
        self._sent_chars = 0
        self._in_text = False

    def opening(self) -> bytes:
        """Give the first chunk: the role, once, and where the session is kept."""
        session_id = self._run.session_id
        extra: JsonObject = {"x_session_id": session_id} if session_id else {}
        return self._chunk({"role": "assistant", "content": ""}, None, **extra)

    def items(self, items: Sequence[LogItem]) -> bytes:
        """Give one frame per item."""
        return b"".join([self._item(item) for item in items])

    def _item(self, item: LogItem) -> bytes:
        # A remark that began to go out as answer text goes on as such, to its end.
        self._in_text = type(item) in ANSWER or (self._in_text and isinstance(item, Remark))
        if self._in_text:
            text = str(item)
            self._sent_chars += len(text)
            if isinstance(item, Told):
                told = {"content": item.logprobs, "refusal": None}
                return self._chunk({"content": text}, None, logprobs=told)
            return self._content + self._text(text)
        if isinstance(item, Thought):
            return self._reasoning + self._text(str(item))
        event = cast("TurnEvent", item)
        delta = {"reasoning_content": event.text} if event.text else {}
        return self._chunk(delta, None, x_agent={"type": event.type, **event.data})

    def _text(self, text: str) -> bytes:
        packed = orjson.dumps(text)
        if not self._obfuscate:
            return packed + self._tail
        padding = b"x" * (-len(packed) % PADDED_TO_BYTES)
        return packed + self._tail[:-3] + b',"obfuscation":"' + padding + b'"}\n\n'

    def closing(self) -> bytes:
        """Give the last frames of this answer: calls, annotations, finish reason; of one that failed, none."""
        run = self._run
        if run.error is not None:
            return b""
        frames = [self._chunk(delta, None) for delta in self._calls()]
        if run.annotations:
            moved = shifted(run.annotations, self._sent_chars - len(run.log.content()))
            frames.append(self._chunk({"annotations": moved}, None))
        reason = self._forms.finish_reason(run.finish_reason)
        return b"".join([*frames, self._chunk({}, reason, x_agent=agent_object(run))])

    def _calls(self) -> Iterator[JsonObject]:
        calls = self._run.client_calls
        if self._forms.legacy:
            yield from ({"function_call": call["function"]} for call in calls[:1])
            return
        for at, call in enumerate(calls):
            written = self._forms.written(call)
            yield {"tool_calls": [{"index": at, **written}]}

    def _chunk(
        self,
        delta: JsonObject,
        finish_reason: str | None,
        *,
        logprobs: JsonObject | None = None,
        **extra: Any,  # noqa: ANN401 - any JSON
    ) -> bytes:
        choice = {
            "index": self._index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish_reason,
        }
        packed = orjson.dumps({"choices": [choice], **extra}, default=str)
        return self._head + b"," + packed[1:] + b"\n\n"


def stream_end(runs: Sequence[Run], *, include_usage: bool) -> bytes:
    """Give what ends a stream: the error of a run that failed, or usage if it was asked for, and [DONE]."""
    failed = next((run.error for run in runs if run.error is not None), None)
    if failed is not None:
        return error_frame(failed)
    if not include_usage:
        return DONE
    usage = usage_object(sum((run.usage for run in runs), Usage()))
    body: JsonObject = {**_head(runs[0], "chat.completion.chunk"), "choices": [], "usage": usage}
    return b"data: " + orjson.dumps(body) + b"\n\n" + DONE


def error_object(error: StewardError) -> JsonObject:
    """Render an error in OpenAI's shape."""
    return {
        "error": {
            "message": error.message,
            "type": error.type,
            "param": error.param,
            "code": error.error_code,
        }
    }


def error_frame(error: StewardError) -> bytes:
    """Render a failure in the middle of a stream."""
    return b"data: " + orjson.dumps(error_object(error)) + b"\n\n"


def model_object(info: ModelInfo) -> JsonObject:
    """Render a model, with what Steward knows of it under `x_` names."""
    return {
        "id": info.id,
        "object": "model",
        "created": info.created_s,
        "owned_by": info.owned_by,
        "x_provider": info.provider,
        "x_context_tokens": info.context_tokens,
        "x_capabilities": sorted(info.capabilities),
    }


def _head(run: Run, kind: str) -> JsonObject:
    return {
        "id": "chatcmpl-" + run.id.removeprefix("run_"),
        "object": kind,
        "created": run.started_at_ms // 1000,
        "model": run.request.requested_model,
        "system_fingerprint": FINGERPRINT,
    }
