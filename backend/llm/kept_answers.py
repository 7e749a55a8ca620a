"""Answers given again to the very same request, for those who asked for that.

A request counts only when its answer does not depend on chance: temperature 0 or a seed. It is the
caller who knows whether a turn used tools or documents (`Asker.reuse`). Not for: which turns may.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

import orjson

from backend.errors import StewardError
from backend.ports.clock import Clock
from backend.ports.kept_answers import KeptAnswer, KeptAnswerStore, KeptBounds
from backend.ports.models import ModelDelta, ModelProvider, ModelRequest
from backend.ports.values import FinishReason, JsonObject, ToolCall
from backend.ports.wrapped_models import WrappedProvider

logger = logging.getLogger(__name__)
MOST_BYTES = 256 * 1024
PIECE_CHARS = 24
WRITTEN = "1"  # changes with what an answer depends on, so that older rows are not taken for it
NOT_OF_THE_ANSWER = ("asker", "options")
KEEP_ALIVE = "keep_alive"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswersOptions:
    """How long and how many; `shared` gives answers of one user to others too."""

    bounds: KeptBounds
    shared: bool = False


@dataclass(slots=True)
class _Record:
    """One answer as it comes; `whole` is false once it is too long to keep."""

    content: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    calls: tuple[ToolCall, ...] = ()
    finish: FinishReason | None = None
    chars: int = 0

    def take(self, delta: ModelDelta) -> None:
        self.calls += delta.tool_calls
        self.finish = delta.finish_reason or self.finish
        if self.chars <= MOST_BYTES:
            self.content.append(delta.content)
            self.reasoning.append(delta.reasoning)
            self.chars += len(delta.content) + len(delta.reasoning)

    def whole(self) -> JsonObject | None:
        """Give the answer when it came to its own end and is not too long."""
        said = any(self.content) or self.calls
        if self.finish not in {"stop", "tool_calls", "length"} or not said:
            return None
        return None if self.chars > MOST_BYTES else self._written()

    def _written(self) -> JsonObject:
        return {
            "content": "".join(self.content),
            "reasoning": "".join(self.reasoning),
            "tool_calls": list(self.calls),
            "finish_reason": self.finish,
        }


class KeptAnswers(WrappedProvider):
    """A provider whose answers are kept; implements `ports.models.ModelProvider`."""

    def __init__(
        self,
        provider: ModelProvider,
        store: KeptAnswerStore,
        options: KeptAnswersOptions,
        clock: Clock,
    ) -> None:
        super().__init__(provider)
        self._store = store
        self._options = options
        self._clock = clock

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Stream an answer that is kept, or else the model's, which is kept when it came whole."""
        key = self._key(request) if _may_be_kept(request) else None
        answer = None if key is None else await self._found(key)
        if key is not None:
            request.asker.reused(int(answer is not None))
        if answer is not None:
            for delta in _replayed(answer):
                yield delta
            return
        record = _Record()
        async with aclosing(self._provider.stream(request)) as deltas:
            async for delta in deltas:
                if key is not None:
                    record.take(delta)
                yield delta
        if key is not None and (whole := record.whole()) is not None:
            await self._keep(key, request, whole)

    async def _found(self, key: str) -> JsonObject | None:
        now_ms = self._clock.now_ms()
        since_ms = now_ms - self._options.bounds.ttl_ms
        try:
            return await self._store.get(key, since_ms=since_ms, now_ms=now_ms)
        except StewardError:
            logger.warning("kept answers cannot be looked up", exc_info=True)
            return None

    async def _keep(self, key: str, request: ModelRequest, answer: JsonObject) -> None:
        """Keep an answer; the caller has it already, so that a failure is only logged."""
        kept = KeptAnswer(
            key=key,
            user_id=request.asker.user_id,
            answer=answer,
            size_bytes=len(orjson.dumps(answer)),
            created_at_ms=self._clock.now_ms(),
        )
        try:
            await self._store.put(kept, self._options.bounds)
        except StewardError:
            logger.warning("an answer could not be kept", exc_info=True)

    def _key(self, request: ModelRequest) -> str:
        """Name everything that an answer depends on, and who may be given it."""
        whose = "" if self._options.shared else request.asker.user_id
        options = {name: it for name, it in request.options.items() if name != KEEP_ALIVE}
        asked: JsonObject = {
            name: getattr(request, name)
            for name in ModelRequest.__dataclass_fields__
            if name not in NOT_OF_THE_ANSWER
        }
        packed = orjson.dumps(
            [WRITTEN, self.name, whose, asked, options], option=orjson.OPT_SORT_KEYS, default=list
        )
        return hashlib.sha256(packed).hexdigest()


def _may_be_kept(request: ModelRequest) -> bool:
    asker = request.asker
    certain = request.temperature == 0 or request.seed is not None
    return asker.reuse and certain and bool(asker.user_id) and request.logprobs is None


def _replayed(answer: JsonObject) -> list[ModelDelta]:
    """Give an answer piece by piece, as a model would; it has cost nothing, so there is no usage."""
    deltas = [ModelDelta(reasoning=piece) for piece in _pieces(answer["reasoning"])]
    deltas += [ModelDelta(content=piece) for piece in _pieces(answer["content"])]
    calls = tuple(cast("list[ToolCall]", answer["tool_calls"]))
    return [*deltas, ModelDelta(tool_calls=calls, finish_reason=answer["finish_reason"])]


def _pieces(text: str) -> list[str]:
    return [text[at : at + PIECE_CHARS] for at in range(0, len(text), PIECE_CHARS)]
