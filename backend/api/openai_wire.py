"""Translate between OpenAI's chat wire and the core's values. Pure: no I/O, no framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import orjson

from backend.agent.citing import shifted
from backend.agent.run import Mode, Run, TurnRequest, citation_object, usage_object
from backend.agent.run_log import LogItem, Remark, Thought
from backend.api.tool_choice import read_tool_choice
from backend.errors import InvalidRequest, StewardError, UnsupportedByModel
from backend.models.openai import ChatCompletionRequest, MessageIn, ResponseFormat
from backend.ports.accounts import Principal
from backend.ports.models import ModelInfo, ModelRequest
from backend.ports.values import ChatMessage, JsonObject, ToolCall, TurnEvent

MODES: dict[str, Mode] = {"@chat": "chat", "@react": "react", "@plan": "plan"}
PASSED_ON = ("top_k", "min_p", "keep_alive")
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


def turn_request(body: ChatCompletionRequest, *, caller: Principal, request_id: str) -> TurnRequest:
    """Read a chat completion request.

    Raises:
        InvalidRequest: for combinations the schema alone does not refuse, naming the field.
    """
    _refuse(body)
    model, suffix = _split_mode(body.model)
    agent_type = "plan" if body.agent_type == "plan_execute" else body.agent_type
    mode: Mode = agent_type or suffix or "auto"
    tools = [tool.model_dump(exclude_none=True) for tool in body.tools]
    choice, tools = read_tool_choice(body.tool_choice, tools)
    template = ModelRequest(
        model=model,
        messages=(),
        max_output_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        seed=body.seed,
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        reasoning_effort=body.reasoning_effort,
        response_schema=_schema(body.response_format),
        options={key: value for key in PASSED_ON if (value := getattr(body, key)) is not None},
    )
    return TurnRequest(
        user_id=caller.user.id,
        username=caller.user.username,
        role=caller.user.role,
        requested_model=body.model,
        template=template,
        messages=[_message(at, one) for at, one in enumerate(body.messages)],
        mode=mode,
        client_tools=tools,
        tool_choice=choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        allowed_tools=caller.allowed_tools,
        session_id=body.session_id or None,
        store=bool(body.store),
        on_disconnect=body.on_disconnect,
        approvals=body.approvals or "text",
        request_id=request_id,
    )


def completion(run: Run) -> bytes:
    """Render a finished run as a chat completion."""
    content = run.log.content()
    message: JsonObject = {"role": "assistant", "content": content or None, "refusal": None}
    if content == "" and not run.client_calls:
        message["content"] = ""
    reasoning = run.log.reasoning()
    if reasoning:
        message["reasoning_content"] = reasoning
    if run.annotations:
        message["annotations"] = run.annotations
    if run.client_calls:
        message["tool_calls"] = list(run.client_calls)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": run.finish_reason,
    }
    body: JsonObject = {
        **_head(run, "chat.completion"),
        "choices": [choice],
        "usage": usage_object(run.usage),
        "x_agent": agent_object(run),
    }
    if run.session_id:
        body["x_session_id"] = run.session_id
    return orjson.dumps(body)


def agent_object(run: Run) -> JsonObject:
    """Render what Steward adds to an answer."""
    decision = run.decision
    waiting = [it for it in run.log.items if isinstance(it, TurnEvent) and it.type == "approval"]
    asked: JsonObject = {"approvals": [it.data for it in waiting]} if run.asks else {}
    return {
        **asked,
        "run_id": run.id,
        "state": run.state,
        "route": decision.route if decision else None,
        "reason": decision.reason if decision else None,
        "citations": [citation_object(one) for one in run.citations],
    }


class ChunkWriter:
    """Write a run's log as `chat.completion.chunk` frames.

    Everything but the text is prepared once; a token costs one JSON string and one join.
    """

    def __init__(self, run: Run, *, include_usage: bool) -> None:
        self._run = run
        self._include_usage = include_usage
        head = orjson.dumps(_head(run, "chat.completion.chunk"))[:-1]
        self._head = b"data: " + head + (b',"usage":null' if include_usage else b"")
        choice = b',"choices":[{"index":0,"delta":{'
        self._content = self._head + choice + b'"content":'
        self._reasoning = self._head + choice + b'"reasoning_content":'
        self._tail = b'},"logprobs":null,"finish_reason":null}]}\n\n'
        self._sent_chars = 0
        self._in_text = False

    def opening(self) -> bytes:
        """Give the first chunk: the role, once, and where the session is kept."""
        extra = {"x_session_id": self._run.session_id} if self._run.session_id else {}
        return self._chunk({"role": "assistant", "content": ""}, None, **extra)

    def items(self, items: Sequence[LogItem]) -> bytes:
        """Give one frame per item."""
        return b"".join([self._item(item) for item in items])

    def _item(self, item: LogItem) -> bytes:
        # A remark that began to go out as answer text goes on as such, to its end.
        self._in_text = type(item) is str or (self._in_text and isinstance(item, Remark))
        if self._in_text:
            text = str(item)
            self._sent_chars += len(text)
            return self._content + orjson.dumps(text) + self._tail
        if isinstance(item, Thought):
            return self._reasoning + orjson.dumps(str(item)) + self._tail
        event = cast("TurnEvent", item)
        delta = {"reasoning_content": event.text} if event.text else {}
        return self._chunk(delta, None, x_agent={"type": event.type, **event.data})

    def closing(self) -> bytes:
        """Give the last frames: client calls, annotations, finish reason, usage, [DONE]."""
        run = self._run
        if run.error is not None:
            return error_frame(run.error)
        frames = [
            self._chunk({"tool_calls": [_call_delta(at, call)]}, None)
            for at, call in enumerate(run.client_calls)
        ]
        if run.annotations:
            moved = shifted(run.annotations, self._sent_chars - len(run.log.content()))
            frames.append(self._chunk({"annotations": moved}, None))
        frames.append(self._chunk({}, run.finish_reason, x_agent=agent_object(run)))
        if self._include_usage:
            usage: JsonObject = {**_head(run, "chat.completion.chunk"), "choices": []}
            packed = orjson.dumps({**usage, "usage": usage_object(run.usage)})
            frames.append(b"data: " + packed + b"\n\n")
        return b"".join([*frames, DONE])

    def _chunk(self, delta: JsonObject, finish_reason: str | None, **extra: Any) -> bytes:  # noqa: ANN401
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        packed = orjson.dumps({"choices": [choice], **extra}, default=str)
        return self._head + b"," + packed[1:] + b"\n\n"


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
    }


def _call_delta(index: int, call: ToolCall) -> JsonObject:
    arguments = call["function"]["arguments"] or "{}"
    function = {"name": call["function"]["name"], "arguments": arguments}
    return {"index": index, "id": call["id"], "type": "function", "function": function}


def _split_mode(name: str) -> tuple[str, Mode | None]:
    for suffix, mode in MODES.items():
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix), mode
    return name, None


def _message(at: int, given: MessageIn) -> ChatMessage:
    if given.role == "user" and given.content is None:
        raise InvalidRequest("A user message needs content", param=f"messages[{at}].content")
    message: JsonObject = given.model_dump(exclude_none=True)
    if message["role"] == "developer":
        message["role"] = "system"
    return cast("ChatMessage", message)


def _schema(form: ResponseFormat | None) -> JsonObject | str | None:
    if form is None or form.type == "text":
        return None
    if form.type == "json_object":
        return "json"
    if form.json_schema is None or form.json_schema.schema_ is None:
        part = "" if form.json_schema is None else ".schema"
        raise InvalidRequest("A JSON schema is needed", param="response_format.json_schema" + part)
    return form.json_schema.schema_


def _refuse(body: ChatCompletionRequest) -> None:
    """Refuse what would change the answer but cannot be honoured."""
    if body.stream_options is not None and not body.stream:
        raise InvalidRequest("stream_options needs stream: true", param="stream_options")
    if body.top_logprobs is not None and not body.logprobs:
        raise InvalidRequest("top_logprobs needs logprobs: true", param="top_logprobs")
    unsupported = {
        "n": (body.n or 1) > 1,
        "logprobs": bool(body.logprobs),
        "logit_bias": bool(body.logit_bias),
        "audio": body.audio is not None,
        "modalities": body.modalities not in (None, ["text"]),
        "functions": bool(body.functions),
        "function_call": body.function_call not in (None, "none", "auto"),
    }
    for name, asked in unsupported.items():
        if asked:
            msg = f"'{name}' is not supported by this server's models"
            raise UnsupportedByModel(msg, param=name)
