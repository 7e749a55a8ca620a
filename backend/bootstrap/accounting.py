"""Open what holds users to their budgets, and what ends with their accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.agent.budgets import Budgets
from backend.agent.standing import Cancellable, Holder, Standing
from backend.bootstrap.documents import Ground
from backend.ports.artifacts import Artifacts
from backend.ports.limits import RateLimiter
from backend.storage.memory.rate_limits import MemoryRateLimiter


async def open_budgets(ground: Ground) -> Budgets:
    """Read the budgets there are, and look after them while the server runs."""
    budgets = Budgets(ground.stores.budgets, ground.clock, ground.signals)
    await budgets.open()
    ground.stack.push_async_callback(budgets.aclose)
    ground.stack.callback(asyncio.create_task(budgets.keep(), name="budgets").cancel)
    return budgets


@dataclass(frozen=True, slots=True)
class MadeFiles:
    """Has files that tools made forgotten with their users; of nobody by itself (`agent.standing.Holder`)."""

    artifacts: Artifacts

    def users(self) -> Iterable[str]:
        """Name nobody: their bytes are looked for when somebody is gone."""
        return ()

    async def forget_user(self, user_id: str) -> None:
        """Erase the bytes that no row names any more."""
        await self.artifacts.tidy(user_id)


def watch_standing(
    ground: Ground, *, running: Sequence[Cancellable], holding: Sequence[Holder]
) -> None:
    """End what runs for those who may not go on, and forget who is gone, while the server runs."""
    standing = Standing(ground.stores.standing, ground.clock, running=running, holding=holding)
    ground.stack.callback(standing.hear(ground.signals))
    ground.stack.callback(asyncio.create_task(standing.keep(), name="standing").cancel)


def make_limits(ground: Ground) -> RateLimiter | None:
    """Make what bounds the requests and tokens of a minute; None when nothing is bounded.

    On SQLite there is one server, which counts in memory.
    """
    limits = ground.settings.limits
    if not limits.requests_per_minute and not limits.tokens_per_minute:
        return None
    make = ground.stores.limiter or MemoryRateLimiter
    return make(ground.clock, limits.requests_per_minute, limits.tokens_per_minute)
