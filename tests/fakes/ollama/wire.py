"""Scripted replies as Ollama's bytes on the wire."""

from __future__ import annotations

from typing import Any

import orjson

from tests.fakes.replies import Reply, token_logprob, words_of

STAMP = "2026-01-01T00:00:00.000000001Z"


def wire_calls(reply: Reply) -> list[dict[str, Any]]:
    """Write the tool calls in Ollama's shape: arguments are objects."""
    calls: list[dict[str, Any]] = []
    for index, call in enumerate(reply.calls):
        function: dict[str, Any] = {"index": index} if reply.call_index else {}
        function |= {"name": call.name, "arguments": call.arguments}
        named = {"id": f"call_{index:08x}"} if reply.call_ids else {}
        calls.append({**named, "function": function})
    return calls


def counters(reply: Reply, tokens: int) -> dict[str, Any]:
    """Give the fields of the done line; Go leaves zero values out."""
    counted = tokens if reply.output_tokens is None else reply.output_tokens
    values = {
        "total_duration": 1_000_000 * (counted + 1),
        "load_duration": 500_000,
        "prompt_eval_count": reply.prompt_tokens,
        "prompt_eval_duration": 300_000 if reply.prompt_tokens else 0,
        "eval_count": counted,
        "eval_duration": 200_000 * counted,
    }
    return {name: value for name, value in values.items() if value}


def line_of(model: str, message: dict[str, Any], **more: Any) -> bytes:
    """Write one NDJSON line."""
    head = {"model": model, "created_at": STAMP, "message": {"role": "assistant", **message}}
    return orjson.dumps({**head, "done": False, **more}) + b"\n"


def lines_of(model: str, reply: Reply, *, top_logprobs: int | None = None) -> list[bytes]:
    """Write the whole streamed answer, the done line last; None asks for no log probabilities.

    Ollama tells the tokens of thoughts too.
    """
    thoughts, words, calls = words_of(reply.thinking), words_of(reply.content), wire_calls(reply)
    asked = top_logprobs if reply.logprobs else None
    lines = [
        line_of(model, {"content": "", "thinking": piece}, **_told(piece, asked))
        for piece in thoughts
    ]
    if asked is not None and thoughts:
        lines.append(line_of(model, {"content": ""}, **_told("</think>", asked)))
    for piece in words:
        if reply.late_tokens and asked is not None:
            lines.append(line_of(model, {"content": ""}, **_told(piece, asked)))
            lines.append(line_of(model, {"content": piece}))
        else:
            lines.append(line_of(model, {"content": piece}, **_told(piece, asked)))
    if not reply.calls_in_done_line:
        lines += [line_of(model, {"content": "", "tool_calls": [call]}) for call in calls]
    last: dict[str, Any] = {"content": ""}
    if reply.calls_in_done_line and calls:
        last["tool_calls"] = calls
    end = counters(reply, len(thoughts) + len(words))
    return [*lines, line_of(model, last, done=True, done_reason=reply.done_reason, **end)]


def _told(token: str, asked: int | None) -> dict[str, Any]:
    return {} if asked is None else {"logprobs": [token_logprob(token, asked)]}


def whole_of(model: str, reply: Reply) -> bytes:
    """Write the answer to a request with `stream: false`."""
    thoughts, words, calls = words_of(reply.thinking), words_of(reply.content), wire_calls(reply)
    message: dict[str, Any] = {"content": "".join(words)}
    message |= {"thinking": "".join(thoughts)} if thoughts else {}
    message |= {"tool_calls": calls} if calls else {}
    end = counters(reply, len(thoughts) + len(words))
    body = line_of(model, message, done=True, done_reason=reply.done_reason, **end)
    return body.rstrip(b"\n")


def example_of(schema: dict[str, Any] | str, text: str) -> Any:
    """Make a value that fits a JSON schema, so that `format` is honoured without a script."""
    if isinstance(schema, str):
        return {"answer": text}
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: example_of(fields[name], text) for name in fields}
    if kind == "array":
        return [example_of(schema.get("items", {"type": "string"}), text)]
    return {"integer": 1, "number": 1.5, "boolean": True, "null": None}.get(kind, text)


def echo(body: dict[str, Any]) -> Reply:
    """Answer without a script: repeat the newest text, in the asked format."""
    if "messages" not in body:
        return Reply(content=f"echo: {body['prompt']}")
    newest = next((m["content"] for m in reversed(body["messages"]) if m.get("content")), "")
    if body.get("format"):
        return Reply(content=orjson.dumps(example_of(body["format"], newest)).decode())
    return Reply(content=f"echo: {newest}")
