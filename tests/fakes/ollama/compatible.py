"""Ollama's second door, /v1/chat/completions, for clients that speak OpenAI's protocol to it.

Text only: whoever calls tools or thinks uses /api/chat here. Wire facts:
https://github.com/ollama/ollama/blob/main/openai/openai.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from tests.fakes.replies import Reply, words_of

HEAD = {"id": "chatcmpl-1", "created": 1, "system_fingerprint": "fp_ollama"}
DONE = b"data: [DONE]\n\n"


def native(body: dict[str, Any]) -> dict[str, Any]:
    """Read the request as Ollama does: as one to /api/chat, not streamed unless that is asked for."""
    most = body.get("max_completion_tokens") or body.get("max_tokens")
    return {
        "model": body["model"],
        "messages": body["messages"],
        "stream": bool(body.get("stream")),
        "options": {"num_predict": most} if most else {},
    }


def event_of(model: str, content: str, *, reason: str | None = None) -> bytes:
    """Write one chunk as an event."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": content}}
    choices = [{**choice, "finish_reason": reason}]
    chunk = {**HEAD, "object": "chat.completion.chunk", "model": model, "choices": choices}
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def events_of(body: dict[str, Any], reply: Reply) -> Iterator[bytes]:
    """Write the events of a whole answer; what was used comes last, where it is asked for."""
    model, words = body["model"], words_of(reply.content)
    yield from (event_of(model, piece) for piece in words)
    yield event_of(model, "", reason=reply.done_reason)
    if (body.get("stream_options") or {}).get("include_usage"):
        used = {"object": "chat.completion.chunk", "model": model, "usage": _usage(reply)}
        yield b"data: " + orjson.dumps({**HEAD, "choices": [], **used}) + b"\n\n"
    yield DONE


def completion_of(model: str, reply: Reply) -> bytes:
    """Write the answer to a request that is not streamed."""
    text = "".join(words_of(reply.content)) or "word " * reply.count
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "message": message, "finish_reason": reply.done_reason}]
    told = {"object": "chat.completion", "model": model, "usage": _usage(reply)}
    return orjson.dumps({**HEAD, **told, "choices": choices})


def models_of(names: list[str]) -> bytes:
    """List the models in OpenAI's shape."""
    rows = [{"id": one, "object": "model", "created": 1, "owned_by": "library"} for one in names]
    return orjson.dumps({"object": "list", "data": rows})


def _usage(reply: Reply) -> dict[str, int]:
    said = reply.output_tokens
    said = reply.count or len(words_of(reply.content)) if said is None else said
    asked = reply.prompt_tokens
    counts = {"prompt_tokens": asked, "completion_tokens": said}
    return {**counts, "total_tokens": asked + said}
