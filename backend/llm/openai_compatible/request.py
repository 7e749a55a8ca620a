"""Write a model request as a streamed chat completion.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from backend.ports.models import ModelRequest
from backend.ports.values import ChatMessage, JsonObject

MESSAGE_KEYS = ("role", "content", "name", "tool_calls", "tool_call_id")
PASSED_OPTIONS = frozenset({
    "top_k",
    "min_p",
    "typical_p",
    "repeat_penalty",
    "repetition_penalty",
    "chat_template_kwargs",
    "logit_bias",
})
NO_STREAM_OPTIONS = "no stream_options"
NEW_MAX_TOKENS = "max_completion_tokens"


def chat_body(request: ModelRequest, quirks: AbstractSet[str]) -> JsonObject:
    """Build the body of POST /chat/completions; what is not asked for is left out.

    `quirks` are what this server was found to need: NO_STREAM_OPTIONS, NEW_MAX_TOKENS.
    """
    limit = NEW_MAX_TOKENS if NEW_MAX_TOKENS in quirks else "max_tokens"
    usage = None if NO_STREAM_OPTIONS in quirks else {"include_usage": True}
    wanted: JsonObject = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": usage,
        limit: request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "tools": list(request.tools) or None,
        "tool_choice": request.tool_choice if request.tools else None,
        "response_format": _response_format(request.response_schema),
        "reasoning_effort": request.reasoning_effort,
        "logprobs": None if request.logprobs is None else True,
        "top_logprobs": request.logprobs or None,
    }
    wanted |= {name: request.options.get(name) for name in PASSED_OPTIONS}
    return {name: value for name, value in wanted.items() if value is not None}


def _message(message: ChatMessage) -> JsonObject:
    """Keep what every server knows; strict ones refuse keys such as `reasoning_content`."""
    known: dict[str, Any] = dict(message)
    return {name: known[name] for name in MESSAGE_KEYS if name in known}


def _response_format(schema: JsonObject | str | None) -> JsonObject | None:
    if schema is None:
        return None
    if isinstance(schema, str):
        return {"type": "json_object"}
    strict = schema.get("additionalProperties") is False
    named = {"name": "answer", "schema": schema, "strict": strict}
    return {"type": "json_schema", "json_schema": named}
