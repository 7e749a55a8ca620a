"""What Ollama refuses on /api/generate, and how it writes the text that a model goes on with."""

from __future__ import annotations

from typing import Any

import orjson

from tests.fakes.ollama.checks import FakeModel, Refusal, check_options, check_think, full_name
from tests.fakes.ollama.wire import STAMP, counters
from tests.fakes.replies import Reply, words_of


def check_generate(body: Any, models: dict[str, FakeModel]) -> None:
    """Refuse what Ollama refuses, in its order."""
    if not isinstance(body, dict):
        raise Refusal(400, "missing request body")
    if not 0 <= (body.get("top_logprobs") or 0) <= 20:
        raise Refusal(400, "top_logprobs must be between 0 and 20")
    name = body.get("model", "")
    model = models.get(full_name(name))
    if model is None:
        raise Refusal(404, f"model '{name}' not found")
    if body.get("raw") and any(body.get(key) for key in ("template", "system", "context")):
        raise Refusal(400, "raw mode does not support template, system, or context")
    check_think(body.get("think"), name, model)
    if "completion" not in model.capabilities:
        raise Refusal(400, f'"{name}" does not support generate')
    if body.get("suffix") and "insert" not in model.capabilities:
        raise Refusal(400, f"registry.ollama.ai/library/{full_name(name)} does not support insert")
    check_options(body.get("options") or {})
    window = (body.get("options") or {}).get("num_ctx", model.context_length)
    if body.get("truncate") is False and len(body.get("prompt", "").split()) > window:
        raise Refusal(400, "the input length exceeds the context length")


def generated(body: dict[str, Any], reply: Reply) -> Reply:
    """Cut an answer as its options say."""
    limit = (body.get("options") or {}).get("num_predict", -1)
    words = words_of(reply.content)
    if limit < 0 or len(words) <= limit:
        return reply
    return Reply(
        content=words[:limit],
        done_reason="length",
        prompt_tokens=reply.prompt_tokens,
        hold=reply.hold,
        fault=reply.fault,
    )


def generated_lines(body: dict[str, Any], reply: Reply) -> list[bytes]:
    """Write the whole streamed answer, the done line last."""
    words = words_of(reply.content)
    thinks = not body.get("raw") and body.get("think") is not False
    thoughts = words_of(reply.thinking) if thinks else []
    lines = [_line(body, "", thinking=piece) for piece in thoughts]
    lines += [
        _line(body, piece, **_probabilities(body, piece, at)) for at, piece in enumerate(words)
    ]
    end = counters(reply, len(thoughts) + len(words))
    context = {} if body.get("raw") else {"context": [1, 2, 3]}
    return [*lines, _line(body, "", done=True, done_reason=reply.done_reason, **context, **end)]


def _line(body: dict[str, Any], text: str, **more: Any) -> bytes:
    head = {"model": body["model"], "created_at": STAMP, "response": text, "done": False}
    return orjson.dumps({**head, **more}) + b"\n"


def _probabilities(body: dict[str, Any], token: str, at: int) -> dict[str, Any]:
    if not body.get("logprobs"):
        return {}
    others = [
        {"token": f"other{n}", "logprob": -1.0 - n} for n in range(body.get("top_logprobs", 0))
    ]
    told: dict[str, Any] = {"token": token, "logprob": -0.25 * (at + 1)}
    return {"logprobs": [{**told, "bytes": list(token.encode()), "top_logprobs": others}]}
