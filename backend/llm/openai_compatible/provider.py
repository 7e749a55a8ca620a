"""The provider for any OpenAI-compatible server: stream chats over aiohttp and orjson."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import orjson

from backend.errors import InvalidRequest, ModelNotFound, StewardError, UpstreamGarbage
from backend.kit.cache import TtlCache
from backend.kit.http import FetchError, FetchLimits, HttpClient
from backend.kit.streaming import Refused, StreamClient, StreamError, StreamLimits
from backend.llm.openai_compatible.answer import AnswerReader
from backend.llm.openai_compatible.completing import (
    CompletionReader,
    as_told,
    completion_body,
)
from backend.llm.openai_compatible.embedding import Embedding
from backend.llm.openai_compatible.failures import failure_from, refusal_of, unreachable
from backend.llm.openai_compatible.request import NEW_MAX_TOKENS, NO_STREAM_OPTIONS, chat_body
from backend.ports.clock import Clock
from backend.ports.model_servers import Look
from backend.ports.models import ModelDelta, ModelInfo, ModelRequest
from backend.ports.values import Health, JsonObject
from backend.ports.vectors import VectorRequest, Vectors

QUIRKS = {"stream_options": NO_STREAM_OPTIONS, "max_completion_tokens": NEW_MAX_TOKENS}
# This protocol does not tell what a model is for; names of embedding models nearly always do.
EMBEDS = re.compile(r"embed|minilm|\b(bge|gte|e5)[-_]", re.IGNORECASE)
WINDOW_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAICompatibleOptions:
    """Where the server is and how long to wait; times in seconds.

    `base_url` ends in /v1 with most servers; `api_key` is asked for with every call, for it may
    change. `capabilities` are assumed of every model, because
    this protocol does not tell them. Above `max_concurrent` streams, `max_waiting` wait their turn
    and further ones are refused.
    """

    base_url: str
    api_key: Callable[[], str] = field(default=str, repr=False)
    connect_timeout_s: float = 5.0
    first_token_timeout_s: float = 300.0
    idle_timeout_s: float = 60.0
    control_timeout_s: float = 10.0
    max_concurrent: int = 64
    max_waiting: int = 256
    max_context_tokens: int = 16_384
    retries: int = 2
    describe_ttl_s: float = 300.0
    health_ttl_s: float = 5.0
    capabilities: frozenset[str] = frozenset({"completion", "tools", "tool_choice", "vision"})


class OpenAICompatibleProvider:
    """Models behind an OpenAI-compatible server; implements `ports.models.ModelProvider`."""

    def __init__(self, options: OpenAICompatibleOptions, clock: Clock) -> None:
        self._options = options
        self._base_url = options.base_url.rstrip("/")
        self._client = StreamClient(_limits(options), clock, headers=self._headers)
        self._embedding = Embedding(self._client, self._base_url)
        self._http = HttpClient()
        self._listed = TtlCache[list[ModelInfo]](ttl_s=options.describe_ttl_s, clock=clock)
        self._healthy = TtlCache[Health](ttl_s=options.health_ttl_s, clock=clock)
        self._quirks: set[str] = set()

    @property
    def name(self) -> str:
        """Name the provider."""
        return "openai_compatible"

    @property
    def address(self) -> str:
        """Say where it is."""
        return self._base_url

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Stream one answer, as `ModelProvider.stream` says.

        A server that refuses a field this protocol added late is asked again without it, once per
        such field, and that is remembered.
        """
        for _ in range(len(QUIRKS) + 1):
            reader = _reader(request)
            async with aclosing(self._answer(request, reader)) as deltas:
                async for delta in deltas:
                    yield delta
            if not reader.ask_again:
                return

    async def embed(self, request: VectorRequest) -> Vectors:
        """Embed texts, as `VectorProvider.embed` says."""
        await self.describe(request.model)
        return await self._embedding.embed(request)

    async def models(self) -> Sequence[ModelInfo]:
        """List the models the server names; raise UpstreamUnreachable."""
        return await self._list()

    async def describe(self, model: str) -> ModelInfo:
        """Describe one model from the server's list, kept for some minutes.

        A server without a list is taken at its word for any name. Raises: ModelNotFound,
        UpstreamUnreachable.
        """
        listed = await self._listed.get("", self._list)
        if not any(info.id == model for info in listed):
            listed = await self._list()
        for info in listed:
            if info.id == model:
                return info
        if listed:
            msg = f"The model '{model}' is not there."
            raise ModelNotFound(msg, param="model")
        return self._info({"id": model})

    async def health(self) -> Health:
        """Tell whether the server answers; kept for some seconds."""
        return await self._healthy.get("", self._look)

    async def look(self) -> Look:
        """Tell which models there are; this protocol does not tell which are in memory."""
        listed = await self._list()
        return Look(models=frozenset(info.id for info in listed) if listed else None)

    async def aclose(self) -> None:
        """Close connections."""
        await self._listed.aclose()
        await self._healthy.aclose()
        await self._client.aclose()
        await self._http.aclose()

    async def _answer(
        self, request: ModelRequest, reader: AnswerReader
    ) -> AsyncGenerator[ModelDelta]:
        quirks = frozenset(self._quirks)
        path = "chat/completions" if request.prompt is None else "completions"
        try:
            payload = _payload(request, quirks)
            async with self._client.post(self._url(path), payload) as reply:
                while (delta := await reader.next_delta(reply.read)) is not None:
                    yield delta
                await reply.drain()
        except StreamError as exc:
            found = _quirks_in(exc) - quirks
            if not found:
                failure = failure_from(exc, model=request.model, base_url=self._base_url)
                raise as_told(failure, request) from exc
            self._quirks |= found
            reader.ask_again = True

    async def _list(self) -> list[ModelInfo]:
        limits = FetchLimits(timeout_s=self._options.control_timeout_s)
        url = self._url("models")
        try:
            reply = await self._http.request("GET", url, headers=self._headers(), limits=limits)
        except FetchError as exc:
            raise unreachable(self._base_url) from exc
        if reply.status in {404, 405, 501}:
            return []
        if reply.status != 200:
            refused = Refused(reply.status, reply.body, retry_after_s=None)
            raise refusal_of(refused, model="", base_url=self._base_url)
        try:
            return [self._info(row) for row in reply.json()["data"]]
        except (FetchError, KeyError, TypeError, AttributeError) as exc:
            msg = f"The server at {self._base_url} does not list models as OpenAI does."
            raise UpstreamGarbage(msg) from exc

    def _info(self, row: JsonObject) -> ModelInfo:
        told: list[Any] = [row.get(key) for key in WINDOW_KEYS]
        known = [size for size in told if isinstance(size, int) and size > 0]
        created: Any = row.get("created")
        return ModelInfo(
            id=str(row["id"]),
            provider=self.name,
            owned_by=str(row.get("owned_by") or "library"),
            created_s=created if isinstance(created, int) else 0,
            context_tokens=min([self._options.max_context_tokens, *known]),
            capabilities=_capabilities(str(row["id"]), self._options),
        )

    def _headers(self) -> dict[str, str]:
        key = self._options.api_key()
        return {"authorization": f"Bearer {key}"} if key else {}

    def _url(self, path: str) -> str:
        return f"{self._base_url}/{path}"

    async def _look(self) -> Health:
        try:
            count = len(await self._list())
        except StewardError as exc:
            fix = "Start it, or set UPSTREAM_OPENAI_BASE_URL and UPSTREAM_OPENAI_API_KEY."
            return Health(ok=False, detail=exc.message, fix=fix)
        return Health(ok=True, detail=f"The server at {self._base_url} lists {count} models.")


def _reader(request: ModelRequest) -> AnswerReader:
    kind = AnswerReader if request.prompt is None else CompletionReader
    return kind(request.model)


def _payload(request: ModelRequest, quirks: AbstractSet[str]) -> bytes:
    try:
        made = chat_body if request.prompt is None else completion_body
        return orjson.dumps(made(request, quirks))
    except TypeError as exc:
        msg = "The messages hold something that is not JSON text, such as half a surrogate."
        raise InvalidRequest(msg, param="messages") from exc


def _quirks_in(exc: StreamError) -> frozenset[str]:
    """Read from a refusal which late fields of the protocol the server wants otherwise."""
    if not isinstance(exc, Refused) or exc.status not in {400, 422}:
        return frozenset()
    text = exc.body.decode(errors="replace")
    return frozenset(quirk for word, quirk in QUIRKS.items() if word in text)


def _capabilities(model: str, options: OpenAICompatibleOptions) -> frozenset[str]:
    return frozenset({"embedding"}) if EMBEDS.search(model) else options.capabilities


def _limits(options: OpenAICompatibleOptions) -> StreamLimits:
    return StreamLimits(
        connect_timeout_s=options.connect_timeout_s,
        first_byte_timeout_s=options.first_token_timeout_s,
        idle_timeout_s=options.idle_timeout_s,
        max_concurrent=options.max_concurrent,
        max_waiting=options.max_waiting,
        retries=options.retries,
    )
