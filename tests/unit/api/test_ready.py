"""What `/ready` does when a dependency does not say how it is."""

from __future__ import annotations

import asyncio

from backend.api.routes.health import LOOK_S, looked
from backend.errors import Unavailable
from backend.ports.values import Health
from tests.fakes.clock import WatchedClock


async def test_a_dependency_that_is_silent_is_told_of_in_time() -> None:
    """A balancer is answered, and hears of the others."""
    clock = WatchedClock()

    async def silent() -> Health:
        await asyncio.Event().wait()
        raise AssertionError

    asked = asyncio.create_task(looked(silent, clock))
    await clock.until_asked(LOOK_S)
    clock.step(LOOK_S)
    assert await asked == Health(ok=False, detail="It does not answer within 12 s.")


async def test_a_dependency_that_fails_hides_no_other() -> None:
    """It is told of in its own line; the answer is not an error of the whole."""

    async def failing() -> Health:
        msg = "The database cannot be reached."
        raise Unavailable(msg)

    found = await looked(failing, WatchedClock())
    assert found == Health(ok=False, detail="The database cannot be reached.")
