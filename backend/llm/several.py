"""Several servers of one kind as one provider: the least busy one that works answers.

A server that fails before its first token rests for a while and the request goes to another one, to
each at most once, and never after a token was given. Not for: the protocols (`ollama`,
`openai_compatible`) or limits per model (`queued`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from backend.errors import (
    ModelNotFound,
    Overloaded,
    StewardError,
    UpstreamCut,
    UpstreamError,
    UpstreamOutOfMemory,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from backend.kit.cache import TtlCache
from backend.kit.log_context import start_unbound
from backend.ports.clock import Clock
from backend.ports.model_servers import Look, ModelServer, ServerStanding, ServerState
from backend.ports.models import ModelDelta, ModelInfo, ModelRequest
from backend.ports.values import Health
from backend.ports.vectors import VectorRequest, Vectors

logger = logging.getLogger(__name__)
T = TypeVar("T")
PROBE_S = 10.0
DESCRIBED_S = 5.0
FIRST_REST_S = 1.0
LONGEST_REST_S = 60.0
MOST_PATIENCE_S = 8.0
BUSY_S = 1.0
# Another server may do what these say that this one cannot.
ELSEWHERE = (UpstreamUnreachable, UpstreamTimeout, UpstreamError, Overloaded, ModelNotFound)


@dataclass(slots=True, eq=False)
class _Member:
    """One server with what is known of it; `rests_until_s` is when it may be asked again."""

    server: ModelServer
    running: int = 0
    failures: int = 0
    rests_until_s: float = 0.0
    busy_until_s: float = 0.0
    trouble: str = ""
    seen: Look | None = None
    turns: int = 0

    @asynccontextmanager
    async def asked(self, request: ModelRequest) -> AsyncGenerator[AsyncGenerator[ModelDelta]]:
        self.running += 1
        try:
            async with aclosing(self.server.stream(request)) as deltas:
                yield deltas
        finally:
            self.running -= 1

    def may_have(self, model: str) -> bool:
        return self.seen is None or self.seen.may_have(model)

    def has_loaded(self, model: str) -> bool:
        return self.seen is not None and model in self.seen.loaded


@dataclass(slots=True)
class _Tried:
    """What one request has tried so far; each server with how often it had failed before."""

    servers: dict[_Member, int] = field(default_factory=dict["_Member", int])
    busy: set[_Member] = field(default_factory=set["_Member"])
    fault: StewardError | None = None
    waits: int = 0

    def failed(self, member: _Member, exc: StewardError) -> None:
        """Note why a server gave nothing; that it lacks the model is said only when all do."""
        if isinstance(exc, Overloaded):
            self.busy.add(member)
        if self.fault is None or not isinstance(exc, ModelNotFound):
            self.fault = exc


class SeveralServers:
    """Implements `ports.models.ModelProvider` over servers that have models of the same names.

    `patience` is how often a request waits when every server says it is too busy.
    """

    def __init__(self, servers: Sequence[ModelServer], clock: Clock, *, patience: int = 2) -> None:
        self._members = [_Member(server) for server in servers]
        self._clock = clock
        self._patience = patience
        self._turn = 0
        self._looking: asyncio.Task[None] | None = None
        self._looked_s: float | None = None
        self._described = TtlCache[ModelInfo](ttl_s=DESCRIBED_S, clock=clock)

    @property
    def name(self) -> str:
        """Name the provider, as one server of it is named."""
        return self._members[0].server.name

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Stream one answer from the least busy server that gives it."""
        tried = _Tried()
        while (member := await self._next(request.model, tried)) is not None:
            async with member.asked(request) as deltas:
                first = await self._first(member, deltas, tried)
                if first is None:
                    continue
                yield first
                async for delta in deltas:
                    yield delta
                return
        raise tried.fault or ModelNotFound(param="model")

    async def embed(self, request: VectorRequest) -> Vectors:
        """Embed texts, as `VectorProvider.embed` says."""
        tried = _Tried()
        while (member := await self._next(request.model, tried)) is not None:
            member.running += 1
            try:
                vectors = await member.server.embed(request)
            except ELSEWHERE as exc:
                self._failed(member, exc, before=tried.servers[member])
                tried.failed(member, exc)
            else:
                self._worked(member)
                return vectors
            finally:
                member.running -= 1
        raise tried.fault or ModelNotFound(param="model")

    async def models(self) -> Sequence[ModelInfo]:
        """List what any server that answers has; raise the trouble of one when none does."""
        found: dict[str, ModelInfo] = {}
        for infos in await self._of_each(lambda server: server.models(), self._rested()):
            for info in infos:
                found[info.id] = _both(found.get(info.id), info)
        return list(found.values())

    async def describe(self, model: str) -> ModelInfo:
        """Describe a model as all servers that have it can run it; kept for some seconds.

        Raises:
            ModelNotFound: when every server has told that it is not there.
            UpstreamUnreachable and the like: when one that may have it cannot be asked.
        """
        return await self._described.get(model, lambda: self._describe(model))

    async def _describe(self, model: str) -> ModelInfo:
        members = [one for one in self._rested() if one.may_have(model)]
        if not members and not self._down_with(model):
            await self.look()
            members = [one for one in self._rested() if one.may_have(model)]
        members = members or self._down_with(model) or self._members
        known: ModelInfo | None = None
        for info in await self._of_each(lambda server: server.describe(model), members):
            known = _both(known, info)
        if known is None:
            raise ModelNotFound(param="model")
        return known

    async def health(self) -> Health:
        """Tell how many servers work and what is wrong with the others."""
        if self._looked_s is None or self._clock.monotonic_s() - self._looked_s > PROBE_S:
            await self.look()
        standing = self.servers()
        well = sum(one.state != "failing" for one in standing)
        ill = [f"{one.address}: {one.detail}" for one in standing if one.state == "failing"]
        told = f"{well} of {len(standing)} servers answer"
        fix = "Start it, or take it out of the list of servers." if ill else ""
        state = "limited" if ill and well else ""
        detail = "; ".join([told, *ill])
        return Health(ok=well > 0, detail=detail, fix=fix, state=state)

    def health_of_each(self) -> dict[str, Callable[[], Coroutine[Any, Any, Health]]]:
        """Name how to look at each server, by its address."""
        return {one.server.address: one.server.health for one in self._members}

    def servers(self) -> Sequence[ServerStanding]:
        """Tell how each server is."""
        return [self._standing(one) for one in self._members]

    async def keep_watch(self) -> None:
        """Look at every server now and then, and at one that failed when its rest is over."""
        while True:
            await self.look()
            await self._clock.sleep(self._pause_s())

    async def look(self) -> None:
        """Ask every server that does not rest what it has; callers at one time share one look."""
        if self._looking is None or self._looking.done():
            self._looking = start_unbound(self._look())
        await asyncio.shield(self._looking)

    async def aclose(self) -> None:
        """Close connections."""
        await self._described.aclose()
        if self._looking is not None:
            self._looking.cancel()
        for one in self._members:
            await one.server.aclose()

    async def _look(self) -> None:
        await asyncio.gather(*(self._look_at(one) for one in self._rested()))
        self._looked_s = self._clock.monotonic_s()

    async def _look_at(self, member: _Member) -> None:
        before = member.failures
        try:
            member.seen = await member.server.look()
        except StewardError as exc:
            self._failed(member, exc, before=before)
        else:
            self._worked(member)

    async def _first(
        self, member: _Member, deltas: AsyncGenerator[ModelDelta], tried: _Tried
    ) -> ModelDelta | None:
        """Wait for the first sign of an answer; None when another server is to be asked."""
        try:
            first = await anext(deltas, None)
            if first is None:
                raise UpstreamCut
        except ELSEWHERE as exc:
            self._failed(member, exc, before=tried.servers[member])
            tried.failed(member, exc)
            return None
        self._worked(member)
        return first

    async def _next(self, model: str, tried: _Tried) -> _Member | None:
        """Choose the server to ask next; None when there is no further one.

        Those that rest are asked only when all do, and those whose rest is over after all that are well: a
        look finds out whether they hang, and no request. One that was too busy is asked again after a wait
        when no other is left.
        """
        member = self._least_busy(model, tried)
        if member is None and tried.busy and tried.waits < self._patience:
            tried.waits += 1
            free_s = min(one.busy_until_s for one in tried.busy) - self._clock.monotonic_s()
            await self._clock.sleep(max(0.0, free_s))
            for one in tried.busy:
                del tried.servers[one]
            tried.busy.clear()
            member = self._least_busy(model, tried)
        if member is not None:
            tried.servers[member] = member.failures
            self._turn += 1
            member.turns = self._turn
        return member

    def _least_busy(self, model: str, tried: _Tried) -> _Member | None:
        able = [one for one in self._members if one.may_have(model)] or self._members
        rested = [one for one in able if self._is_rested(one)]
        left = [one for one in rested or able if one not in tried.servers]
        now_s = self._clock.monotonic_s()

        def rank(one: _Member) -> tuple[bool, bool, int, bool, int]:
            busy, cold = one.busy_until_s > now_s, not one.has_loaded(model)
            return (one.failures > 0, busy, one.running, cold, one.turns)

        return min(left, key=rank, default=None)

    def _worked(self, member: _Member) -> None:
        if member.failures:
            logger.info("the model server at %s answers again", member.server.address)
        member.failures, member.rests_until_s, member.busy_until_s = 0, 0.0, 0.0
        member.trouble = ""

    def _failed(self, member: _Member, exc: StewardError, *, before: int) -> None:
        """Let a server rest, twice as long each time; one that only lacks room or a model need not.

        `before` is how often it had failed when it was asked: calls that meet one trouble together count once.
        """
        now_s = self._clock.monotonic_s()
        if isinstance(exc, ModelNotFound | UpstreamOutOfMemory):
            return
        if isinstance(exc, Overloaded):
            member.busy_until_s = now_s + min(exc.retry_after_s or BUSY_S, MOST_PATIENCE_S)
            return
        if member.failures > before:
            return
        if not member.failures:
            address = member.server.address
            logger.warning("the model server at %s is left out: %s", address, exc.message)
        rest_s = min(FIRST_REST_S * 2**member.failures, LONGEST_REST_S)
        member.failures = min(member.failures + 1, 16)
        member.rests_until_s = now_s + rest_s
        member.trouble = exc.message

    def _is_rested(self, member: _Member) -> bool:
        return member.rests_until_s <= self._clock.monotonic_s()

    def _rested(self) -> list[_Member]:
        return [one for one in self._members if self._is_rested(one)]

    def _down_with(self, model: str) -> list[_Member]:
        """List the servers that rest and may have a model."""
        resting = (one for one in self._members if not self._is_rested(one))
        return [one for one in resting if one.may_have(model)]

    def _pause_s(self) -> float:
        now_s = self._clock.monotonic_s()
        rests = [one.rests_until_s - now_s for one in self._members if one.failures]
        return max(FIRST_REST_S, min([PROBE_S, *rests]))

    async def _of_each(
        self, ask: Callable[[ModelServer], Coroutine[Any, Any, T]], members: Sequence[_Member]
    ) -> Iterator[T]:
        """Ask those of the servers that are well side by side, or all; raise the trouble of one when none answers."""
        some = members or self._members
        asked = [one for one in some if not one.failures] or some
        before = [one.failures for one in asked]
        answers = await asyncio.gather(*(ask(one.server) for one in asked), return_exceptions=True)
        faults: list[StewardError] = []
        for member, answer, failures in zip(asked, answers, before, strict=True):
            if isinstance(answer, StewardError):
                faults.append(answer)
                self._failed(member, answer, before=failures)
            elif isinstance(answer, BaseException):
                raise answer
        given = [one for one in answers if not isinstance(one, BaseException)]
        if not given and faults:
            raise next((one for one in faults if not isinstance(one, ModelNotFound)), faults[0])
        return iter(given)

    def _standing(self, member: _Member) -> ServerStanding:
        now_s = self._clock.monotonic_s()
        state: ServerState = "ok" if member.seen is not None else "unknown"
        if member.busy_until_s > now_s:
            state = "busy"
        if member.failures:
            state = "failing"
        return ServerStanding(
            address=member.server.address,
            state=state,
            running=member.running,
            detail=member.trouble,
            retry_in_s=round(max(0.0, member.rests_until_s - now_s), 1),
            loaded=sorted(member.seen.loaded) if member.seen else (),
        )


def _both(one: ModelInfo | None, other: ModelInfo) -> ModelInfo:
    """Describe a model by what both of two servers can do with it."""
    if one is None:
        return other
    return replace(
        one,
        context_tokens=min(one.context_tokens, other.context_tokens),
        capabilities=one.capabilities & other.capabilities,
    )
