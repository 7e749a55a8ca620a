"""A model provider whose every answer is scripted, for tests of the core without sockets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

import orjson

from backend.ports.models import ModelDelta, ModelInfo, ModelRequest
from backend.ports.values import Health, ToolCall, Usage

Answer = str | Sequence[ToolCall] | Exception | list[ModelDelta]
Script = Callable[[ModelRequest], Answer]


def call(name: str, /, call_id: str = "call_1", **arguments: object) -> ToolCall:
    """Write a tool call as a model makes it."""
    packed = orjson.dumps(arguments).decode()
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": packed}}


class ScriptedModel:
    """Answers each request by the script: text, tool calls, deltas, or an exception to raise."""

    name = "scripted"

    def __init__(self, script: Script, *, capabilities: Sequence[str] = ("tools",)) -> None:
        self._script = script
        self._capabilities = frozenset({"completion", *capabilities})
        self.requests: list[ModelRequest] = []
        self.closed = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Stream the scripted answer word by word."""
        self.requests.append(request)
        answer = self._script(request)
        if isinstance(answer, Exception):
            raise answer
        try:
            for delta in _deltas(answer):
                yield delta
        finally:
            self.closed += 1

    async def models(self) -> Sequence[ModelInfo]:
        """List the one model."""
        return [await self.describe("scripted")]

    async def describe(self, model: str) -> ModelInfo:
        """Describe any model alike."""
        return ModelInfo(
            id=model, provider=self.name, context_tokens=8192, capabilities=self._capabilities
        )

    async def health(self) -> Health:
        """Tell that all is well."""
        return Health(ok=True)

    async def aclose(self) -> None:
        """Close nothing."""


def _deltas(answer: Answer) -> list[ModelDelta]:
    usage = Usage(prompt_tokens=10, completion_tokens=5)
    if isinstance(answer, str):
        words = answer.split(" ")
        pieces = [word + " " for word in words[:-1]] + words[-1:]
        last = ModelDelta(finish_reason="stop", usage=usage)
        return [*(ModelDelta(content=piece) for piece in pieces), last]
    if answer and isinstance(answer[0], ModelDelta):
        return list(answer)
    return [ModelDelta(tool_calls=tuple(answer), finish_reason="tool_calls", usage=usage)]
