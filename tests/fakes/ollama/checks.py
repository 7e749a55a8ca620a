"""What Ollama refuses in a chat request, in its own words and statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FLOATS = {
    "temperature",
    "top_p",
    "min_p",
    "typical_p",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
}
INTEGERS = {
    "num_ctx",
    "num_predict",
    "top_k",
    "repeat_last_n",
    "seed",
    "num_keep",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "num_thread",
    "draft_num_predict",
}
LEVELS = {"low", "medium", "high", "max"}
GO_NAMES = {str: "string", list: "array", dict: "object", bool: "bool", int: "number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeModel:
    """One model the double claims to have; `think_levels` tells whether `think` may be a word."""

    capabilities: tuple[str, ...] = ("completion", "tools")
    context_length: int = 32_768
    architecture: str = "llama"
    parameters: str = ""
    embedding_length: int = 384
    think_levels: bool = True
    show_capabilities: bool = True


class Refusal(Exception):
    """An error answer in Ollama's shape."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def full_name(model: str) -> str:
    """Add the tag that Ollama assumes."""
    return model if ":" in model.rsplit("/", 1)[-1] else f"{model}:latest"


def check_chat(body: Any, models: dict[str, FakeModel]) -> None:
    """Refuse what Ollama refuses, in its order."""
    _check_shape(body)
    name = body["model"]
    model = models.get(full_name(name))
    if model is None:
        raise Refusal(404, f"model '{name}' not found")
    if "completion" not in model.capabilities:
        raise Refusal(400, f'"{name}" does not support chat')
    if body.get("tools") and "tools" not in model.capabilities:
        raise Refusal(400, f"registry.ollama.ai/library/{full_name(name)} does not support tools")
    check_think(body.get("think"), name, model)
    _check_format(body.get("format"))
    if not 0 <= (body.get("top_logprobs") or 0) <= 20:
        raise Refusal(400, "top_logprobs must be between 0 and 20")
    check_options(body.get("options") or {})


def _unmarshal(value: Any, field: str, wanted: str) -> Refusal:
    got = GO_NAMES.get(type(value), "number")
    text = f"json: cannot unmarshal {got} into Go struct field {field} of type {wanted}"
    return Refusal(400, text)


def _check_shape(body: Any) -> None:
    if not isinstance(body, dict):
        raise _unmarshal(body, "ChatRequest", "api.ChatRequest")
    if not body.get("model"):
        raise Refusal(400, "model is required")
    for message in body.get("messages") or ():
        _check_message(message)


def _check_message(message: dict[str, Any]) -> None:
    content = message.get("content")
    if content is not None and not isinstance(content, str):
        raise _unmarshal(content, "ChatRequest.messages.content", "string")
    for call in message.get("tool_calls") or ():
        arguments = call["function"].get("arguments")
        if not isinstance(arguments, dict):
            field = "ChatRequest.messages.tool_calls.function.arguments"
            raise _unmarshal(arguments, field, "map[string]interface {}")
    for image in message.get("images") or ():
        if not isinstance(image, str):
            raise _unmarshal(image, "ChatRequest.messages.images", "[]uint8")


def check_think(think: Any, name: str, model: FakeModel) -> None:
    """Refuse thinking that a model does not do."""
    if think is None or think is False:
        return
    if isinstance(think, str) and think not in LEVELS:
        known = '(must be "high", "medium", "low", "max", true, or false)'
        raise Refusal(400, f'invalid think value: "{think}" {known}')
    if "thinking" not in model.capabilities:
        raise Refusal(400, f'"{name}" does not support thinking')
    if isinstance(think, str) and not model.think_levels:
        raise Refusal(400, f'think value "{think}" is not supported for this model')


def _check_format(wanted: Any) -> None:
    if wanted in (None, "", "json") or isinstance(wanted, dict):
        return
    text = f'invalid format: "{wanted}"; expected "json" or a valid JSON Schema object'
    raise Refusal(500, text)


def check_options(options: dict[str, Any]) -> None:
    """Refuse options of another type."""
    for name, value in options.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in FLOATS and not number:
            raise Refusal(500, f'option "{name}" must be of type float32')
        if name in INTEGERS and not number:
            raise Refusal(500, f'option "{name}" must be of type integer')
        if name == "use_mmap" and not isinstance(value, bool):
            raise Refusal(500, f'option "{name}" must be of type boolean')
        if name == "stop" and not isinstance(value, list):
            raise Refusal(500, f'option "{name}" must be of type array')
