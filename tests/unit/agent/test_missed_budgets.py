"""Budgets that another server set while nothing it told arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.agent.budgets import REFRESH_AFTER_S, RENEW_EVERY_S, Asked, Budgets
from backend.errors import TooManyRequests
from backend.ports.budgets import Budget
from backend.ports.stores import User
from backend.storage.memory.signals import LocalSignals
from backend.storage.stores import memory_stores
from tests.fakes.clock import WatchedClock

ANN = User(id="user_ann", username="Ann", password_hash="hash", created_at_ms=1)
NOTHING = Budget(
    id="budget_1", scope="user", subject=ANN.id, resource="requests", period="hour", limit=0
)
ASKED = Asked(user_id=ANN.id, model="llama3.2")
LOOKS = int(REFRESH_AFTER_S // RENEW_EVERY_S) + 1


@pytest.fixture
def clock() -> WatchedClock:
    """The time of both servers."""
    return WatchedClock()


@pytest.fixture
async def servers(clock: WatchedClock) -> AsyncIterator[tuple[Budgets, Budgets]]:
    """Two on one store, without budgets, that hear nothing of each other."""
    stores = memory_stores(clock=clock)
    await stores.users.add(ANN)
    one, other = (Budgets(stores.budgets, clock, LocalSignals()) for _ in range(2))
    for server in (one, other):
        await server.open()
    keeping = asyncio.create_task(other.keep())
    yield one, other
    keeping.cancel()
    for server in (one, other):
        await server.aclose()


async def passed(clock: WatchedClock) -> None:
    """Let half a minute go by, at most."""
    for _ in range(LOOKS):
        before = len(clock.asked)
        clock.step(RENEW_EVERY_S)
        while len(clock.asked) == before:
            await asyncio.wait([asyncio.ensure_future(asyncio.to_thread(int))])


@pytest.mark.parametrize("how", ["taken", "looked at"])
async def test_the_first_budget_of_all_is_found_by_a_server_that_is_asked_for_something(
    servers: tuple[Budgets, Budgets], clock: WatchedClock, how: str
) -> None:
    """Within half a minute, although it was not told that there are any."""
    one, other = servers
    await clock.until_asked(RENEW_EVERY_S)
    await one.put(NOTHING)
    if how == "taken":
        assert await other.take(ASKED) is None
    else:
        assert not other.there_are
    await passed(clock)
    assert LOOKS * RENEW_EVERY_S < 30
    with pytest.raises(TooManyRequests):
        await other.take(ASKED)
