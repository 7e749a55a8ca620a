"""Translate between Anthropic's Messages and OpenAI's chat completions, which the core speaks. Pure.

Source: https://docs.anthropic.com/en/api/messages and .../messages-streaming.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import orjson

from backend.agent.run import Run
from backend.agent.run_log import LogItem, Remark, Thought, reasoning_text
from backend.api.openai_wire import agent_object
from backend.errors import InvalidRequest, StewardError, UnsupportedByModel
from backend.models.messages import Blocks, CountRequest, MessageParam, MessagesRequest, MessageTool
from backend.ports.values import JsonObject, ToolCall

STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
EFFORTS = {"low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "xhigh"}
# Their SDKs go on without a thread when an error says so in its details.
NO_THREADS = {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
CHOICES = {"auto": "auto", "any": "required", "none": "none"}
PASSED_ON = (
    "model",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "agent_type",
    "session_id",
    "x_cache",
)
MOST_STOPS = 4
SKIPPED = frozenset({"thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result"})
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
PING = b'event: ping\ndata: {"type":"ping"}\n\n'


def chat_request(body: MessagesRequest) -> JsonObject:
    """Say the same as a chat completion request.

    Raises:
        InvalidRequest: naming the block that cannot be read.
        UnsupportedByModel: for tools and threads that only Anthropic's servers have.
    """
    if body.thread is not None:
        msg = "Threads of messages are not kept here; send the whole conversation without 'thread'"
        raise UnsupportedByModel(msg, param="thread")
    if len(body.stop_sequences or ()) > MOST_STOPS:
        msg = f"At most {MOST_STOPS} stop sequences are taken"
        raise InvalidRequest(msg, param="stop_sequences")
    asked: JsonObject = {name: getattr(body, name) for name in PASSED_ON}
    asked |= {
        "messages": chat_messages(body),
        "max_completion_tokens": body.max_tokens,
        "stop": body.stop_sequences or None,
        "tools": chat_tools(body),
        "response_format": _form(body),
        "reasoning_effort": _effort(body),
    }
    choice = body.tool_choice
    if choice is not None and choice.type == "tool":
        asked["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice is not None and asked["tools"]:
        asked["tool_choice"] = CHOICES[choice.type]
    if choice is not None and choice.disable_parallel_tool_use:
        asked["parallel_tool_calls"] = False
    return asked


def chat_messages(body: CountRequest) -> list[JsonObject]:
    """Translate the conversation; results of calls become messages of their own."""
    made: list[JsonObject] = []
    if body.system:
        made.append({"role": "system", "content": _plain(body.system)})
    for at, message in enumerate(body.messages):
        made.extend(_message(message, f"messages[{at}].content"))
    return made


def chat_tools(body: CountRequest) -> list[JsonObject]:
    """Translate the caller's tools."""
    return [_tool(at, one) for at, one in enumerate(body.tools or ())]


def _form(body: CountRequest) -> JsonObject | None:
    form = (body.output_config and body.output_config.format) or body.output_format
    if form is None:
        return None
    schema = {"name": "output", "schema": form.schema_, "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def _effort(body: CountRequest) -> str | None:
    """Think as hard as asked; being told to think alone is the middle."""
    if body.thinking is not None and body.thinking.type == "disabled":
        return "none"
    asked = body.output_config.effort if body.output_config is not None else None
    if asked is not None and asked not in EFFORTS:
        msg = f"'effort' is one of: {', '.join(EFFORTS)}"
        raise InvalidRequest(msg, param="output_config.effort")
    return EFFORTS[asked] if asked is not None else "medium" if body.thinking is not None else None


def _tool(at: int, tool: MessageTool) -> JsonObject:
    if tool.type not in {None, "custom"}:
        msg = f"Tools of type '{str(tool.type)[:40]}' are not run here; this server has its own"
        raise UnsupportedByModel(msg, param=f"tools[{at}].type")
    function = {"name": tool.name, "parameters": tool.input_schema or {"type": "object"}}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _message(message: MessageParam, where: str) -> Iterator[JsonObject]:
    if isinstance(message.content, str):
        yield {"role": message.role, "content": message.content}
        return
    blocks = [one for one in message.content if str(one.get("type")) not in SKIPPED]
    if message.role == "assistant":
        calls = [_call(one, where) for one in blocks if one.get("type") == "tool_use"]
        said = _plain([one for one in blocks if one.get("type") == "text"])
        yield {"role": "assistant", "content": said or None, "tool_calls": calls or None}
        return
    for one in blocks:
        if one.get("type") == "tool_result":
            yield _result(one, where)
    parts = [
        _part(one, f"{where}[{at}]")
        for at, one in enumerate(blocks)
        if one.get("type") != "tool_result"
    ]
    if parts:
        yield {"role": message.role, "content": parts}


def _call(block: JsonObject, where: str) -> JsonObject:
    if not isinstance(block.get("id"), str) or not isinstance(block.get("name"), str):
        raise InvalidRequest("A tool_use block needs id and name", param=where)
    arguments = orjson.dumps(block.get("input") or {}).decode()
    function = {"name": block["name"], "arguments": arguments}
    return {"id": block["id"], "type": "function", "function": function}


def _result(block: JsonObject, where: str) -> JsonObject:
    if not isinstance(block.get("tool_use_id"), str):
        raise InvalidRequest("A tool_result block needs tool_use_id", param=where)
    given: Any = block.get("content") or ""
    content: str | list[JsonObject] = _plain(given)
    if isinstance(given, list) and any(one.get("type") == "image" for one in cast("Blocks", given)):
        content = [_part(one, where) for one in cast("Blocks", given)]
    elif block.get("is_error"):
        content = f"Error: {content}"
    return {"role": "tool", "tool_call_id": block["tool_use_id"], "content": content}


def _part(block: JsonObject, where: str) -> JsonObject:
    kind = block.get("type")
    given: Any = block.get("source")
    source: JsonObject = cast("JsonObject", given) if isinstance(given, dict) else {}
    if kind == "text" and isinstance(block.get("text"), str):
        return {"type": "text", "text": block["text"]}
    if kind == "image" and source:
        return {"type": "image_url", "image_url": {"url": _address(source)}}
    if kind == "document" and source.get("type") == "text":
        return {"type": "text", "text": str(source.get("data", ""))}
    if kind == "document" and source:
        name = str(block.get("title") or "document.pdf")
        if source.get("type") == "url":
            return {"type": "file", "file": {"file_url": source.get("url"), "filename": name}}
        return {"type": "file", "file": {"file_data": _address(source), "filename": name}}
    msg = f"Blocks of type '{str(kind)[:40]}' cannot be read here"
    raise InvalidRequest(msg, param=where)


def _address(source: JsonObject) -> str:
    if source.get("type") == "url":
        return str(source.get("url", ""))
    return f"data:{source.get('media_type', '')};base64,{source.get('data', '')}"


def _plain(content: str | object) -> str:
    if isinstance(content, str):
        return content
    blocks = cast("Iterable[object]", content) if isinstance(content, list) else ()
    texts = [cast("JsonObject", one).get("text") for one in blocks if isinstance(one, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


def message(run: Run) -> bytes:
    """Render a finished run as a message."""
    content: list[JsonObject] = []
    if thoughts := run.log.reasoning():
        content.append({"type": "thinking", "thinking": thoughts, "signature": ""})
    if text := run.log.content():
        content.append({"type": "text", "text": text})
    content += [_tool_use(call) for call in run.client_calls]
    whole = {**_head(run), "content": content, **_end(run)}
    return orjson.dumps({**whole, "usage": _usage(run), "x_agent": agent_object(run)})


def _head(run: Run) -> JsonObject:
    return {
        "id": "msg_" + run.id.removeprefix("run_"),
        "type": "message",
        "role": "assistant",
        "model": run.request.requested_model,
    }


def _end(run: Run) -> JsonObject:
    return {"stop_reason": STOP_REASONS.get(run.finish_reason, "end_turn"), "stop_sequence": None}


def _usage(run: Run) -> JsonObject:
    return {
        "input_tokens": run.usage.prompt_tokens,
        "output_tokens": run.usage.completion_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }


def _tool_use(call: ToolCall) -> JsonObject:
    function = call["function"]
    given = orjson.loads(function["arguments"] or "{}")
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": given}


class MessageWriter:
    """Write a run's log as the events of a streamed message; blocks open and close as its kind changes."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._index = -1
        self._open = ""
        self._in_text = False

    def opening(self) -> bytes:
        """Give the first event."""
        head: JsonObject = {
            **_head(self._run),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
        }
        return _event("message_start", message={**head, "usage": _usage(self._run)})

    def items(self, items: Sequence[LogItem]) -> bytes:
        """Give the events of log items."""
        return b"".join([self._item(item) for item in items])

    def _item(self, item: LogItem) -> bytes:
        # A remark that began to go out as answer text goes on as such, to its end.
        is_text = isinstance(item, str) and not isinstance(item, Thought)
        self._in_text = is_text or (self._in_text and isinstance(item, Remark))
        if self._in_text:
            return self._piece("text", str(item))
        thought = reasoning_text(item)
        return self._piece("thinking", thought) if thought else b""

    def _piece(self, kind: str, text: str) -> bytes:
        opened = b"" if self._open == kind else self._begin(kind, {"type": kind, kind: ""})
        delta = {"type": f"{kind}_delta", kind: text}
        return opened + _event("content_block_delta", index=self._index, delta=delta)

    def _begin(self, kind: str, block: JsonObject) -> bytes:
        closed = self._close()
        self._open = kind
        self._index += 1
        return closed + _event("content_block_start", index=self._index, content_block=block)

    def _close(self) -> bytes:
        was, self._open = self._open, ""
        return _event("content_block_stop", index=self._index) if was else b""

    def closing(self) -> bytes:
        """Give calls, the reason of the end, usage, and the last event; or the error of the run."""
        run = self._run
        if run.error is not None:
            return _event("error", **error_object(run.error))
        frames = [self._tool_use(call) for call in run.client_calls]
        end = _event("message_delta", delta=_end(run), usage=_usage(run), x_agent=agent_object(run))
        return b"".join([*frames, self._close(), end, _event("message_stop")])

    def _tool_use(self, call: ToolCall) -> bytes:
        begun = self._begin("tool_use", {**_tool_use(call), "input": {}})
        delta = {"type": "input_json_delta", "partial_json": call["function"]["arguments"] or "{}"}
        return begun + _event("content_block_delta", index=self._index, delta=delta)


def _event(kind: str, **data: Any) -> bytes:  # noqa: ANN401 - any JSON
    packed = orjson.dumps({"type": kind, **data}, default=str)
    return b"event: " + kind.encode() + b"\ndata: " + packed + b"\n\n"


def error_object(error: StewardError) -> JsonObject:
    """Render an error in Anthropic's shape, with what this server says of every error besides."""
    kind = ERROR_TYPES.get(error.status, "api_error" if error.status >= 500 else ERROR_TYPES[400])
    told: JsonObject = {"message": error.message, "param": error.param, "code": error.error_code}
    if error.param == "thread":
        told["details"] = NO_THREADS
    return {"error": {"type": kind, **told}}
