"""Write a model request in Ollama's words.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md and `api/types.go` beside it.
Not for: emulating `tool_choice`, which Ollama does not have (the core does that).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import orjson

from backend.errors import UnsupportedByModel
from backend.ports.models import ModelInfo, ModelRequest
from backend.ports.values import ChatMessage, JsonObject, ToolCall

THINK_LEVELS: dict[str, bool | str] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "max": "max",
}
PASSED_OPTIONS = frozenset({
    "top_k",
    "min_p",
    "typical_p",
    "repeat_last_n",
    "repeat_penalty",
    "num_keep",
})


def chat_body(request: ModelRequest, info: ModelInfo, *, keep_alive: str | int) -> JsonObject:
    """Build the body of POST /api/chat; raise UnsupportedByModel naming the field that cannot be.

    `num_ctx` is always sent, because Ollama's own default cuts long prompts silently. Fields that
    are not asked for are left out, `tools` when empty too.
    """
    body: JsonObject = {
        "model": request.model,
        "messages": messages_of(request.messages, info),
        "stream": True,
        "options": options_of(request, info),
        "keep_alive": request.options.get("keep_alive", keep_alive),
    }
    if tools := offered_tools(request):
        if not info.can("tools"):
            msg = f"The model '{request.model}' does not support tools."
            raise UnsupportedByModel(msg, param="tools")
        body["tools"] = tools
    if request.response_schema is not None:
        body["format"] = request.response_schema
    if request.reasoning_effort in THINK_LEVELS and info.can("thinking"):
        body["think"] = THINK_LEVELS[request.reasoning_effort]
    return body


def offered_tools(request: ModelRequest) -> list[JsonObject]:
    """Choose the tools to send: none for "none", one for a named choice, otherwise all."""
    choice = request.tool_choice
    if choice == "none":
        return []
    if isinstance(choice, dict) and (named := choice.get("function")):
        wanted = named.get("name")
        return [tool for tool in request.tools if tool.get("function", {}).get("name") == wanted]
    return list(request.tools)


def options_of(request: ModelRequest, info: ModelInfo) -> JsonObject:
    """Translate the sampling options; a None is left to the model."""
    if request.options.get("logit_bias"):
        raise UnsupportedByModel("Ollama does not know 'logit_bias'", param="logit_bias")
    wanted: JsonObject = {
        "num_ctx": request.context_tokens or info.context_tokens,
        "num_predict": request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "seed": request.seed,
        "stop": list(request.stop) or None,
    }
    wanted |= {name: request.options.get(name) for name in PASSED_OPTIONS}
    return {name: value for name, value in wanted.items() if value is not None}


def messages_of(messages: Sequence[ChatMessage], info: ModelInfo) -> list[JsonObject]:
    """Translate OpenAI messages; tool results get the name of the call they answer."""
    names = dict(_call_names(messages))
    return [_message(message, names, info) for message in messages]


def _call_names(messages: Sequence[ChatMessage]) -> Iterable[tuple[str, str]]:
    for message in messages:
        for call in message.get("tool_calls") or ():
            yield call.get("id", ""), call["function"]["name"]


def _message(message: ChatMessage, names: dict[str, str], info: ModelInfo) -> JsonObject:
    role = message["role"]
    text, images = _content(message.get("content"), info)
    made: JsonObject = {"role": "system" if role == "developer" else role, "content": text}
    if images:
        made["images"] = images
    if calls := message.get("tool_calls"):
        made["tool_calls"] = [_call(call) for call in calls]
    if role == "assistant" and info.can("thinking") and (past := message.get("reasoning_content")):
        made["thinking"] = past
    if role == "tool":
        call_id = message.get("tool_call_id", "")
        made["tool_name"] = names.get(call_id) or message.get("name", "")
        made["tool_call_id"] = call_id
    return made


def _call(call: ToolCall) -> JsonObject:
    function = call["function"]
    made: JsonObject = {"function": {"name": function["name"], "arguments": {}}}
    if call.get("id"):
        made["id"] = call["id"]
    if text := function.get("arguments"):
        made["function"]["arguments"] = _object(text)
    return made


def _object(text: str) -> JsonObject:
    """Read arguments; Ollama takes objects only, so anything else is wrapped, not lost."""
    try:
        value: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = text
    return cast(JsonObject, value) if isinstance(value, dict) else {"arguments": value}


def _content(content: str | list[JsonObject] | None, info: ModelInfo) -> tuple[str, list[str]]:
    if content is None or isinstance(content, str):
        return content or "", []
    texts: list[str] = []
    images: list[str] = []
    for part in content:
        kind = part.get("type")
        if kind in {"text", "refusal"}:
            texts.append(part.get(kind) or "")
        elif kind == "image_url":
            images.append(_image(part.get("image_url"), info))
        else:
            msg = f"The model '{info.id}' takes text and images, not parts of type '{kind}'."
            raise UnsupportedByModel(msg, param="messages")
    return "\n".join(texts), images


def _image(value: Any, info: ModelInfo) -> str:  # noqa: ANN401 - as the caller of the API sent it
    if not info.can("vision"):
        msg = f"The model '{info.id}' cannot see images."
        raise UnsupportedByModel(msg, param="messages")
    url: Any = cast(JsonObject, value).get("url") if isinstance(value, dict) else value
    head, comma, data = url.partition(",") if isinstance(url, str) else ("", "", "")
    if not (comma and head.startswith("data:image/") and head.endswith(";base64")):
        msg = "An image must be given as a data: URI in base64; addresses are not fetched."
        raise UnsupportedByModel(msg, param="messages")
    return data
