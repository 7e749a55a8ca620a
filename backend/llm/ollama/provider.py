"""The Ollama provider: stream chats over aiohttp and orjson, describe models, tell the health.

Streaming does not use the `ollama` package: it costs four times the CPU per token, and takes an
answer that broke off for a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

import orjson

from backend.errors import InvalidRequest, StewardError, UpstreamGarbage
from backend.kit.cache import TtlCache
from backend.kit.streaming import Refused, StreamClient, StreamError, StreamLimits, StreamReply
from backend.llm.ollama.answer import AnswerReader
from backend.llm.ollama.completing import CompletionReader, completion_body
from backend.llm.ollama.control import OllamaControl
from backend.llm.ollama.embedding import embed
from backend.llm.ollama.failures import SERVE_HINT, error_text, failure_from
from backend.llm.ollama.request import chat_body
from backend.ports.clock import Clock
from backend.ports.model_servers import Look
from backend.ports.models import ModelDelta, ModelInfo, ModelRequest
from backend.ports.values import Health, JsonObject
from backend.ports.vectors import VectorRequest, Vectors, does_not_embed

ATTEMPTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaOptions:
    """Where Ollama is and how long to wait; times in seconds.

    `max_context_tokens` caps the window of every model, because Ollama reserves memory for all of
    it. `keep_alive` is how long a model stays loaded: seconds, or text with a unit such as "5m".
    Above `max_concurrent` streams, `max_waiting` wait their turn and further ones are refused.
    """

    base_url: str = "http://127.0.0.1:11434"
    connect_timeout_s: float = 5.0
    first_token_timeout_s: float = 300.0
    idle_timeout_s: float = 60.0
    control_timeout_s: float = 10.0
    max_concurrent: int = 64
    max_waiting: int = 256
    max_context_tokens: int = 16_384
    keep_alive: str | int = "5m"
    retries: int = 2
    describe_ttl_s: float = 300.0
    health_ttl_s: float = 5.0


class OllamaProvider:
    """Models run by an Ollama server; implements `ports.models.ModelProvider`."""

    def __init__(self, options: OllamaOptions, clock: Clock) -> None:
        self._options = options
        self._base_url = options.base_url.rstrip("/")
        self._control = OllamaControl(
            self._base_url,
            clock,
            timeout_s=options.control_timeout_s,
            max_context_tokens=options.max_context_tokens,
        )
        self._client = StreamClient(_limits(options), clock)
        self._described = TtlCache[ModelInfo](ttl_s=options.describe_ttl_s, clock=clock)
        self._healthy = TtlCache[Health](ttl_s=options.health_ttl_s, clock=clock)
        self._plain_thinkers: set[str] = set()

    @property
    def name(self) -> str:
        """Name the provider."""
        return "ollama"

    @property
    def address(self) -> str:
        """Say where it is."""
        return self._base_url

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Stream one answer, as `ModelProvider.stream` says.

        A model that was only loaded is asked once more; one that takes no thinking levels is asked
        once more to think at all, and remembered.
        """
        info = await self.describe(request.model)
        made = chat_body if request.prompt is None else completion_body
        read = AnswerReader if request.prompt is None else CompletionReader
        body = made(request, info, keep_alive=self._options.keep_alive)
        for _ in range(ATTEMPTS):
            reader = read(request.model)
            async with aclosing(self._answer(body, reader)) as deltas:
                async for delta in deltas:
                    yield delta
            if not reader.ask_again:
                return
        msg = f"Ollama loads the model '{request.model}' again and again instead of answering."
        raise UpstreamGarbage(msg)

    async def embed(self, request: VectorRequest) -> Vectors:
        """Embed texts, as `VectorProvider.embed` says."""
        info = await self.describe(request.model)
        if not info.can("embedding"):
            raise does_not_embed(request.model)
        keep_alive = self._options.keep_alive
        return await embed(self._client, self._base_url, request, keep_alive=keep_alive)

    async def models(self) -> Sequence[ModelInfo]:
        """List the pulled models under their full names; raise UpstreamUnreachable."""
        listed = await self._control.list()
        return await asyncio.gather(*[self._described_or(info) for info in listed])

    async def describe(self, model: str) -> ModelInfo:
        """Describe one model, with or without its `:latest`; kept for some minutes.

        Raises: ModelNotFound, UpstreamUnreachable, UpstreamTimeout.
        """
        key = full_name(model)
        info = await self._described.get(key, lambda: self._control.show(model))
        return info if info.id == model else replace(info, id=model)

    async def health(self) -> Health:
        """Tell whether Ollama answers and what it has loaded; kept for some seconds."""
        return await self._healthy.get("", self._look)

    async def look(self) -> Look:
        """Tell which models there are and which are in memory, with and without `:latest`."""
        listed, loaded = await asyncio.gather(self._control.list(), self._control.loaded())
        models = frozenset(name for info in listed for name in _names(info.id))
        return Look(models=models, loaded=frozenset(name for one in loaded for name in _names(one)))

    async def aclose(self) -> None:
        """Close connections."""
        await self._described.aclose()
        await self._healthy.aclose()
        await self._client.aclose()
        await self._control.aclose()

    async def _answer(self, body: JsonObject, reader: AnswerReader) -> AsyncGenerator[ModelDelta]:
        if body["model"] in self._plain_thinkers and body.get("think"):
            body["think"] = True
        try:
            async with self._open(body) as reply:
                while (delta := await reader.next_delta(reply.read)) is not None:
                    yield delta
                await reply.drain()
        except _LevelRefused:
            self._plain_thinkers.add(body["model"])
            reader.ask_again = True

    async def _described_or(self, listed: ModelInfo) -> ModelInfo:
        try:
            return await self.describe(listed.id)
        except StewardError:
            return listed

    async def _look(self) -> Health:
        try:
            loaded = await self._control.loaded()
        except StewardError as exc:
            fix = "Start it with `ollama serve`, or set OLLAMA_HOST to where it runs."
            detail = exc.message.replace(SERVE_HINT, ".")  # the fix says it
            return Health(ok=False, detail=detail, fix=fix)
        named = ", ".join(loaded) or "no model"
        return Health(ok=True, detail=f"Ollama at {self._base_url} has {named} loaded.")

    @asynccontextmanager
    async def _open(self, body: JsonObject) -> AsyncGenerator[StreamReply]:
        try:
            payload = orjson.dumps(body)
        except TypeError as exc:
            msg = "The messages hold something that is not JSON text, such as half a surrogate."
            raise InvalidRequest(msg, param="messages") from exc
        try:
            path = "generate" if "prompt" in body else "chat"
            async with self._client.post(f"{self._base_url}/api/{path}", payload) as reply:
                yield reply
        except StreamError as exc:
            if _refuses_level(exc, body):
                raise _LevelRefused from exc
            raise failure_from(exc, model=body["model"], base_url=self._base_url) from exc


class _LevelRefused(Exception):
    """The model thinks, but not in levels."""


def full_name(model: str) -> str:
    """Add the tag that Ollama assumes."""
    return model if ":" in model.rsplit("/", 1)[-1] else f"{model}:latest"


def _names(model: str) -> tuple[str, str]:
    return model, model.removesuffix(":latest")


def _refuses_level(exc: StreamError, body: JsonObject) -> bool:
    if not isinstance(exc, Refused) or exc.status != 400 or not isinstance(body.get("think"), str):
        return False
    return "think value" in (error_text(exc.body) or "")


def _limits(options: OllamaOptions) -> StreamLimits:
    return StreamLimits(
        connect_timeout_s=options.connect_timeout_s,
        first_byte_timeout_s=options.first_token_timeout_s,
        idle_timeout_s=options.idle_timeout_s,
        max_concurrent=options.max_concurrent,
        max_waiting=options.max_waiting,
        retries=options.retries,
    )
