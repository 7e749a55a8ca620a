"""Forgetting what is old, daily."""

from __future__ import annotations

import asyncio

from backend.ports.stores import Run, User
from backend.storage.retention import DAY_S, prune_daily
from backend.storage.stores import memory_stores
from tests.fakes.clock import WatchedClock


async def test_runs_are_forgotten_at_the_start_and_again_a_day_later() -> None:
    """Each at its own age."""
    clock, stores = WatchedClock(), memory_stores()
    await stores.users.add(User(id="u", username="u", password_hash="-"))
    ages_days = {"old": 2, "new": 0}
    for name, days in ages_days.items():
        ended_ms = clock.now_ms() - days * DAY_S * 1000
        await stores.runs.save(
            Run(
                id=name,
                user_id="u",
                conversation_id=None,
                model="m",
                route="chat",
                state="completed",
                finished_at_ms=ended_ms,
            )
        )
    task = asyncio.create_task(
        prune_daily({"runs": (stores.runs.prune, 1)}, clock=clock, tidy=stores.forget)
    )
    await clock.until_asked(DAY_S)
    assert await stores.runs.get("u", "old") is None
    assert await stores.runs.get("u", "new") is not None
    clock.asked.clear()
    clock.step(DAY_S + 1)
    await clock.until_asked(DAY_S)
    assert await stores.runs.get("u", "new") is None
    task.cancel()
