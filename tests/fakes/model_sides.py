"""A model provider with the double of its server, and what conformance tests do with both."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from backend.llm.ollama.provider import OllamaOptions, OllamaProvider
from backend.llm.openai_compatible.provider import (
    OpenAICompatibleOptions,
    OpenAICompatibleProvider,
)
from backend.ports.models import ModelDelta, ModelProvider, ModelRequest
from backend.ports.values import Usage
from tests.fakes.clock import WatchedClock

MODEL = "llama3.2"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
HANG_S = 30.0
LIMITS: dict[str, Any] = {"first_token_timeout_s": 300.0, "idle_timeout_s": 60.0}


@dataclass
class Side:
    """One provider and the double it talks to."""

    double: Any
    clock: WatchedClock
    kind: str
    made: list[ModelProvider]

    def provider(self, **options: Any) -> ModelProvider:
        """Make a provider with these options."""
        options = {**LIMITS, **options}
        provider: ModelProvider
        if self.kind == "ollama":
            options.setdefault("base_url", self.double.url)
            provider = OllamaProvider(OllamaOptions(**options), self.clock)
        else:
            options.setdefault("base_url", self.double.base_url)
            provider = OpenAICompatibleProvider(OpenAICompatibleOptions(**options), self.clock)
        self.made.append(provider)
        return provider


def asking(text="hi", **more) -> ModelRequest:
    fields = {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}
    return ModelRequest(**fields)


async def collect(provider, request, into=None) -> ModelDelta:
    """Join a whole stream into one delta; `into` keeps what came before a failure."""
    whole = into or ModelDelta()
    async with asyncio.timeout(HANG_S):
        async for delta in provider.stream(request):
            assert whole.finish_reason is None
            whole.content += delta.content
            whole.reasoning += delta.reasoning
            whole.tool_calls += delta.tool_calls
            whole.logprobs += delta.logprobs
            whole.finish_reason = delta.finish_reason
            whole.usage = delta.usage
    return whole


def answer(content="", *, finish="stop", reasoning="", tokens=0, calls=()) -> ModelDelta:
    usage = Usage(prompt_tokens=11, completion_tokens=tokens, model_calls=1)
    return ModelDelta(content, reasoning, tuple(calls), finish, usage)


async def left(received):
    """Wait until the double noticed that its client left: a second at most, as promised."""
    async with asyncio.timeout(1):
        await received.cancelled.wait()


async def turn():
    """Let tasks that are ready run once."""
    ready = asyncio.Event()
    asyncio.get_running_loop().call_soon(ready.set)
    await ready.wait()
