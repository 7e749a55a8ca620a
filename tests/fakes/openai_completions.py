"""What the OpenAI double streams on /v1/completions."""

from __future__ import annotations

from typing import Any

import orjson

from tests.fakes.replies import Reply, words_of


def text_events(body: dict[str, Any], reply: Reply, *, usage: bool) -> list[bytes]:
    """Write the events of one completion; the reason stands in the last chunk with text's."""
    words = words_of(reply.content)[: body.get("max_tokens", 1_000_000)]
    cut = len(words) < len(words_of(reply.content))
    events: list[bytes] = []
    offset = 0
    for at, word in enumerate(words):
        told = _logprobs(body, word, at=at, offset=offset)
        events.append(_chunk(body, text=word, logprobs=told, finish_reason=None))
        offset += len(word)
    reason = "length" if cut else reply.done_reason
    events.append(_chunk(body, text="", logprobs=None, finish_reason=reason))
    if usage:
        counts = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": len(words)}
        events.append(orjson.dumps({"model": body["model"], "choices": [], "usage": counts}))
    return [*events, b"[DONE]"]


def _chunk(body: dict[str, Any], **choice: Any) -> bytes:
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": body["model"]}
    return orjson.dumps({**head, "choices": [{"index": 0, **choice}]})


def _logprobs(body: dict[str, Any], token: str, *, at: int, offset: int) -> Any:
    if body.get("logprobs") is None:
        return None
    others = {f"other{n}": -1.0 - n for n in range(body["logprobs"])}
    return {
        "tokens": [token],
        "token_logprobs": [-0.25 * (at + 1)],
        "top_logprobs": [others],
        "text_offset": [offset],
    }
