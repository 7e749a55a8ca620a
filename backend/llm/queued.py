"""Limits of calls at a time per model, and a fair queue before each model that is full.

The limits are those of this process. Not for: choosing a server (`several`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from backend.errors import Overloaded
from backend.kit.fair_queue import FairQueue, QueueFull, QueueTooSlow, Waiter
from backend.ports.clock import Clock
from backend.ports.model_servers import QueueStanding
from backend.ports.models import ModelDelta, ModelProvider, ModelRequest
from backend.ports.wrapped_models import WrappedProvider

RETRY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    """How many calls of one model run at a time, `each` by name or else `places`; 0 is no limit.

    `called` gives the one name of a model that callers may write in several ways.
    """

    places: int = 0
    each: Mapping[str, int] = field(default_factory=dict[str, int])
    max_waiting: int = 256
    patience_s: float = 300.0
    called: Callable[[str], str] = str

    @property
    def limited(self) -> bool:
        """Tell whether any model is bounded."""
        return bool(self.places or any(self.each.values()))


class QueuedModels(WrappedProvider):
    """A provider before whose models callers take turns; implements `ports.models.ModelProvider`."""

    def __init__(self, provider: ModelProvider, options: QueueOptions, clock: Clock) -> None:
        super().__init__(provider)
        self._options = options
        self._clock = clock
        self._queues: dict[str, FairQueue] = {}

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Stream one answer once there is a place; leaving the queue frees one's place in it."""
        owner = request.asker.user_id
        name = self._options.called(request.model)
        queue = self._queue(name)
        await self._enter(queue, request)
        try:
            async with aclosing(self._provider.stream(request)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            queue.give(owner)
            self._forget(name, queue)

    def queues(self) -> Sequence[QueueStanding]:
        """Tell how the queue of each model in use is."""
        return [_standing(name, queue) for name, queue in sorted(self._queues.items())]

    async def _enter(self, queue: FairQueue, request: ModelRequest) -> None:
        try:
            waiter = queue.enter(request.asker.user_id)
        except QueueFull as exc:
            raise _overloaded(request.model, "as many wait for it as may") from exc
        if waiter is not None:
            await self._wait(queue, waiter, request)

    async def _wait(self, queue: FairQueue, waiter: Waiter, request: ModelRequest) -> None:
        told: int | None = None
        come = False
        try:
            while not come:
                before = queue.before(waiter)
                if before != told:
                    told = before
                    request.asker.waits(before)
                come = await queue.come_nearer(waiter)
        except QueueTooSlow as exc:
            raise _overloaded(request.model, "no place came free in time") from exc
        except BaseException:
            queue.leave(waiter)
            raise

    def _queue(self, model: str) -> FairQueue:
        queue = self._queues.get(model)
        if queue is None:
            options = self._options
            each = {options.called(name): places for name, places in options.each.items()}
            places = each.get(model, options.places)
            queue = self._queues[model] = FairQueue(
                places,
                max_waiting=options.max_waiting,
                patience_s=options.patience_s,
                clock=self._clock,
            )
        return queue

    def _forget(self, model: str, queue: FairQueue) -> None:
        """Drop a queue that nobody uses: names of models are what callers write."""
        if not queue.running and not queue.waiting and self._queues.get(model) is queue:
            del self._queues[model]


def _overloaded(model: str, why: str) -> Overloaded:
    msg = f"The model '{model}' is busy: {why}; try again shortly."
    return Overloaded(msg, retry_after_s=RETRY_S)


def _standing(model: str, queue: FairQueue) -> QueueStanding:
    owners = queue.owners()
    first = {owner: queue.first_of(owner) for owner in owners}
    return QueueStanding(
        model=model,
        places=queue.places,
        running=queue.running,
        waiting=queue.waiting,
        users={owner: (queue.held_by(owner), queue.waiting_of(owner)) for owner in owners},
        before={owner: queue.before(one) for owner, one in first.items() if one is not None},
    )
