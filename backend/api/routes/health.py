"""`/health` (the process lives) and `/ready` (each dependency works)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response

from backend.api.deps import Services
from backend.errors import StewardError
from backend.kit.waiting import DeadlineExceeded, within
from backend.models.health import CheckOut, ReadyOut
from backend.ports.clock import Clock
from backend.ports.values import Health, JsonObject

router = APIRouter(tags=["health"])
LOOK_S = 12.0  # a little more than what is asked waits by itself


@router.get("/health")
async def health(found: Services) -> JsonObject:
    """Tell that the server lives, and which tools and databases are off and why."""
    off = {card.name: card.unavailable for card in found.toolbox.cards if card.tool is None}
    return {
        "status": "ok",
        "version": found.options.version,
        "active_runs": len(found.turns.active),
        "tools": {"on": sorted(found.toolbox.available), "off": off},
        **{name: report() for name, report in found.reports.items()},
    }


@router.get("/ready", responses={503: {"model": ReadyOut}})
async def ready(found: Services, response: Response) -> ReadyOut:
    """Tell whether each dependency works, why not and what mends it.

    503 when the database or every model provider fails; the others are told and cost no readiness.
    """
    names = list(found.checks)
    results = await asyncio.gather(*(looked(found.checks[name], found.clock) for name in names))
    checks = {name: CheckOut.of(one) for name, one in zip(names, results, strict=True)}
    models_ok = any(one.ok for name, one in checks.items() if name.startswith("model:"))
    is_ready = models_ok and ("database" not in checks or checks["database"].ok)
    response.status_code = 200 if is_ready else 503
    return ReadyOut(status="ready" if is_ready else "not ready", checks=checks)


async def looked(check: Callable[[], Awaitable[Health]], clock: Clock) -> Health:
    """Look at one dependency; one that fails, or does not say in time how it is, hides no other."""

    async def look() -> Health:
        return await check()

    try:
        return await within(clock, LOOK_S, look())
    except DeadlineExceeded:
        return Health(ok=False, detail=f"It does not answer within {LOOK_S:g} s.")
    except StewardError as exc:
        return Health(ok=False, detail=exc.message)
